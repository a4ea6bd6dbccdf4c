/** Faults of CTAPHID: keys that do several things at a time, or whose lock does not lock. */
import { MAX_LOCK_SECONDS } from '../../ctap/hid/channel-messages.ts';
import { encodeMessage, HidCommand } from '../../ctap/hid/packet.ts';
import type { Fault } from './fault.ts';
import {
  deafTo,
  type InitPacket,
  mishears,
  type PacketChange,
  type ReportFaultOptions,
  reportFault,
  type SeenPacket,
} from './reports.ts';

const { CANCEL, CBOR, INIT, LOCK, PING } = HidCommand;

function isPing(packet: SeenPacket): packet is InitPacket {
  return packet.kind === 'init' && packet.command === PING;
}

function fault(id: string, summary: string, hidCommands: readonly number[], make: ReportFaultOptions['make']): Fault {
  return reportFault({ id, summary, hidCommands, make });
}

/** CTAPHID_LOCK, heard otherwise: by its length and its seconds. */
function lockHears(
  id: string,
  summary: string,
  change: (length: number, seconds: number) => PacketChange | undefined,
): Fault {
  const make = mishears((packet) =>
    packet.kind === 'init' && packet.command === LOCK ? change(packet.length, packet.payload[0]!) : undefined,
  );
  return fault(id, summary, [LOCK], make);
}

/** CTAPHID_LOCK of so many seconds, heard as of others. */
function lockFor(id: string, summary: string, fits: (seconds: number) => boolean, instead: number): Fault {
  return lockHears(id, summary, (length, seconds) =>
    length === 1 && fits(seconds) ? { payload: [instead] } : undefined,
  );
}

export const hidBusyFaults: readonly Fault[] = [
  fault(
    'silent-to-others-inside-message',
    'does not answer other channels while a message comes in',
    [PING],
    deafTo((packet, { receiving }) => {
      return isPing(packet) && receiving !== undefined && receiving.first.channel !== packet.channel;
    }),
  ),
  fault(
    'message-lost-to-other-channel',
    'forgets the message that comes in for one of another channel, which it refuses',
    [PING],
    (talk) => {
      let lost: number | undefined;
      return {
        hears: (packet) => {
          const coming = talk.receiving?.first.channel;
          if (!isPing(packet) || coming === undefined || coming === packet.channel) return undefined;
          lost = coming;
          return [packet.bytes, ...encodeMessage(coming, INIT, new Uint8Array(8))];
        },
        says: (packet) => {
          // the answer to the INIT by which the key forgets is nobody's
          const own = packet.kind === 'init' && packet.command === INIT && packet.channel === lost;
          if (own) lost = undefined;
          return own ? [] : undefined;
        },
      };
    },
  ),
  fault(
    'silent-to-others-at-work',
    'does not answer other channels while it works on a request',
    [CBOR],
    deafTo((packet, { running }) => isPing(packet) && running !== undefined && running.channel !== packet.channel),
  ),
  fault('request-lost-to-other-channel', 'gives a request up for a message of another channel', [CBOR], (talk) => ({
    hears: (packet) => {
      const { running } = talk;
      if (!isPing(packet) || running === undefined || running.channel === packet.channel) return undefined;
      return [...encodeMessage(running.channel, CANCEL, new Uint8Array(0)), packet.bytes];
    },
  })),
  lockFor(
    'lock-does-not-hold',
    'answers CTAPHID_LOCK and lets other channels in',
    (seconds) => seconds > 1 && seconds < 5,
    0,
  ),
  fault('lock-keeps-owner-out', 'locks out the channel that holds the lock, too', [LOCK], (talk) => ({
    hears: (packet) => {
      const asked = talk.asked(packet.channel);
      const holds = asked?.command === LOCK && asked.payload[0] !== 0 && asked.length === 1;
      return isPing(packet) && holds ? [] : undefined;
    },
  })),
  lockFor(
    'lock-forgets-long-times',
    'lets a lock of ten seconds go after five',
    (seconds) => seconds === MAX_LOCK_SECONDS,
    5,
  ),
  lockFor(
    'lock-of-one-second-lasts-ten',
    'keeps a lock of one second for ten',
    (seconds) => seconds === 1,
    MAX_LOCK_SECONDS,
  ),
  lockFor(
    'lock-of-zero-keeps',
    'keeps the lock that CTAPHID_LOCK of 0 seconds gives back',
    (seconds) => seconds === 0,
    5,
  ),
  fault(
    'lock-renewal-lasts-a-second',
    'keeps a lock that is renewed for one second more',
    [LOCK],
    mishears((packet, talk) => {
      if (packet.kind !== 'init' || packet.command !== LOCK || packet.payload[0] === 0) return undefined;
      return talk.asked(packet.channel)?.command === LOCK ? { payload: [1] } : undefined;
    }),
  ),
  lockFor(
    'lock-takes-eleven-seconds',
    'takes a lock of eleven seconds',
    (seconds) => seconds === MAX_LOCK_SECONDS + 1,
    MAX_LOCK_SECONDS,
  ),
  lockHears('lock-takes-no-data', 'takes CTAPHID_LOCK without data for one of 0 seconds', (length) =>
    length === 0 ? { length: 1, payload: [0] } : undefined,
  ),
  lockHears('lock-takes-two-bytes', 'takes CTAPHID_LOCK with a byte too many', (length) =>
    length === 2 ? { length: 1 } : undefined,
  ),
  fault('lock-holds-though-refused', 'locks itself though it refuses so long a lock', [LOCK], () => {
    let refused: number | undefined;
    return {
      hears: (packet) => {
        if (packet.kind === 'init' && packet.command === LOCK && packet.payload[0]! > 2 * MAX_LOCK_SECONDS) {
          refused = packet.channel;
        }
        return isPing(packet) && refused !== undefined && refused !== packet.channel ? [] : undefined;
      },
    };
  }),
];
