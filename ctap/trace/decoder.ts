/** Reports and APDUs that went by, to the conversation that they were. */
import { packetChannel } from '../hid/packet.ts';
import { CARRIER_MAGIC, isCarrierFrame } from '../token2/hid-carrier.ts';
import { CardConversation } from './card-conversation.ts';
import { CarrierConversation } from './carrier-conversation.ts';
import type { TraceEntry, TraceOptions } from './entry.ts';
import { HidConversation } from './hid-conversation.ts';
import { Scribe } from './scribe.ts';
import type { ApduTraffic, ReportTraffic, Traffic } from './traffic.ts';

/**
 * Takes what went by, in its order and from any number of plugs, and gives an entry as soon as a message is whole.
 * Keepalives, busy frames and polls are counted in the entry of the answer. It never throws: what is malformed
 * becomes an entry that says so.
 */
export class TraceDecoder {
  readonly #scribe: Scribe;
  readonly #hid = new Map<number, HidConversation>();
  readonly #carrier = new Map<number, CarrierConversation>();
  readonly #cards = new Map<number, CardConversation>();

  constructor(options: TraceOptions = {}) {
    this.#scribe = new Scribe(options);
  }

  accept(traffic: Traffic): TraceEntry[] {
    return 'report' in traffic ? this.#report(traffic) : this.#apdu(traffic);
  }

  /** The traffic has ended: entries for messages that were never whole. */
  finish(): TraceEntry[] {
    return [...this.#hid.values()].flatMap((conversation) => conversation.finish());
  }

  #report(traffic: ReportTraffic): TraceEntry[] {
    const { plug, report } = traffic;
    const hid = of(this.#hid, plug, () => new HidConversation(this.#scribe, plug));
    const carried = report[0] === CARRIER_MAGIC && isCarrierFrame(report) && !hid.knows(packetChannel(report));
    const conversation = carried ? of(this.#carrier, plug, () => new CarrierConversation(this.#scribe, plug)) : hid;
    return conversation.accept(traffic);
  }

  #apdu(traffic: ApduTraffic): TraceEntry[] {
    const { plug } = traffic;
    return of(this.#cards, plug, () => new CardConversation(this.#scribe, plug)).accept(traffic);
  }
}

function of<T>(conversations: Map<number, T>, plug: number, begin: () => T): T {
  const conversation = conversations.get(plug) ?? begin();
  conversations.set(plug, conversation);
  return conversation;
}

/** A whole trace at once. */
export function decodeTrace(traffic: Iterable<Traffic>, options: TraceOptions = {}): TraceEntry[] {
  const decoder = new TraceDecoder(options);
  const entries: TraceEntry[] = [];
  for (const passing of traffic) entries.push(...decoder.accept(passing));
  return [...entries, ...decoder.finish()];
}
