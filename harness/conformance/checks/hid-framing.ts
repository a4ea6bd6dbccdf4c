/** CTAPHID: messages in packets. CTAP 2.3 §11.2.4 and §11.2.5. */
import { encodeMessage, HidCommand, MAX_MESSAGE_SIZE, packetCommand } from '../../../ctap/hid/packet.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect } from '../expect.ts';
import { expectAnswering, expectEcho, halfSent, LONG, OVER_HID, SHORT } from './hid-steps.ts';

const PACKETS = 'CTAP 2.3 §11.2.4';
const SEQUENCE = 'CTAP 2.3 §11.2.5.4';

/** Lengths at which the framing differs, with the defect that each finds. */
const pings: readonly (readonly [length: number, what: string, fault: string])[] = [
  [0, 'no bytes', 'ping-empty-unanswered'],
  [1, 'one byte', 'ping-pads-single-byte'],
  [SHORT.length, 'a single packet', 'ping-seven-bits'],
  [57, 'exactly one packet', 'full-packet-awaits-another'],
  [58, 'one byte over a packet', 'ping-drops-byte-of-second-packet'],
  [116, 'exactly two packets', 'ping-ends-with-empty-packet'],
  [1024, '1024 bytes', 'length-low-byte-zero-is-empty'],
  [MAX_MESSAGE_SIZE, 'the most bytes that a message holds', 'maximum-message-refused'],
];

function ping([length, what, fault]: (typeof pings)[number]): Check {
  return {
    id: `hid.ping.${length}`,
    section: 'CTAP 2.3 §11.2.9.1.4',
    statement: `CTAPHID_PING gives ${what} back as they came.`,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const data = Uint8Array.from({ length }, (_, index) => (index * 7 + 1) & 0xff);
      const channel = await wire.open();
      expectEcho(await wire.transact(channel, HidCommand.PING, data, 3000), data);
      if (length === 116) await wire.expectSilence(channel, 200);
    },
  };
}

/** Declared lengths that no message can have. */
function tooLong(declared: number, fault: string): Check {
  return {
    id: `hid.length.${declared}`,
    section: 'CTAP 2.3 §11.2.9.1.6',
    statement: `A message that declares ${declared} bytes is refused at its first packet, as one of invalid length.`,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const channel = await wire.open();
      const [packet] = encodeMessage(channel, HidCommand.PING, SHORT);
      new DataView(packet!.buffer).setUint16(5, declared);
      await wire.send(packet!);
      await wire.expectError(channel, 'INVALID_LEN');
    },
  };
}

/** Sequence numbers of continuation packets that are not the next one. */
function sequence(name: string, numbers: readonly number[], statement: string, fault: string): Check {
  return {
    id: `hid.sequence.${name}`,
    section: SEQUENCE,
    statement,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const channel = await wire.open();
      const [first, ...rest] = encodeMessage(channel, HidCommand.PING, new Uint8Array(57 + 59 * 4));
      await wire.send(first!, ...numbers.map((number) => rest[number]!));
      await wire.expectError(channel, 'INVALID_SEQ');
    },
  };
}

export const hidFramingChecks: CheckGroup = {
  name: 'CTAPHID framing',
  checks: [
    ...pings.map(ping),
    tooLong(MAX_MESSAGE_SIZE + 1, 'accepts-message-over-maximum'),
    tooLong(0xffff, 'reads-length-as-signed'),
    sequence(
      'first',
      [1],
      'A message whose first continuation packet has another number than 0 is refused as out of sequence.',
      'accepts-any-first-sequence',
    ),
    sequence(
      'skipped',
      [0, 2],
      'A message with a continuation packet left out is refused as out of sequence.',
      'accepts-skipped-sequence',
    ),
    sequence(
      'repeated',
      [0, 0],
      'A message with a continuation packet sent twice is refused as out of sequence.',
      'accepts-repeated-sequence',
    ),
    sequence(
      'descending',
      [0, 1, 0],
      'A message that goes back to an earlier continuation packet is refused as out of sequence.',
      'accepts-descending-sequence',
    ),
    {
      id: 'hid.sequence.initInside',
      section: SEQUENCE,
      statement: 'An initialization packet in the middle of a message of its channel is refused as out of sequence.',
      needs: OVER_HID,
      faults: ['begins-anew-inside-message'],
      async run({ wire }) {
        const channel = await wire.open();
        await halfSent(wire, channel);
        await wire.send(...encodeMessage(channel, HidCommand.PING, SHORT));
        await wire.expectError(channel, 'INVALID_SEQ');
      },
    },
    {
      id: 'hid.sequence.spurious',
      section: SEQUENCE,
      statement: 'A continuation packet of no message is ignored.',
      needs: OVER_HID,
      faults: ['answers-spurious-continuation'],
      async run({ wire }) {
        const channel = await wire.open();
        await wire.send(encodeMessage(channel, HidCommand.PING, LONG)[1]!);
        await wire.expectSilence(channel, 500);
      },
    },
    {
      id: 'hid.sequence.afterSpurious',
      section: SEQUENCE,
      statement: 'The key answers the message that comes after a continuation packet of none.',
      needs: OVER_HID,
      faults: ['deaf-after-spurious-continuation'],
      async run({ wire }) {
        const channel = await wire.open();
        await wire.send(encodeMessage(channel, HidCommand.PING, LONG)[1]!);
        await wire.next(channel, 100);
        await expectAnswering(wire, channel);
      },
    },
    {
      id: 'hid.sequence.otherChannel',
      section: SEQUENCE,
      statement: 'A continuation packet of another channel is no part of the message that comes in.',
      needs: OVER_HID,
      faults: ['mixes-channels-of-continuations'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        const [second, third] = await halfSent(wire, channel);
        await wire.send(encodeMessage(other, HidCommand.PING, new Uint8Array(150).fill(0xee))[1]!, second, third);
        expectEcho(await wire.message(channel), LONG);
      },
    },
    {
      id: 'hid.padding.heard',
      section: PACKETS,
      statement: 'What follows the last byte of a message in its packet is not looked at.',
      needs: OVER_HID,
      faults: ['refuses-filled-padding'],
      async run({ wire }) {
        const channel = await wire.open();
        const [packet] = encodeMessage(channel, HidCommand.PING, SHORT);
        packet!.fill(0xee, 7 + SHORT.length);
        await wire.send(packet!);
        expectEcho(await wire.message(channel), SHORT);
      },
    },
    {
      id: 'hid.padding.said',
      section: PACKETS,
      statement: 'What follows the last byte of an answer in its packet is zero.',
      severity: 'warning',
      needs: OVER_HID,
      faults: ['leaks-bytes-in-padding'],
      async run({ wire }) {
        const channel = await wire.open();
        await wire.send(...encodeMessage(channel, HidCommand.PING, SHORT));
        const packet = await wire.next(channel);
        expect(packet !== undefined, 'an answer to CTAPHID_PING', 'none');
        expect(packetCommand(packet) === HidCommand.PING, 'an answer to CTAPHID_PING');
        const padding = packet.subarray(7 + SHORT.length);
        expect(
          padding.every((byte) => byte === 0),
          'padding of zeros',
          padding,
        );
      },
    },
    {
      id: 'hid.pause.borne',
      section: 'CTAP 2.3 §11.2.5.2',
      statement: 'A quarter of a second between two packets of a message is borne.',
      severity: 'warning',
      needs: { ...OVER_HID, seconds: 1 },
      faults: ['impatient-between-packets'],
      async run(key) {
        const { wire } = key;
        const channel = await wire.open();
        const [second, third] = await halfSent(wire, channel);
        await key.wait(250);
        await wire.send(second, third);
        expectEcho(await wire.message(channel), LONG);
      },
    },
    {
      id: 'hid.pause.timeout',
      section: 'CTAP 2.3 §11.2.5.2',
      statement: 'A message that stops half-way is given up with CTAPHID_ERROR MSG_TIMEOUT.',
      needs: { ...OVER_HID, seconds: 10 },
      faults: ['gives-up-messages-silently'],
      async run({ wire }) {
        const channel = await wire.open();
        await halfSent(wire, channel);
        await wire.expectError(channel, 'MSG_TIMEOUT', 10_000);
      },
    },
  ],
};
