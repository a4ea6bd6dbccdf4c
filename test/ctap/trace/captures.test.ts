import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, fromHex, utf8 } from '../../../ctap/bytes.ts';
import { encodePcapngHeader, readCaptureFile } from '../../../ctap/trace/capture/capture-file.ts';
import { CcidAssembler, encodeCcid } from '../../../ctap/trace/capture/ccid.ts';
import { formatLogLine, readHidrawLog } from '../../../ctap/trace/capture/hidraw-log.ts';
import { readTraffic } from '../../../ctap/trace/capture/read-capture.ts';
import { readUsbCapture } from '../../../ctap/trace/capture/usb-reader.ts';
import { encodeUsbCapture } from '../../../ctap/trace/capture/usb-writer.ts';
import { encodeUrbEvent, type UrbEvent } from '../../../ctap/trace/capture/usbmon.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import type { Traffic } from '../../../ctap/trace/traffic.ts';
import { CtapCardDevice } from '../../../harness/client/ctap-card.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { connectCardInProcess } from '../../../harness/transports/in-process.ts';
import { openKey, plugIn } from '../../harness/client/keys.ts';

const traffic: Traffic[] = [];
beforeAll(async () => {
  const key = await openKey();
  key.onTraffic((passing) => traffic.push(passing));
  await new Ctap2Client(await plugIn(key)).getInfo();
  await new Ctap2Client(await CtapCardDevice.open(connectCardInProcess(key))).getInfo();
  await key.close();
});

/** A pcap file (not pcapng) of either byte order. */
function pcap(linkType: number, frames: readonly Uint8Array[], littleEndian = true): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, 0xa1b2c3d4, littleEndian);
  header.setUint16(4, 2, littleEndian);
  header.setUint16(6, 4, littleEndian);
  header.setUint32(20, linkType, littleEndian);
  const records = frames.flatMap((frame, index) => {
    const record = new DataView(new ArrayBuffer(16));
    record.setUint32(0, 100 + index, littleEndian);
    record.setUint32(4, 250_000, littleEndian);
    record.setUint32(8, frame.length, littleEndian);
    record.setUint32(12, frame.length, littleEndian);
    return [new Uint8Array(record.buffer), frame];
  });
  return concat(new Uint8Array(header.buffer), ...records);
}

const INIT = concat(fromHex('ffffffff8600080102030405060708'), new Uint8Array(49));

/** An event whose header has 48 or 64 bytes, of a machine of either byte order. */
function frame(event: Partial<UrbEvent>, { short = false, littleEndian = true } = {}): Uint8Array {
  const whole = encodeUrbEvent(
    {
      ...{ id: 1n, event: 'S', transfer: 1, endpoint: 0x04, bus: 3, device: 9, status: 0 },
      ...{ data: INIT, setup: undefined },
      ...event,
    },
    0,
  );
  const bytes = short ? concat(whole.subarray(0, 48), whole.subarray(64)) : whole;
  if (littleEndian) return bytes;
  const swapped = bytes.slice();
  for (const [offset, size] of [
    [0, 8],
    [12, 2],
    [16, 8],
    [24, 4],
    [28, 4],
    [32, 4],
    [36, 4],
  ] as const) {
    swapped.set(bytes.slice(offset, offset + size).reverse(), offset);
  }
  return swapped;
}

describe('a USB capture', () => {
  it('comes back as the traffic that was written', () => {
    const { traffic: read, problems } = readUsbCapture(encodeUsbCapture(traffic));
    expect(problems).toEqual([]);
    expect(read).toEqual(traffic.map((passing) => ({ ...passing })));
    expect(decodeTrace(read)).toEqual(decodeTrace(traffic));
    expect(new Set(read.map((passing) => 'apdu' in passing))).toEqual(new Set([false, true]));
  });

  it('is empty where nothing went by', () => {
    expect(readUsbCapture(encodeUsbCapture([]))).toEqual({ traffic: [], problems: [] });
  });

  it.each([
    ['pcap of headers of 48 bytes', pcap(189, [frame({}, { short: true })])],
    ['pcap of headers of 64 bytes', pcap(220, [frame({})])],
    ['pcap of a big-endian machine', pcap(220, [frame({}, { littleEndian: false })], false)],
  ])('is read from %s, whose descriptors went by before it began', (_, file) => {
    expect(readTraffic(file)).toEqual({
      traffic: [{ at: 100_250, plug: 1, direction: 'in', report: INIT }],
      problems: [],
    });
  });

  it('knows a FIDO interface by its descriptors, and reports that go through the control endpoint', () => {
    const setup = (hex: string) => fromHex(hex);
    const descriptor = fromHex('06d0f10901a101');
    const file = pcap(220, [
      frame({ id: 2n, transfer: 2, endpoint: 0x80, setup: setup('8106002202002200'), data: new Uint8Array() }),
      frame({ id: 2n, transfer: 2, endpoint: 0x80, event: 'C', data: descriptor }),
      frame({ id: 3n, transfer: 2, endpoint: 0x00, setup: setup('2109000202004000'), data: INIT }),
      frame({ id: 4n, transfer: 2, endpoint: 0x00, setup: setup('2109000201004000'), data: INIT.map((b) => b ^ 1) }),
      frame({ id: 5n, transfer: 2, endpoint: 0x80, setup: setup('a101000302004000'), data: new Uint8Array() }),
      frame({ id: 5n, transfer: 2, endpoint: 0x80, event: 'C', data: INIT }),
    ]);
    expect(readUsbCapture(file).traffic.map(({ at, direction }) => [at, direction])).toEqual([
      [102_250, 'in'],
      [105_250, 'out'],
    ]);
  });

  it('has no traffic of other devices', () => {
    const keyboard = frame({ endpoint: 0x81, event: 'C', data: new Uint8Array(8) });
    const mouse = frame({ endpoint: 0x81, event: 'C', data: new Uint8Array(64), device: 2 });
    expect(readUsbCapture(pcap(220, [keyboard, mouse]))).toEqual({ traffic: [], problems: [] });
  });

  it('that was cut off is read as far as it goes', () => {
    const file = encodeUsbCapture(traffic);
    const { traffic: read, problems } = readUsbCapture(file.subarray(0, file.length - 10));
    expect(read).toHaveLength(traffic.length - 1);
    expect(problems).toEqual([expect.stringContaining('the file is cut off')]);
  });

  it('of another link type is refused', () => {
    expect(() => readTraffic(pcap(1, [INIT]))).toThrow(
      'expected frames of usbmon (link type 189 or 220), got link type 1',
    );
    expect(() => readTraffic(Uint8Array.of(0, 1, 2))).toThrow(/expected a pcap or pcapng capture or a log/);
    expect(() => readTraffic(utf8('hello\n'))).toThrow('line 1: expected a report, got "hello"');
    expect(() => readCaptureFile(utf8('no capture'))).toThrow('expected a pcap or pcapng file, got something else');
  });

  it.each([
    [
      'a packet of an interface that is none',
      '06000000 20000000 05000000 00000000 00000000 00000000 00000000 20000000',
    ],
    ['a block of an impossible length', '06000000 0b000000 00000000'],
    ['a packet longer than its block', '06000000 20000000 00000000 00000000 00000000 ff000000 ff000000 20000000'],
    ['an interface too short', '01000000 10000000 00000000 10000000'],
  ])('with %s says so', (_, hex) => {
    const file = concat(...encodePcapngHeader(220), fromHex(hex.replaceAll(' ', '')));
    expect(readCaptureFile(file)).toEqual({ frames: [], problem: expect.stringMatching(/^byte \d+: expected/) });
  });

  it('of any bytes is read without harm', () => {
    const start = encodeUsbCapture(traffic.slice(0, 3));
    const damage = fc.record({ at: fc.nat(start.length - 1), byte: fc.nat(255), cut: fc.nat(start.length) });
    fc.assert(
      fc.property(damage, ({ at, byte, cut }) => {
        const file = start.slice(0, cut);
        if (at < file.length) file[at] = byte;
        try {
          readTraffic(file);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('CCID messages', () => {
  it('come together from pieces, chained blocks and transfers', () => {
    const assembler = new CcidAssembler();
    const message = encodeCcid('in', 1, fromHex('00a40400'));
    expect(assembler.accept(message.subarray(0, 6))).toEqual([]);
    expect(assembler.accept(message.subarray(6))).toEqual([fromHex('00a40400')]);
    const first = encodeCcid('in', 2, fromHex('0001'));
    first[8] = 1;
    const last = encodeCcid('in', 3, fromHex('0203'));
    last[8] = 2;
    expect(assembler.accept(concat(first, last))).toEqual([fromHex('00010203')]);
  });

  it('of no APDU are passed over', () => {
    const assembler = new CcidAssembler();
    const wait = encodeCcid('out', 1, fromHex('01'));
    wait[7] = 0x80;
    const powerOn = fromHex('62000000000001000000');
    const nonsense = fromHex('ffffffffffffffffffff');
    expect([wait, powerOn, nonsense].flatMap((data) => assembler.accept(data))).toEqual([]);
    expect(assembler.accept(encodeCcid('out', 2, fromHex('9000')))).toEqual([fromHex('9000')]);
  });
});

describe('a log of reports', () => {
  it("of this project's own kind comes back as it was written", () => {
    const text = `# a comment\n${traffic.map(formatLogLine).join('\n')}\n`;
    expect(readTraffic(utf8(text))).toEqual({ traffic: traffic.map((passing) => ({ ...passing })), problems: [] });
    expect(readHidrawLog('0.5 < 9000\n').traffic).toEqual([
      { at: 500, plug: 1, direction: 'out', report: fromHex('9000') },
    ]);
  });

  it('of hid-recorder has what the key sends', () => {
    const text = [
      'D: 0',
      'R: 34 06 d0 f1 09 01',
      'N: Token2 FIDO2 Security Key',
      'P: usb-0000:00:14.0-2/input0',
      'I: 3 349e 0022',
      `E: 000001.500000 64 ${Array.from(INIT, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}`,
    ].join('\n');
    expect(readHidrawLog(text)).toEqual({
      traffic: [{ at: 1500, plug: 1, direction: 'out', report: INIT }],
      problems: [],
    });
  });

  it('of usbhid-dump has what the key sends', () => {
    const rows = [0, 16, 32, 48].map(
      (from) =>
        ` ${Array.from(INIT.subarray(from, from + 16), (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')}`,
    );
    const text = ['001:005:000:DESCRIPTOR         1.000000', ' 06 D0 F1 09 01', ''];
    const stream = ['001:005:000:STREAM             2.250000', ...rows, ''];
    expect(readHidrawLog([...text, ...stream].join('\n'))).toEqual({
      traffic: [{ at: 2250, plug: 1, direction: 'out', report: INIT }],
      problems: [],
    });
  });

  it('names lines that are none', () => {
    expect(readHidrawLog('hello\n1.0 > 123\nE: 1.0 3 00 01\n').problems).toEqual([
      'line 1: expected a report, got "hello"',
      'line 2: expected an even number of hexadecimal digits, got 3',
      'line 3: expected 3 bytes, got 2',
    ]);
  });
});
