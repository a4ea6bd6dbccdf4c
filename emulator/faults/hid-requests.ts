/** Faults of CTAPHID: keys that cancel, keep alive or refuse wrongly. */
import { Command } from '../../ctap/commands/index.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand, HidError } from '../../ctap/hid/packet.ts';
import { Status } from '../../ctap/status.ts';
import type { Fault } from './fault.ts';
import {
  changed,
  type InitPacket,
  mishears,
  missays,
  type ReportFaultOptions,
  reportFault,
  type SeenPacket,
  silentAbout,
} from './reports.ts';

const { CANCEL, CBOR, ERROR, INIT, KEEPALIVE, MSG, PING } = HidCommand;
/** Milliseconds between the keepalives of a slow key. */
const SLOW = 1000;

function of(packet: SeenPacket | undefined, command: number): packet is InitPacket {
  return packet?.kind === 'init' && packet.command === command;
}

function fault(
  id: string,
  summary: string,
  hidCommands: readonly number[] | undefined,
  make: ReportFaultOptions['make'],
): Fault {
  return reportFault({ id, summary, ...(hidCommands && { hidCommands }), make });
}

/** After that error the key hears nothing but CTAPHID_INIT. */
function stuckAfter(id: string, summary: string, code: number): Fault {
  return fault(id, summary, [PING], () => {
    let stuck = false;
    return {
      hears: (packet) => {
        if (of(packet, INIT) && packet.length > 0) stuck = false;
        return stuck && of(packet, PING) ? [] : undefined;
      },
      says: (packet) => {
        if (of(packet, ERROR) && packet.payload[0] === code) stuck = true;
        return undefined;
      },
    };
  });
}

/** Keepalives are other ones, or none, or more. */
function keepalives(
  id: string,
  summary: string,
  make: (
    context: Parameters<ReportFaultOptions['make']>[1],
  ) => (packet: InitPacket) => readonly Uint8Array[] | undefined,
): Fault {
  return fault(id, summary, [CBOR], (_, context) => {
    const change = make(context);
    return { says: (packet) => (of(packet, KEEPALIVE) ? change(packet) : undefined) };
  });
}

export const hidRequestFaults: readonly Fault[] = [
  fault(
    'silent-to-unknown-command',
    'does not answer commands between those that CTAPHID has',
    undefined,
    silentAbout((packet, talk) => of(packet, ERROR) && of(talk.asked(packet.channel), 0x20)),
  ),
  fault('echoes-keepalive', 'answers CTAPHID_KEEPALIVE from a host with the same', undefined, (talk) => ({
    says: (packet) => {
      const asked = talk.asked(packet.channel);
      return of(packet, ERROR) && of(asked, KEEPALIVE) ? [asked.bytes] : undefined;
    },
  })),
  fault(
    'silent-to-error',
    'does not answer CTAPHID_ERROR from a host',
    undefined,
    silentAbout((packet, talk) => of(packet, ERROR) && of(talk.asked(packet.channel), ERROR)),
  ),
  fault(
    'empty-cbor-taken-for-get-info',
    'takes CTAPHID_CBOR without data for getInfo',
    [CBOR],
    mishears((packet) =>
      of(packet, CBOR) && packet.length === 0 ? { length: 1, payload: [Command.authenticatorGetInfo] } : undefined,
    ),
  ),
  fault(
    'empty-msg-taken-for-version',
    'takes CTAPHID_MSG without data for U2F_VERSION',
    [MSG],
    mishears((packet) =>
      of(packet, MSG) && packet.length === 0 ? { length: 7, payload: [0, 3, 0, 0, 0, 0, 0] } : undefined,
    ),
  ),
  stuckAfter(
    'stuck-after-invalid-command',
    'answers no more, until it is initialized, once it was sent a command that it does not know',
    HidError.INVALID_CMD,
  ),
  stuckAfter(
    'stuck-after-invalid-length',
    'answers no more, until it is initialized, once it was sent a message of invalid length',
    HidError.INVALID_LEN,
  ),
  stuckAfter(
    'stuck-after-invalid-sequence',
    'answers no more, until it is initialized, once packets came out of sequence',
    HidError.INVALID_SEQ,
  ),
  stuckAfter(
    'stuck-after-channel-busy',
    'answers no more, until it is initialized, once it was busy for a channel',
    HidError.CHANNEL_BUSY,
  ),
  stuckAfter(
    'stuck-after-message-timeout',
    'answers no more, until it is initialized, once a message stopped half-way',
    HidError.MSG_TIMEOUT,
  ),
  stuckAfter(
    'stuck-after-invalid-channel',
    'answers no more, until it is initialized, once a message came on an invalid channel',
    HidError.INVALID_CHANNEL,
  ),
  fault(
    'stuck-after-cancel',
    'does not answer CTAPHID_PING any more once a request was cancelled',
    [CANCEL],
    (talk) => {
      let stuck = false;
      return {
        hears: (packet) => {
          if (of(packet, CANCEL) && talk.running?.channel === packet.channel) stuck = true;
          return stuck && of(packet, PING) ? [] : undefined;
        },
      };
    },
  ),
  fault('cancel-of-nothing-answered', 'answers CTAPHID_CANCEL where there is nothing to cancel', [CANCEL], (talk) => ({
    hears: (packet) => {
      const idle = of(packet, CANCEL) && talk.running === undefined && talk.receiving === undefined;
      return idle ? [packet.bytes, ...encodeMessage(packet.channel, PING, new Uint8Array(0))] : undefined;
    },
  })),
  fault('cancel-remembered', 'cancels the request that comes after CTAPHID_CANCEL', [CANCEL], (talk) => {
    let remembered: number | undefined;
    return {
      hears: (packet) => {
        if (of(packet, CANCEL) && talk.running === undefined) remembered = packet.channel;
        return undefined;
      },
      says: (packet) => {
        if (!of(packet, CBOR) || remembered !== packet.channel) return undefined;
        remembered = undefined;
        return [changed(packet, { length: 1, payload: [Status.CTAP2_ERR_KEEPALIVE_CANCEL] })];
      },
    };
  }),
  fault(
    'cancel-of-any-channel',
    'lets every channel cancel the request that it works on',
    [CANCEL],
    mishears((packet, { running }) => (of(packet, CANCEL) && running ? { channel: running.channel } : undefined)),
  ),
  keepalives('slow-keepalive', 'sends keepalives once a second, which is too slow', ({ clock }) => {
    let last = Number.NEGATIVE_INFINITY;
    return () => {
      if (clock.now() - last < SLOW) return [];
      last = clock.now();
      return undefined;
    };
  }),
  fault(
    'keepalive-hides-touch',
    'says that it is processing where it waits for the touch of a selection',
    [CBOR],
    missays((packet, { running }) => {
      const selection = running?.payload[0] === Command.authenticatorSelection;
      return of(packet, KEEPALIVE) && selection ? { payload: [1] } : undefined;
    }),
  ),
  keepalives('keepalive-unknown-status', 'sends keepalives of the status 3 between others', () => {
    let count = 0;
    return (packet) => (++count % 3 === 0 ? [changed(packet, { payload: [3] })] : undefined);
  }),
  keepalives('keepalive-on-broadcast-channel', 'sends keepalives to all channels', () => (packet) => [
    packet.bytes,
    changed(packet, { channel: BROADCAST_CHANNEL }),
  ]),
  fault(
    'keepalive-after-answer',
    'sends a keepalive after the answer to a request that was cancelled',
    [CANCEL],
    () => ({
      says: (packet) => {
        const cancelled = of(packet, CBOR) && packet.payload[0] === Status.CTAP2_ERR_KEEPALIVE_CANCEL;
        if (!cancelled) return undefined;
        return [packet.bytes, ...encodeMessage(packet.channel, KEEPALIVE, Uint8Array.of(1))];
      },
    }),
  ),
  fault(
    'error-of-two-bytes',
    'sends CTAPHID_ERROR with two bytes where it does not know a command',
    undefined,
    missays((packet, talk) => (of(packet, ERROR) && of(talk.asked(packet.channel), 0x21) ? { length: 2 } : undefined)),
  ),
];
