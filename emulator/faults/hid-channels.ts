/** Faults of CTAPHID: keys that mix up their channels. */
import { BROADCAST_CHANNEL, encodeMessage, HidCapability, HidCommand, HidError } from '../../ctap/hid/packet.ts';
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

const { CBOR, ERROR, INIT, MSG, PING, WINK } = HidCommand;
/** Places in the answer to INIT. */
const VERSION_OFFSET = 12;
const CAPABILITIES_OFFSET = 16;
const INIT_ANSWER = 17;

function of(packet: SeenPacket, command: number): packet is InitPacket {
  return packet.kind === 'init' && packet.command === command;
}

function isError(packet: SeenPacket, code: number): packet is InitPacket {
  return of(packet, ERROR) && packet.payload[0] === code;
}

/** INVALID_CHANNEL, said of a channel in answer to a command. */
function misfiled(channels: (channel: number) => boolean, command: number) {
  return (packet: SeenPacket, asked: InitPacket | undefined) =>
    isError(packet, HidError.INVALID_CHANNEL) && channels(packet.channel) && asked?.command === command;
}

const isBroadcast = (channel: number) => channel === BROADCAST_CHANNEL;
const isZero = (channel: number) => channel === 0;
const isUnknown = (channel: number) => !isBroadcast(channel) && !isZero(channel);

function fault(id: string, summary: string, hidCommands: readonly number[], make: ReportFaultOptions['make']): Fault {
  return reportFault({ id, summary, hidCommands, make });
}

/** Silence in place of INVALID_CHANNEL. */
function silent(id: string, summary: string, channels: (channel: number) => boolean, command: number): Fault {
  const fits = misfiled(channels, command);
  return fault(
    id,
    summary,
    [command],
    silentAbout((packet, conversation) => fits(packet, conversation.asked(packet.channel))),
  );
}

/** Another error in place of INVALID_CHANNEL. */
function wrongError(id: string, summary: string, channels: (channel: number) => boolean, command: number): Fault {
  const fits = misfiled(channels, command);
  const make = missays((packet, conversation) =>
    fits(packet, conversation.asked(packet.channel)) ? { payload: [HidError.OTHER] } : undefined,
  );
  return fault(id, summary, [command], make);
}

/** Another answer to INIT. */
function initSays(id: string, summary: string, change: (answer: Uint8Array, packet: InitPacket) => void): Fault {
  const make = missays((packet) => {
    if (!of(packet, INIT)) return undefined;
    const payload = packet.payload.slice();
    change(payload, packet);
    return { payload };
  });
  return fault(id, summary, [INIT], make);
}

/** From the channel of that number on CTAPHID_INIT gives what `give` says, knowing the channel before. */
function givesChannel(id: string, summary: string, number: number, give: (before: number) => number): Fault {
  return fault(id, summary, [INIT], () => {
    let given = 0;
    let before = 0;
    return {
      says: (packet) => {
        if (!of(packet, INIT) || packet.channel !== BROADCAST_CHANNEL) return undefined;
        const answer = packet.payload.slice();
        const view = new DataView(answer.buffer);
        if (++given >= number) view.setUint32(8, give(before));
        before = view.getUint32(8);
        return [changed(packet, { payload: answer })];
      },
    };
  });
}

/** INIT of another length than a nonce has, heard as one of the right length. */
function initTakes(id: string, summary: string, fits: (length: number) => boolean): Fault {
  return fault(
    id,
    summary,
    [INIT],
    mishears((packet) => (of(packet, INIT) && fits(packet.length) ? { length: 8 } : undefined)),
  );
}

export const hidChannelFaults: readonly Fault[] = [
  silent('silent-on-broadcast-ping', 'does not answer CTAPHID_PING on the broadcast channel', isBroadcast, PING),
  wrongError(
    'wrong-error-on-broadcast-cbor',
    'refuses CTAPHID_CBOR on the broadcast channel with the error OTHER',
    isBroadcast,
    CBOR,
  ),
  silent('silent-on-channel-zero', 'does not answer CTAPHID_PING on channel 0', isZero, PING),
  wrongError(
    'wrong-error-on-unknown-channel',
    'refuses CTAPHID_PING on a channel that it has not given with the error OTHER',
    isUnknown,
    PING,
  ),
  givesChannel('init-gives-channel-twice', 'has five channels, and gives the last one again', 6, (before) => before),
  givesChannel('init-gives-channel-zero', 'has nine channels, and gives channel 0 after those', 10, () => 0),
  fault('init-silent-to-zero-nonce', 'does not answer CTAPHID_INIT with a nonce of zeros', [INIT], () => ({
    hears: (packet) => (of(packet, INIT) && packet.payload.every((byte) => byte === 0) ? [] : undefined),
  })),
  initSays('init-strips-sign-of-nonce', 'gives a nonce of ones back with its first bit cleared', (answer) => {
    if (answer.subarray(0, 8).every((byte) => byte === 0xff)) answer[0] = 0x7f;
  }),
  initTakes('init-accepts-short-nonce', 'takes CTAPHID_INIT with a nonce of under 8 bytes', (length) => length < 8),
  initTakes('init-accepts-long-nonce', 'takes CTAPHID_INIT with a nonce of over 8 bytes', (length) => length > 8),
  fault(
    'init-answer-too-long',
    'answers CTAPHID_INIT with 18 bytes',
    [INIT],
    missays((packet) => (of(packet, INIT) ? { length: INIT_ANSWER + 1 } : undefined)),
  ),
  initSays('init-protocol-version-one', 'tells protocol version 1 of CTAPHID', (answer) => {
    answer[VERSION_OFFSET] = 1;
  }),
  initSays('init-unknown-capability', 'tells a capability that CTAPHID does not know', (answer) => {
    answer[CAPABILITIES_OFFSET]! |= 0x80;
  }),
  initSays('init-moves-live-channel', 'gives another channel to CTAPHID_INIT on one', (answer, { channel }) => {
    if (channel !== BROADCAST_CHANNEL) answer[11]! ^= 0xff;
  }),
  fault('init-keeps-half-message', 'goes on with a message that CTAPHID_INIT should end', [INIT], (conversation) => ({
    hears: (packet) => {
      const { receiving } = conversation;
      const ends = of(packet, INIT) && receiving?.first.channel === packet.channel;
      return ends ? [packet.bytes, receiving!.first.bytes] : undefined;
    },
  })),
  fault('init-keeps-request', 'goes on with a request that CTAPHID_INIT should end', [CBOR], (conversation) => {
    let busy: number | undefined;
    return {
      hears: (packet) => {
        if (of(packet, INIT) && conversation.running?.channel === packet.channel) busy = packet.channel;
        return busy === packet.channel && of(packet, PING) ? [] : undefined;
      },
    };
  }),
  fault(
    'init-unanswered-inside-message',
    'does not answer CTAPHID_INIT while a message comes in',
    [INIT],
    (conversation) => ({
      hears: (packet) => {
        const inside = of(packet, INIT) && conversation.receiving !== undefined;
        return inside && packet.channel === BROADCAST_CHANNEL ? [] : undefined;
      },
    }),
  ),
  fault(
    'init-ends-message-of-others',
    'forgets the message that comes in where another program asks for a channel',
    [INIT],
    (conversation) => ({
      hears: (packet) => {
        const { receiving } = conversation;
        if (!of(packet, INIT) || packet.channel !== BROADCAST_CHANNEL || receiving === undefined) return undefined;
        return [...encodeMessage(receiving.first.channel, INIT, new Uint8Array(8)), packet.bytes];
      },
    }),
  ),
  fault(
    'wink-refused',
    'tells the capability WINK and does not know CTAPHID_WINK',
    [WINK],
    mishears((packet) => (of(packet, WINK) && packet.length === 0 ? { command: 0x20 } : undefined)),
  ),
  initSays('init-hides-cbor', 'does not tell the capability CBOR, which it has', (answer) => {
    answer[CAPABILITIES_OFFSET]! &= ~HidCapability.CBOR;
  }),
  initSays('init-hides-msg', 'tells the capability NMSG, and knows CTAPHID_MSG', (answer) => {
    answer[CAPABILITIES_OFFSET]! |= HidCapability.NMSG;
  }),
  fault(
    'wink-takes-data',
    'takes CTAPHID_WINK with data',
    [WINK],
    mishears((packet) => (of(packet, WINK) && packet.length > 0 ? { length: 0 } : undefined)),
  ),
  fault(
    'msg-answers-without-status-word',
    'leaves the status word out of its answer to U2F_VERSION',
    [MSG],
    missays((packet) => (of(packet, MSG) && packet.length === 8 ? { length: 6 } : undefined)),
  ),
];
