import { beforeEach, describe, expect, it } from 'vitest';
import { decodeInitResponse } from '../../ctap/hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  encodeMessage,
  HidCommand,
  HidError,
  MAX_MESSAGE_SIZE,
  PACKET_SIZE,
  packetChannel,
} from '../../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../../ctap/hid/reassembler.ts';
import { CtapError } from '../../ctap/status.ts';
import { type ManualClock, manualClock } from '../../emulator/clock.ts';
import { type Exchange, KeepaliveStatus, type MessageHandler } from '../../emulator/exchange.ts';
import { MAX_CHANNELS } from '../../emulator/hid/channels.ts';
import { KEEPALIVE_INTERVAL } from '../../emulator/hid/running-request.ts';
import { CtapHidDevice, TRANSACTION_TIMEOUT } from '../../emulator/hid-device.ts';
import { systemRandom } from '../../emulator/random.ts';

const { PING, MSG, LOCK, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR } = HidCommand;
const NONE = new Uint8Array(0);
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const VENDOR = 0x41;

interface Running {
  readonly request: Uint8Array;
  readonly exchange: Exchange;
  answer(response: Uint8Array): Promise<void>;
  fail(error: unknown): Promise<void>;
}

interface Heard extends HidMessage {
  readonly channel: number;
}

let clock: ManualClock;
let device: CtapHidDevice;
/** Requests that the key works on. */
let running: Running[];
let winks: number;
let defects: unknown[];
/** Packets from the key, since the last look. */
let sent: Uint8Array[];

function plugIn(capabilities = 0x05): void {
  clock = manualClock(0);
  running = [];
  winks = 0;
  defects = [];
  sent = [];
  const work = (request: Uint8Array, exchange: Exchange) =>
    new Promise<Uint8Array>((resolve, reject) => {
      // The device hears of it a microtask later.
      const settle = async (act: () => void) => {
        act();
        await new Promise(setImmediate);
      };
      running.push({
        request,
        exchange,
        answer: (response) => settle(() => resolve(response)),
        fail: (error) => settle(() => reject(error)),
      });
    });
  const handler: MessageHandler = {
    capabilities,
    deviceVersion: [5, 4, 3],
    cbor: work,
    msg: work,
    wink: () => winks++,
  };
  device = new CtapHidDevice(handler, {
    clock,
    random: systemRandom,
    send: (report) => sent.push(report),
    onDefect: (error) => defects.push(error),
    vendor: new Map([
      [
        VENDOR,
        (data) => {
          if (data.length === 0) throw new CtapError('CTAP1_ERR_INVALID_PARAMETER');
          return data.toReversed();
        },
      ],
    ]),
  });
}

beforeEach(() => plugIn());

/** The messages that the key has sent since the last look. */
function heard(): Heard[] {
  const assemblies = new Map<number, Reassembler>();
  const messages: Heard[] = [];
  for (const packet of sent.splice(0)) {
    expect(packet).toHaveLength(PACKET_SIZE);
    const channel = packetChannel(packet);
    const assembly = assemblies.get(channel) ?? new Reassembler();
    assemblies.set(channel, assembly);
    const message = assembly.accept(packet);
    if (message !== undefined) messages.push({ channel, ...message });
  }
  for (const assembly of assemblies.values()) expect(assembly.inProgress).toBe(false);
  return messages;
}

function packets(channel: number, command: number, data: Uint8Array = NONE): Uint8Array[] {
  return encodeMessage(channel, command, data);
}

function say(channel: number, command: number, data: Uint8Array = NONE): Heard[] {
  for (const packet of packets(channel, command, data)) device.receive(packet);
  return heard();
}

function open(): number {
  const [answer] = say(BROADCAST_CHANNEL, INIT, NONCE);
  return decodeInitResponse(answer!.data).channel;
}

function error(channel: number, code: number): Heard {
  return { channel, command: ERROR, data: Uint8Array.of(code) };
}

/** A packet whose header is changed. */
function changed(packet: Uint8Array, changes: Record<number, number>): Uint8Array {
  const copy = packet.slice();
  for (const [index, value] of Object.entries(changes)) copy[Number(index)] = value;
  return copy;
}

describe('channels', () => {
  it('are given by INIT on the broadcast channel', () => {
    const [answer, ...others] = say(BROADCAST_CHANNEL, INIT, NONCE);
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ channel: BROADCAST_CHANNEL, command: INIT });
    const { channel, ...rest } = decodeInitResponse(answer!.data);
    expect(rest).toEqual({ nonce: NONCE, protocolVersion: 2, deviceVersion: [5, 4, 3], capabilities: 0x05 });
    expect([0, BROADCAST_CHANNEL]).not.toContain(channel);
  });

  it('are never given twice', () => {
    const channels = Array.from({ length: 200 }, open);
    expect(new Set(channels).size).toBe(200);
    for (const channel of channels) expect(say(channel, PING, NONCE)).toMatchObject([{ channel, command: PING }]);
  });

  it('stay when INIT comes on them', () => {
    const channel = open();
    const [answer] = say(channel, INIT, NONCE);
    expect(answer!.channel).toBe(channel);
    expect(decodeInitResponse(answer!.data)).toMatchObject({ channel, nonce: NONCE });
  });

  it('that nobody has are refused', () => {
    const channel = (open() ^ 1) >>> 0;
    expect(say(channel, PING, NONE)).toEqual([error(channel, HidError.INVALID_CHANNEL)]);
    expect(say(channel, INIT, NONCE)).toEqual([error(channel, HidError.INVALID_CHANNEL)]);
    expect(say(0, INIT, NONCE)).toEqual([error(0, HidError.INVALID_CHANNEL)]);
    expect(say(BROADCAST_CHANNEL, PING)).toEqual([error(BROADCAST_CHANNEL, HidError.INVALID_CHANNEL)]);
  });

  it('are forgotten, the one that was idle for longest first, and not the one that works', () => {
    const [first, second] = [open(), open()];
    say(first, CBOR, Uint8Array.of(1));
    for (let i = 2; i < MAX_CHANNELS + 1; i++) open();
    expect(say(first, PING)).toEqual([error(first, HidError.CHANNEL_BUSY)]);
    expect(say(second, PING)).toEqual([error(second, HidError.INVALID_CHANNEL)]);
  });
});

describe('messages', () => {
  it.each([0, 1, 57, 58, 116, 117, MAX_MESSAGE_SIZE])('of %i bytes come back from PING', (length) => {
    const channel = open();
    const data = Uint8Array.from({ length }, (_, index) => index);
    expect(say(channel, PING, data)).toEqual([{ channel, command: PING, data }]);
  });

  it('run to the handler, and its answers back', async () => {
    const channel = open();
    for (const command of [CBOR, MSG]) {
      expect(say(channel, command, NONCE)).toEqual([]);
      const { request, answer } = running.pop()!;
      expect(request).toEqual(NONCE);
      await answer(new Uint8Array(100).fill(command));
      expect(heard()).toEqual([{ channel, command, data: new Uint8Array(100).fill(command) }]);
    }
  });

  it.each([
    ['a command that is not there', 0x20, NONE, HidError.INVALID_CMD],
    ['KEEPALIVE, which keys say', KEEPALIVE, Uint8Array.of(1), HidError.INVALID_CMD],
    ['ERROR, which keys say', ERROR, Uint8Array.of(1), HidError.INVALID_CMD],
    ['a vendor command that is not there', 0x42, NONE, HidError.INVALID_CMD],
    ['INIT of 7 bytes', INIT, NONCE.subarray(1), HidError.INVALID_LEN],
    ['INIT of 9 bytes', INIT, new Uint8Array(9), HidError.INVALID_LEN],
    ['CBOR without a command byte', CBOR, NONE, HidError.INVALID_LEN],
    ['WINK with data', WINK, NONCE, HidError.INVALID_LEN],
    ['LOCK without seconds', LOCK, NONE, HidError.INVALID_LEN],
    ['LOCK of eleven seconds', LOCK, Uint8Array.of(11), HidError.INVALID_PAR],
  ])('with %s are refused, and the next works', (_, command, data, code) => {
    const channel = open();
    expect(say(channel, command, data)).toEqual([error(channel, code)]);
    expect(say(channel, PING, NONCE)).toEqual([{ channel, command: PING, data: NONCE }]);
  });

  it('longer than any are refused at their first packet', () => {
    const channel = open();
    const [first] = packets(channel, PING, new Uint8Array(MAX_MESSAGE_SIZE));
    device.receive(changed(first!, { 5: (MAX_MESSAGE_SIZE + 1) >> 8, 6: (MAX_MESSAGE_SIZE + 1) & 0xff }));
    expect(heard()).toEqual([error(channel, HidError.INVALID_LEN)]);
    expect(say(channel, PING)).toHaveLength(1);
  });

  it('are the model’s: no CBOR, no U2F, no wink where it has none', () => {
    plugIn(0x08);
    const channel = open();
    for (const [command, data] of [
      [CBOR, NONCE],
      [MSG, NONCE],
      [WINK, NONE],
    ] as const) {
      expect(say(channel, command, data)).toEqual([error(channel, HidError.INVALID_CMD)]);
    }
    expect(winks).toBe(0);
  });

  it('wink', () => {
    const channel = open();
    expect(say(channel, WINK)).toEqual([{ channel, command: WINK, data: NONE }]);
    expect(winks).toBe(1);
  });

  it('of the vendor are answered, or refused with the status that is thrown', () => {
    const channel = open();
    const data = NONCE.toReversed();
    expect(say(channel, VENDOR, NONCE)).toEqual([{ channel, command: VENDOR, data }]);
    expect(say(channel, VENDOR)).toEqual([error(channel, HidError.INVALID_PAR)]);
    expect(defects).toEqual([]);
  });

  it('of rubbish too short for a header are ignored', () => {
    const channel = open();
    for (const length of [0, 4, 5, 6]) device.receive(packets(channel, PING)[0]!.subarray(0, length));
    expect(heard()).toEqual([]);
  });

  it('end with OTHER where the handler fails, which is a defect', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    const defect = new Error('broken');
    expect(running[0]!.exchange.transport).toBe('usb');
    await running[0]!.fail(defect);
    expect(heard()).toEqual([error(channel, HidError.OTHER)]);
    expect(defects).toEqual([defect]);
    say(channel, CBOR, NONCE);
    await running[1]!.answer(new Uint8Array(MAX_MESSAGE_SIZE + 1));
    expect(heard()).toEqual([error(channel, HidError.OTHER)]);
    expect(defects).toHaveLength(2);
  });
});

describe('sequence', () => {
  it('errors end the message', () => {
    const channel = open();
    const [first, second, third] = packets(channel, PING, new Uint8Array(150));
    device.receive(first!);
    device.receive(third!);
    expect(heard()).toEqual([error(channel, HidError.INVALID_SEQ)]);
    device.receive(second!);
    expect(heard()).toEqual([]); // of no message now
    expect(say(channel, PING, new Uint8Array(150))).toHaveLength(1);
  });

  it('is broken by another first packet', () => {
    const channel = open();
    const [first] = packets(channel, PING, new Uint8Array(150));
    device.receive(first!);
    expect(say(channel, CBOR, NONCE)).toEqual([error(channel, HidError.INVALID_SEQ)]);
    expect(running).toEqual([]);
  });

  it('is not broken by spurious packets of other channels', () => {
    const [channel, other] = [open(), open()];
    const [first, second] = packets(channel, PING, new Uint8Array(100).fill(1));
    const [, stray] = packets(other, PING, new Uint8Array(100).fill(2));
    device.receive(stray!);
    device.receive(first!);
    device.receive(stray!);
    device.receive(second!);
    expect(heard()).toEqual([{ channel, command: PING, data: new Uint8Array(100).fill(1) }]);
  });

  it('times out half a second after the last packet', () => {
    const channel = open();
    const [first, second, third] = packets(channel, PING, new Uint8Array(150));
    device.receive(first!);
    clock.advance(TRANSACTION_TIMEOUT - 1);
    device.receive(second!);
    clock.advance(TRANSACTION_TIMEOUT - 1);
    expect(heard()).toEqual([]);
    clock.advance(1);
    expect(heard()).toEqual([error(channel, HidError.MSG_TIMEOUT)]);
    device.receive(third!);
    clock.advance(10 * TRANSACTION_TIMEOUT);
    expect(heard()).toEqual([]);
    expect(say(channel, PING)).toHaveLength(1);
  });

  it('does not time out when the clock is set back', () => {
    const channel = open();
    const [first, second] = packets(channel, PING, new Uint8Array(100));
    clock.set(1_000_000);
    device.receive(first!);
    clock.set(0);
    clock.advance(TRANSACTION_TIMEOUT - 1);
    device.receive(second!);
    expect(heard()).toMatchObject([{ command: PING }]);
  });
});

describe('one transaction at a time', () => {
  it('refuses others while a message comes in', () => {
    const [channel, other] = [open(), open()];
    const [first, second] = packets(channel, PING, new Uint8Array(100));
    device.receive(first!);
    expect(say(other, PING)).toEqual([error(other, HidError.CHANNEL_BUSY)]);
    device.receive(second!);
    expect(heard()).toMatchObject([{ channel, command: PING }]);
    expect(say(other, PING)).toMatchObject([{ channel: other, command: PING }]);
  });

  it('refuses all while a request runs, but gives channels', async () => {
    const [channel, other] = [open(), open()];
    say(channel, CBOR, NONCE);
    expect(say(other, CBOR, NONCE)).toEqual([error(other, HidError.CHANNEL_BUSY)]);
    expect(say(channel, PING)).toEqual([error(channel, HidError.CHANNEL_BUSY)]);
    const third = open();
    expect(say(third, WINK)).toEqual([error(third, HidError.CHANNEL_BUSY)]);
    await running[0]!.answer(NONCE);
    expect(heard()).toEqual([{ channel, command: CBOR, data: NONCE }]);
    expect(say(other, PING)).toMatchObject([{ command: PING }]);
    expect(running).toHaveLength(1);
  });

  it('is begun anew by INIT on its channel', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    const [old] = running;
    expect(say(channel, INIT, NONCE)).toMatchObject([{ channel, command: INIT }]);
    expect(old!.exchange.signal.aborted).toBe(true);
    await old!.fail(old!.exchange.signal.reason);
    clock.advance(10 * KEEPALIVE_INTERVAL);
    expect(heard()).toEqual([]);
    expect(defects).toEqual([]);
    expect(say(channel, PING)).toHaveLength(1);
  });

  it('is begun anew by INIT amid a message too', () => {
    const channel = open();
    const [first, second] = packets(channel, PING, new Uint8Array(100));
    device.receive(first!);
    expect(say(channel, INIT, NONCE)).toMatchObject([{ channel, command: INIT }]);
    device.receive(second!);
    clock.advance(2 * TRANSACTION_TIMEOUT);
    expect(heard()).toEqual([]);
  });

  it("is not ended by another host's INIT", async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    open();
    await running[0]!.answer(NONCE);
    expect(heard()).toEqual([{ channel, command: CBOR, data: NONCE }]);
  });
});

describe('keepalives', () => {
  const states = () => heard().map(({ command, data }) => [command, data[0]]);

  it('come every 100 ms, and say what the key does', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    clock.advance(KEEPALIVE_INTERVAL - 1);
    expect(heard()).toEqual([]);
    clock.advance(1);
    expect(states()).toEqual([[KEEPALIVE, KeepaliveStatus.PROCESSING]]);
    running[0]!.exchange.keepalive(KeepaliveStatus.UPNEEDED);
    clock.advance(0);
    expect(states()).toEqual([[KEEPALIVE, KeepaliveStatus.UPNEEDED]]);
    clock.advance(2 * KEEPALIVE_INTERVAL);
    expect(states()).toEqual([
      [KEEPALIVE, KeepaliveStatus.UPNEEDED],
      [KEEPALIVE, KeepaliveStatus.UPNEEDED],
    ]);
    await running[0]!.answer(NONCE);
    expect(states()).toEqual([[CBOR, NONCE[0]]]);
    running[0]!.exchange.keepalive(KeepaliveStatus.PROCESSING);
    clock.advance(10 * KEEPALIVE_INTERVAL);
    expect(heard()).toEqual([]);
  });

  it('are not sent for a touch that is there at once', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    running[0]!.exchange.keepalive(KeepaliveStatus.UPNEEDED);
    await running[0]!.answer(NONCE);
    clock.advance(0);
    expect(states()).toEqual([[CBOR, NONCE[0]]]);
  });
});

describe('CANCEL', () => {
  it('asks the request to stop, which answers for itself', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    const [request] = running;
    expect(say(channel, CANCEL)).toEqual([]);
    expect(request!.exchange.signal.aborted).toBe(true);
    expect(request!.exchange.signal.reason).toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
    clock.advance(KEEPALIVE_INTERVAL);
    expect(heard()).toMatchObject([{ command: KEEPALIVE }]);
    await request!.answer(Uint8Array.of(0x2d));
    expect(heard()).toEqual([{ channel, command: CBOR, data: Uint8Array.of(0x2d) }]);
  });

  it('of nothing, or of another, does nothing', () => {
    const [channel, other] = [open(), open()];
    expect(say(channel, CANCEL)).toEqual([]);
    say(channel, CBOR, NONCE);
    expect(say(other, CANCEL)).toEqual([]);
    expect(running[0]!.exchange.signal.aborted).toBe(false);
  });
});

describe('LOCK', () => {
  it('keeps others out until its time is over', () => {
    const [channel, other] = [open(), open()];
    expect(say(channel, LOCK, Uint8Array.of(2))).toEqual([{ channel, command: LOCK, data: NONE }]);
    expect(say(other, PING)).toEqual([error(other, HidError.CHANNEL_BUSY)]);
    expect(say(channel, PING)).toMatchObject([{ command: PING }]);
    clock.advance(1999);
    expect(say(other, PING)).toEqual([error(other, HidError.CHANNEL_BUSY)]);
    clock.advance(1);
    expect(say(other, PING)).toMatchObject([{ command: PING }]);
  });

  it('is renewed by another, and given back by zero', () => {
    const [channel, other] = [open(), open()];
    say(channel, LOCK, Uint8Array.of(2));
    clock.advance(1500);
    say(channel, LOCK, Uint8Array.of(2));
    clock.advance(1500);
    expect(say(other, PING)).toEqual([error(other, HidError.CHANNEL_BUSY)]);
    say(channel, LOCK, Uint8Array.of(0));
    expect(say(other, PING)).toMatchObject([{ command: PING }]);
  });
});

describe('unplugging', () => {
  it('ends what runs, and sends nothing more', async () => {
    const channel = open();
    say(channel, CBOR, NONCE);
    device.unplug();
    expect(running[0]!.exchange.signal.aborted).toBe(true);
    await running[0]!.answer(NONCE);
    clock.advance(10 * TRANSACTION_TIMEOUT);
    expect(say(channel, PING)).toEqual([]);
    expect(say(BROADCAST_CHANNEL, INIT, NONCE)).toEqual([]);
  });

  it('forgets a message that came in', () => {
    const channel = open();
    device.receive(packets(channel, PING, new Uint8Array(100))[0]!);
    device.unplug();
    clock.advance(10 * TRANSACTION_TIMEOUT);
    expect(heard()).toEqual([]);
  });
});
