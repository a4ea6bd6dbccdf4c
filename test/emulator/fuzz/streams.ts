/** Packet streams to throw at a key: messages in pieces, mixed, spoiled, and whatever else happens between them. */
import fc from 'fast-check';
import { fromHex } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { encodeCarrierFrames } from '../../../ctap/token2/hid-carrier.ts';
import { encodeU2fCommand, U2fInstruction } from '../../../ctap/u2f/raw-messages.ts';
import { type ByteMutation, byteMutation, mutateBytes } from './mutations.ts';

/** Which channel a message goes to: two that were allocated, the broadcast channel, the reserved one, one of nobody's. */
export type ChannelName = 'first' | 'second' | 'broadcast' | 'reserved' | 'strange';
export type ChannelNumbers = Readonly<Record<ChannelName, number>>;

/** A request that a key answers, by name, or any bytes. */
export type Payload =
  | 'getInfo'
  | 'selection'
  | 'makeCredential'
  | 'getAssertion'
  | 'version'
  | 'register'
  | { readonly bytes: Uint8Array };

export interface StreamMessage {
  readonly channel: ChannelName;
  readonly command: number;
  readonly payload: Payload;
  readonly faults: readonly PacketFault[];
}

export type PacketFault =
  | { readonly kind: 'drop' | 'repeat'; readonly at: number }
  | { readonly kind: 'exchange'; readonly at: number; readonly with: number }
  | { readonly kind: 'spoil'; readonly at: number; readonly how: ByteMutation };

export type StreamEvent =
  | { readonly kind: 'message'; readonly message: StreamMessage }
  /** Two messages whose packets take turns as `order` says. */
  | { readonly kind: 'mix'; readonly messages: readonly [StreamMessage, StreamMessage]; readonly order: number }
  | { readonly kind: 'report'; readonly report: Uint8Array }
  | { readonly kind: 'init' | 'cancel'; readonly channel: ChannelName }
  /** An APDU in the frames of Token2's carrier. */
  | { readonly kind: 'carried'; readonly apdu: Uint8Array; readonly faults: readonly PacketFault[] }
  /** The key gets the time that it needs. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'touch' | 'deny' };

const channel = fc.oneof(
  { weight: 6, arbitrary: fc.constant('first' as const) },
  { weight: 3, arbitrary: fc.constant('second' as const) },
  { weight: 1, arbitrary: fc.constantFrom('broadcast' as const, 'reserved' as const, 'strange' as const) },
);
const { PING, MSG, LOCK, INIT, WINK, CBOR } = HidCommand;
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 56, 57, 58, 115, 116, 117, 2048, 2049, 7608, 7609) },
);
const anyBytes = size.map((length) => ({
  bytes: Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 0xff),
}));
const fewBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => ({ bytes }));

const fault: fc.Arbitrary<PacketFault> = fc.oneof(
  fc.record({ kind: fc.constantFrom('drop' as const, 'repeat' as const), at: fc.nat({ max: 8 }) }),
  fc.record({ kind: fc.constant('exchange' as const), at: fc.nat({ max: 8 }), with: fc.nat({ max: 8 }) }),
  fc.record({ kind: fc.constant('spoil' as const), at: fc.nat({ max: 8 }), how: byteMutation }),
);
const faults = fc.oneof(
  { weight: 2, arbitrary: fc.constant([] as PacketFault[]) },
  { weight: 1, arbitrary: fc.array(fault, { minLength: 1, maxLength: 3 }) },
);

const commandAndPayload: fc.Arbitrary<{ command: number; payload: Payload }> = fc.oneof(
  fc.record({
    command: fc.constant(CBOR),
    payload: fc.oneof(
      fc.constantFrom<Payload>('getInfo', 'selection', 'makeCredential', 'getAssertion'),
      fewBytes,
      anyBytes,
    ),
  }),
  fc.record({
    command: fc.constant(MSG),
    payload: fc.oneof(fc.constantFrom<Payload>('version', 'register'), anyBytes),
  }),
  fc.record({ command: fc.constantFrom(PING, PING, WINK, LOCK, INIT), payload: fc.oneof(fewBytes, anyBytes) }),
  fc.record({ command: fc.constant(LOCK), payload: fc.nat({ max: 12 }).map((n) => ({ bytes: Uint8Array.of(n) })) }),
  fc.record({ command: fc.nat({ max: 127 }), payload: fewBytes }),
);
const message: fc.Arbitrary<StreamMessage> = fc
  .tuple(channel, commandAndPayload, faults)
  .map(([channel, { command, payload }, faults]) => ({ channel, command, payload, faults }));

const apdu = fc.oneof(
  fc.constantFrom('00a4040008f00000014f747001', '80c5020000', '80c5010000').map(fromHex),
  fc.uint8Array({ maxLength: 150 }),
);

export const streamEvent: fc.Arbitrary<StreamEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('message' as const), message }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mix' as const),
      messages: fc.tuple(message, message),
      order: fc.nat({ max: 0xffff }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('report' as const), report: fc.uint8Array({ maxLength: 70 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('init' as const, 'cancel' as const), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('carried' as const), apdu, faults }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'settle' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.constantFrom(1, 99, 100, 2999, 3000, 3001, 10_000, 31_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('touch' as const, 'deny' as const) }) },
);

/** The packets of a message, with its faults. */
export function messagePackets(
  { channel, command, payload, faults }: StreamMessage,
  channels: ChannelNumbers,
  requests: Readonly<Record<Exclude<Payload, object>, Uint8Array>>,
): Uint8Array[] {
  const data = typeof payload === 'string' ? requests[payload] : payload.bytes;
  return faults.reduce(spoil, encodeMessage(channels[channel], command, data));
}

/** The frames of a carried APDU, with their faults. */
export function carrierReports({ apdu, faults }: Extract<StreamEvent, { kind: 'carried' }>): Uint8Array[] {
  return faults.reduce(spoil, encodeCarrierFrames(apdu));
}

function spoil(packets: readonly Uint8Array[], fault: PacketFault): Uint8Array[] {
  if (packets.length === 0) return [];
  const at = fault.at % packets.length;
  const packet = packets[at]!;
  switch (fault.kind) {
    case 'drop':
      return packets.toSpliced(at, 1);
    case 'repeat':
      return packets.toSpliced(at, 0, packet);
    case 'exchange': {
      const other = fault.with % packets.length;
      return packets.with(at, packets[other]!).with(other, packet);
    }
    case 'spoil':
      // Mostly in the header, where it tells; a mutation of bytes counts places modulo the length.
      return packets.with(at, mutateBytes(packet, [{ ...fault.how, at: fault.how.at % 16 }]));
  }
}

/** Two lists as one: the bits of `order`, over and over, say from which the next comes. */
export function mix(first: readonly Uint8Array[], second: readonly Uint8Array[], order: number): Uint8Array[] {
  const mixed: Uint8Array[] = [];
  const [a, b] = [[...first], [...second]];
  for (let turn = 0; a.length + b.length > 0; turn++) {
    const fromFirst = b.length === 0 || (a.length > 0 && ((order >> (turn % 16)) & 1) === 0);
    mixed.push((fromFirst ? a : b).shift()!);
  }
  return mixed;
}

/** The named requests that need nothing of the key. */
export const plainRequests = {
  getInfo: Uint8Array.of(Command.authenticatorGetInfo),
  selection: Uint8Array.of(Command.authenticatorSelection),
  version: encodeU2fCommand(U2fInstruction.VERSION, 0, new Uint8Array()),
  register: encodeU2fCommand(U2fInstruction.REGISTER, 3, new Uint8Array(64)),
};
