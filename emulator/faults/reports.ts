/** Faults of CTAPHID: each says which packets it spoils, and how. */
import {
  CONTINUATION_PAYLOAD,
  decodePacket,
  HidCommand,
  type HidPacket,
  INIT_PAYLOAD,
  PACKET_SIZE,
} from '../../ctap/hid/packet.ts';
import { isCarrierFrame } from '../../ctap/token2/hid-carrier.ts';
import type { Fault, FaultContext } from './fault.ts';

/** A packet that goes by. */
export type SeenPacket = HidPacket & { readonly bytes: Uint8Array };
export type InitPacket = SeenPacket & { readonly kind: 'init' };

interface ComingMessage {
  readonly first: InitPacket;
  /** Sequence number of the packet that is due. */
  readonly sequence: number;
  readonly left: number;
}

/** What has been said so far on one plug, as a fault has to know it. */
export class Conversation {
  readonly #asked = new Map<number, InitPacket>();
  #receiving: ComingMessage | undefined;
  #running: InitPacket | undefined;

  /** The message that comes in. */
  get receiving(): ComingMessage | undefined {
    return this.#receiving;
  }

  /** The first packet of the CBOR or MSG request that the key works on. */
  get running(): InitPacket | undefined {
    return this.#running;
  }

  /** The last initialization packet of the host on a channel. */
  asked(channel: number): InitPacket | undefined {
    return this.#asked.get(channel);
  }

  hear(packet: SeenPacket): void {
    if (packet.kind === 'init') {
      this.#asked.set(packet.channel, packet);
      this.#begin(packet);
    } else this.#continue(packet.channel, packet.sequence);
  }

  say({ kind, channel, bytes }: SeenPacket): void {
    if (kind !== 'init' || bytes[4] === (HidCommand.KEEPALIVE | 0x80)) return;
    if (this.#running?.channel === channel) this.#running = undefined;
    if (this.#receiving?.first.channel === channel) this.#receiving = undefined;
  }

  #begin(packet: InitPacket): void {
    const { channel, command, length } = packet;
    if (command === HidCommand.CANCEL) return;
    if (command === HidCommand.INIT) {
      if (this.#running?.channel === channel) this.#running = undefined;
      if (this.#receiving?.first.channel === channel) this.#receiving = undefined;
    } else if (this.#receiving === undefined && this.#running === undefined) {
      if (length <= INIT_PAYLOAD) this.#whole(packet);
      else this.#receiving = { first: packet, sequence: 0, left: length - INIT_PAYLOAD };
    }
  }

  #continue(channel: number, sequence: number): void {
    const coming = this.#receiving;
    if (coming?.first.channel !== channel || coming.sequence !== sequence) return;
    const left = coming.left - CONTINUATION_PAYLOAD;
    this.#receiving = left > 0 ? { ...coming, sequence: sequence + 1, left } : undefined;
    if (left <= 0) this.#whole(coming.first);
  }

  #whole(first: InitPacket): void {
    if (first.command === HidCommand.CBOR || first.command === HidCommand.MSG) this.#running = first;
  }
}

/** The packets that go on in place of one; undefined lets it pass as it is. */
type Change = (packet: SeenPacket) => readonly Uint8Array[] | undefined;

export interface ReportFaultOptions {
  readonly id: string;
  readonly summary: string;
  readonly hidCommands?: readonly number[];
  /** Makes the changes for one key: what the key hears of the host's packets, and what the host of the key's. */
  readonly make: (
    conversation: Conversation,
    context: FaultContext,
  ) => { readonly hears?: Change; readonly says?: Change };
}

export function reportFault({ make, ...names }: ReportFaultOptions): Fault {
  return {
    ...names,
    install: (context) => {
      const conversation = new Conversation();
      const { hears, says } = make(conversation, context);
      return {
        received: (report, next) => {
          const packet = seenPacket(report);
          if (packet === undefined) return next(report);
          const instead = hears?.(packet);
          conversation.hear(packet);
          for (const passed of instead ?? [report]) next(passed);
        },
        sent: (report, next) => {
          const packet = seenPacket(report);
          if (packet === undefined) return next(report);
          const instead = says?.(packet);
          conversation.say(packet);
          for (const passed of instead ?? [report]) next(passed);
        },
      };
    },
  };
}

/** Undefined for what is no CTAPHID packet. */
function seenPacket(bytes: Uint8Array): SeenPacket | undefined {
  const packet = isCarrierFrame(bytes) ? undefined : decodePacket(bytes);
  return packet && { ...packet, bytes };
}

/** Fields of a packet that are to be other than they are. */
export interface PacketChange {
  readonly channel?: number;
  readonly command?: number;
  readonly length?: number;
  readonly sequence?: number;
  /** Bytes from the beginning of the payload. */
  readonly payload?: readonly number[] | Uint8Array;
}

export function changed(packet: SeenPacket, { channel, command, length, sequence, payload }: PacketChange): Uint8Array {
  const bytes = new Uint8Array(PACKET_SIZE);
  bytes.set(packet.bytes.subarray(0, PACKET_SIZE));
  const view = new DataView(bytes.buffer);
  if (channel !== undefined) view.setUint32(0, channel);
  if (command !== undefined) view.setUint8(4, command | 0x80);
  if (sequence !== undefined) view.setUint8(4, sequence);
  if (length !== undefined) view.setUint16(5, length);
  if (payload !== undefined) bytes.set(payload, packet.kind === 'init' ? 7 : 5);
  return bytes;
}

/** Drops the packets that fit. */
export function deafTo(when: (packet: SeenPacket, conversation: Conversation) => boolean): ReportFaultOptions['make'] {
  return (conversation) => ({ hears: (packet) => (when(packet, conversation) ? [] : undefined) });
}

/** Hears other fields than came in the packets that fit; undefined where it does not fit. */
export function mishears(
  change: (packet: SeenPacket, conversation: Conversation) => PacketChange | undefined,
): ReportFaultOptions['make'] {
  return (conversation) => ({
    hears: (packet) => {
      const fields = change(packet, conversation);
      return fields && [changed(packet, fields)];
    },
  });
}

/** Says other fields in the packets that fit; undefined where it does not fit. */
export function missays(
  change: (packet: SeenPacket, conversation: Conversation) => PacketChange | undefined,
): ReportFaultOptions['make'] {
  return (conversation) => ({
    says: (packet) => {
      const fields = change(packet, conversation);
      return fields && [changed(packet, fields)];
    },
  });
}

/** Keeps silent where the packets that it should say fit. */
export function silentAbout(
  when: (packet: SeenPacket, conversation: Conversation) => boolean,
): ReportFaultOptions['make'] {
  return (conversation) => ({ says: (packet) => (when(packet, conversation) ? [] : undefined) });
}
