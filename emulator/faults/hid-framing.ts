/** Faults of CTAPHID: keys that put messages together, or apart, wrongly. */
import {
  encodeMessage,
  HidCommand,
  HidError,
  INIT_PAYLOAD,
  isInitPacket,
  MAX_MESSAGE_SIZE,
} from '../../ctap/hid/packet.ts';
import type { Fault } from './fault.ts';
import { changed, deafTo, mishears, missays, reportFault, type SeenPacket, silentAbout } from './reports.ts';

const { PING } = HidCommand;
const hidCommands = [PING];
/** A quarter of a second, less the unsteadiness of clocks. */
const IMPATIENCE = 240;

function isPing(packet: SeenPacket, length?: number): packet is SeenPacket & { readonly kind: 'init' } {
  return packet.kind === 'init' && packet.command === PING && (length === undefined || packet.length === length);
}

function ping(id: string, summary: string, make: Parameters<typeof reportFault>[0]['make']): Fault {
  return reportFault({ id, summary, hidCommands, make });
}

/** Takes for the next one a continuation packet whose number is not; `fits` looks at both numbers. */
function wrongSequence(id: string, summary: string, fits: (got: number, due: number) => boolean): Fault {
  return ping(
    id,
    summary,
    mishears((packet, { receiving }) => {
      if (packet.kind === 'init' || receiving?.first.channel !== packet.channel) return undefined;
      return fits(packet.sequence, receiving.sequence) ? { sequence: receiving.sequence } : undefined;
    }),
  );
}

export const hidFramingFaults: readonly Fault[] = [
  ping(
    'ping-empty-unanswered',
    'does not answer CTAPHID_PING without bytes',
    silentAbout((packet) => isPing(packet, 0)),
  ),
  ping(
    'ping-pads-single-byte',
    'answers CTAPHID_PING of one byte with two',
    missays((packet) => (isPing(packet, 1) ? { length: 2 } : undefined)),
  ),
  ping(
    'ping-seven-bits',
    'answers CTAPHID_PING of some bytes in a single packet with the high bit of each cleared',
    missays((packet) => {
      const inside = isPing(packet) && packet.length > 1 && packet.length < INIT_PAYLOAD;
      return inside ? { payload: packet.payload.map((byte) => byte & 0x7f) } : undefined;
    }),
  ),
  ping(
    'full-packet-awaits-another',
    'waits for another packet where CTAPHID_PING fills exactly one',
    deafTo((packet) => isPing(packet, INIT_PAYLOAD)),
  ),
  ping('ping-drops-byte-of-second-packet', 'loses the only byte of a second packet of CTAPHID_PING', () => ({
    says: (packet) => (isPing(packet, 58) ? [changed(packet, { length: 57 })] : undefined),
  })),
  ping('ping-ends-with-empty-packet', 'sends an empty packet after CTAPHID_PING that fills two', (conversation) => ({
    says: (packet) => {
      if (packet.kind === 'init' || conversation.asked(packet.channel)?.length !== 116) return undefined;
      return [packet.bytes, changed(packet, { sequence: 1, payload: new Uint8Array(59) })];
    },
  })),
  ping(
    'length-low-byte-zero-is-empty',
    'takes a CTAPHID_PING for empty whose length has a low byte of zero',
    mishears((packet) => (isPing(packet) && packet.length % 256 === 0 ? { length: 0 } : undefined)),
  ),
  ping(
    'maximum-message-refused',
    'refuses messages of 7609 bytes, which are allowed, as too long',
    mishears((packet) => (isPing(packet, MAX_MESSAGE_SIZE) ? { length: MAX_MESSAGE_SIZE + 1 } : undefined)),
  ),
  ping(
    'accepts-message-over-maximum',
    'begins to take a message of 7610 bytes, which is one too many',
    mishears((packet) => (isPing(packet, MAX_MESSAGE_SIZE + 1) ? { length: MAX_MESSAGE_SIZE } : undefined)),
  ),
  ping(
    'reads-length-as-signed',
    'takes declared lengths of 32768 and more for negative, and the message for empty',
    mishears((packet) => (isPing(packet) && packet.length >= 0x8000 ? { length: 0 } : undefined)),
  ),
  wrongSequence(
    'accepts-any-first-sequence',
    'takes any number in the first continuation packet of a message',
    (got, due) => due === 0 && got !== 0,
  ),
  wrongSequence(
    'accepts-skipped-sequence',
    'does not notice a continuation packet that was left out',
    (got, due) => due > 0 && got > due,
  ),
  wrongSequence(
    'accepts-repeated-sequence',
    'takes a continuation packet twice where it is sent twice in a row',
    (got, due) => due > 0 && got === due - 1,
  ),
  wrongSequence(
    'accepts-descending-sequence',
    'takes continuation packets whose numbers go back by more than one',
    (got, due) => got < due - 1,
  ),
  ping(
    'begins-anew-inside-message',
    'forgets a message for the next initialization packet of its channel',
    (conversation) => {
      let begins = false;
      return {
        hears: (packet) => {
          if (!isPing(packet) || conversation.receiving?.first.channel !== packet.channel) return undefined;
          begins = true;
          return [...encodeMessage(packet.channel, HidCommand.INIT, new Uint8Array(8)), packet.bytes];
        },
        says: (packet) => {
          // the answer to the INIT by which the key forgets is nobody's
          const own = begins && packet.kind === 'init' && packet.command === HidCommand.INIT;
          if (own) begins = false;
          return own ? [] : undefined;
        },
      };
    },
  ),
  reportFault({
    id: 'answers-spurious-continuation',
    summary: 'answers continuation packets of no message',
    make: (conversation) => ({
      hears: (packet) => {
        if (packet.kind === 'init' || conversation.receiving !== undefined) return undefined;
        return encodeMessage(packet.channel, PING, new Uint8Array(0));
      },
    }),
  }),
  ping(
    'deaf-after-spurious-continuation',
    'does not hear the message after a continuation packet of none',
    (conversation) => {
      let deaf = false;
      return {
        hears: (packet) => {
          const spurious = packet.kind === 'continuation' && conversation.receiving === undefined;
          const dropped = deaf && isPing(packet);
          deaf = spurious;
          return dropped ? [] : undefined;
        },
      };
    },
  ),
  ping(
    'mixes-channels-of-continuations',
    'takes continuation packets of any channel for the message that comes in',
    mishears((packet, { receiving }) => {
      if (packet.kind === 'init' || receiving === undefined) return undefined;
      const { channel } = receiving.first;
      return packet.channel === channel ? undefined : { channel };
    }),
  ),
  ping(
    'refuses-filled-padding',
    'does not hear messages with other bytes than zero after their last',
    deafTo((packet) => isPing(packet) && packet.payload.subarray(packet.length).some((byte) => byte !== 0)),
  ),
  ping('leaks-bytes-in-padding', 'leaves old bytes behind the last one of its answers', () => ({
    says: (packet) => {
      if (!isInitPacket(packet.bytes) || packet.kind !== 'init' || packet.length === 0) return undefined;
      if (packet.length >= packet.payload.length) return undefined;
      return [changed(packet, { payload: packet.payload.map((byte, index) => (index < packet.length ? byte : 0x5a)) })];
    },
  })),
  ping(
    'impatient-between-packets',
    'drops a message whose next packet takes a quarter of a second',
    (conversation, { clock }) => {
      let last = 0;
      return {
        hears: (packet) => {
          const late = conversation.receiving !== undefined && clock.now() - last > IMPATIENCE;
          last = clock.now();
          return late && packet.kind === 'continuation' ? [] : undefined;
        },
      };
    },
  ),
  ping(
    'gives-up-messages-silently',
    'gives a message up that stops half-way, and does not say so',
    silentAbout(
      (packet) =>
        packet.kind === 'init' && packet.command === HidCommand.ERROR && packet.payload[0] === HidError.MSG_TIMEOUT,
    ),
  ),
];
