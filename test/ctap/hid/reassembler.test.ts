import { beforeEach, describe, expect, it } from 'vitest';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { Reassembler } from '../../../ctap/hid/reassembler.ts';
import { CtapError } from '../../../ctap/status.ts';

const { PING, CBOR } = HidCommand;
const data = Uint8Array.from({ length: 200 }, (_, index) => index);
let reassembler: Reassembler;
let packets: Uint8Array[];
beforeEach(() => {
  reassembler = new Reassembler();
  packets = encodeMessage(1, PING, data);
});

function statusOf(packet: Uint8Array): string | undefined {
  try {
    reassembler.accept(packet);
    return undefined;
  } catch (error) {
    if (error instanceof CtapError) return error.statusName;
    throw error;
  }
}

describe('Reassembler', () => {
  it('gives a message with its last packet, and is ready for the next', () => {
    for (let round = 0; round < 3; round++) {
      const [first, second, third, fourth] = packets;
      expect([first, second, third].map((packet) => reassembler.accept(packet!))).toEqual(Array(3).fill(undefined));
      expect(reassembler.inProgress).toBe(true);
      expect(reassembler.accept(fourth!)).toEqual({ command: PING, data });
      expect(reassembler.inProgress).toBe(false);
    }
  });

  it('gives data of its own', () => {
    const [packet] = encodeMessage(1, PING, Uint8Array.of(1, 2));
    const message = reassembler.accept(packet!)!;
    packet!.fill(9);
    expect(message.data).toEqual(Uint8Array.of(1, 2));
  });

  it.each([
    ['a packet that was left out', 2],
    ['a packet that came twice', 0],
  ])('answers CTAP1_ERR_INVALID_SEQ to %s, and forgets the message', (_, next) => {
    reassembler.accept(packets[0]!);
    reassembler.accept(packets[1]!);
    expect(statusOf(packets[next === 0 ? 1 : 3]!)).toBe('CTAP1_ERR_INVALID_SEQ');
    expect(reassembler.inProgress).toBe(false);
    expect(statusOf(packets[2]!)).toBeUndefined();
  });

  it('answers CTAP1_ERR_INVALID_SEQ to a message that begins within another', () => {
    reassembler.accept(packets[0]!);
    expect(statusOf(packets[0]!)).toBe('CTAP1_ERR_INVALID_SEQ');
    expect(reassembler.inProgress).toBe(false);
  });

  it('answers CTAP1_ERR_INVALID_LENGTH to a length over 7609', () => {
    const [first] = packets;
    first![5] = 7610 >> 8;
    first![6] = 7610 & 0xff;
    expect(statusOf(first!)).toBe('CTAP1_ERR_INVALID_LENGTH');
    expect(reassembler.inProgress).toBe(false);
  });

  it('ignores continuation packets of no message, and packets without a whole header', () => {
    expect(reassembler.accept(packets[1]!)).toBeUndefined();
    expect(reassembler.accept(new Uint8Array(4))).toBeUndefined();
    expect(reassembler.accept(Uint8Array.of(0, 0, 0, 1, 0x81, 0))).toBeUndefined();
    expect(reassembler.inProgress).toBe(false);
  });

  it('takes what a short packet lacks for zero', () => {
    const [first] = encodeMessage(1, CBOR, Uint8Array.of(4, 5, 6));
    expect(reassembler.accept(first!.subarray(0, 8))).toEqual({ command: CBOR, data: Uint8Array.of(4, 0, 0) });
  });

  it('forgets a message when told to', () => {
    reassembler.accept(packets[0]!);
    reassembler.reset();
    expect(reassembler.accept(packets[1]!)).toBeUndefined();
    const [whole] = encodeMessage(1, CBOR, Uint8Array.of(7));
    expect(reassembler.accept(whole!)).toEqual({ command: CBOR, data: Uint8Array.of(7) });
  });
});
