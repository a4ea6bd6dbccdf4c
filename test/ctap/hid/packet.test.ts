import { describe, expect, it } from 'vitest';
import { equalBytes, toHex } from '../../../ctap/bytes.ts';
import { decodePacket, encodeMessage, HidCommand, MAX_MESSAGE_SIZE, PACKET_SIZE } from '../../../ctap/hid/packet.ts';
import { Reassembler } from '../../../ctap/hid/reassembler.ts';

const CHANNEL = 0x89abcdef;
const numbered = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);

describe('encodeMessage', () => {
  it('writes one packet: channel, command, length, data, zeros', () => {
    const [packet, ...more] = encodeMessage(CHANNEL, HidCommand.PING, Uint8Array.of(1, 2, 3));
    expect(more).toEqual([]);
    expect(toHex(packet!)).toBe(`89abcdef${'81'}0003010203${'00'.repeat(54)}`);
  });

  it('writes an empty message in one packet', () => {
    expect(encodeMessage(CHANNEL, HidCommand.WINK, new Uint8Array()).map(toHex)).toEqual([
      `89abcdef${'88'}0000${'00'.repeat(57)}`,
    ]);
  });

  it('numbers the packets that follow from 0', () => {
    const [first, second, third, ...more] = encodeMessage(CHANNEL, HidCommand.CBOR, numbered(57 + 59 + 1));
    expect(more).toEqual([]);
    expect(toHex(first!.subarray(0, 7))).toBe('89abcdef900075');
    expect(toHex(second!.subarray(0, 5))).toBe('89abcdef00');
    expect(toHex(third!)).toBe(`89abcdef01${toHex(numbered(117).subarray(116))}${'00'.repeat(58)}`);
  });

  it.each([
    [0, 1],
    [57, 1],
    [58, 2],
    [57 + 59, 2],
    [57 + 59 + 1, 3],
    [MAX_MESSAGE_SIZE, 129],
  ])('splits %i bytes into %i packets', (length, packets) => {
    expect(encodeMessage(CHANNEL, HidCommand.PING, numbered(length)).length).toBe(packets);
  });

  it('refuses what is too long', () => {
    expect(MAX_MESSAGE_SIZE).toBe(7609);
    expect(() => encodeMessage(CHANNEL, HidCommand.PING, new Uint8Array(7610))).toThrow(
      'expected a CTAPHID message of at most 7609 bytes, got 7610',
    );
  });

  it('is undone by the reassembler, for every length that there is', () => {
    const reassembler = new Reassembler();
    for (let length = 0; length <= MAX_MESSAGE_SIZE; length++) {
      const data = numbered(length);
      const packets = encodeMessage(CHANNEL, HidCommand.CBOR, data);
      const last = packets.pop()!;
      for (const packet of packets) if (reassembler.accept(packet)) expect.fail(`${length}: whole too early`);
      const message = reassembler.accept(last);
      const whole = message?.command === HidCommand.CBOR && equalBytes(message.data, data);
      if (!whole || last.length !== PACKET_SIZE) expect.fail(`${length} bytes came back as ${message?.data.length}`);
    }
  });
});

describe('decodePacket', () => {
  it('tells the fields of both kinds', () => {
    const [first, second] = encodeMessage(CHANNEL, HidCommand.MSG, numbered(60));
    expect(decodePacket(first!)).toEqual({
      kind: 'init',
      channel: CHANNEL,
      command: HidCommand.MSG,
      length: 60,
      payload: numbered(60).subarray(0, 57),
    });
    expect(decodePacket(second!)).toMatchObject({ kind: 'continuation', channel: CHANNEL, sequence: 0 });
  });

  it.each(['', '89abcdef', '89abcdef81', '89abcdef8100'])('finds no header in "%s"', (hex) => {
    expect(decodePacket(Uint8Array.from(Buffer.from(hex, 'hex')))).toBeUndefined();
  });

  it('reads no further than a report goes', () => {
    expect(decodePacket(new Uint8Array(80).fill(0x81))).toMatchObject({ payload: { length: 57 } });
    expect(decodePacket(new Uint8Array(80).fill(0x01))).toMatchObject({ payload: { length: 59 } });
  });
});
