/** The channels that hosts have allocated on one plug: CTAP 2.3 §11.2.4 and §11.2.9.1.3. */
import { BROADCAST_CHANNEL, packetChannel, RESERVED_CHANNEL } from '../../ctap/hid/packet.ts';
import { CARRIER_MAGIC } from '../../ctap/token2/hid-carrier.ts';
import type { Random } from '../environment.ts';

/** Hosts never give channels back, so a key that stays plugged in has to forget some. */
export const MAX_CHANNELS = 1024;

export class Channels {
  readonly #random: Random;
  /** Each channel with the turn of its last use. */
  readonly #lastUse = new Map<number, number>();
  #turn = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** True for an allocated channel, which counts as used then. */
  use(channel: number): boolean {
    if (!this.#lastUse.has(channel)) return false;
    this.#lastUse.set(channel, ++this.#turn);
    return true;
  }

  /** A new channel. Where there are too many, the one that was unused for longest goes, but never one of `kept`. */
  allocate(kept: readonly (number | undefined)[]): number {
    if (this.#lastUse.size >= MAX_CHANNELS) this.#forgetOldest(kept);
    let channel = packetChannel(this.#random.bytes(4));
    while (!this.#isFree(channel)) channel = next(channel);
    this.#lastUse.set(channel, ++this.#turn);
    return channel;
  }

  #isFree(channel: number): boolean {
    return (
      channel !== RESERVED_CHANNEL &&
      channel !== BROADCAST_CHANNEL &&
      // so that the first byte of a report tells a CTAPHID packet from Token2's own carrier
      channel >>> 24 !== CARRIER_MAGIC &&
      !this.#lastUse.has(channel)
    );
  }

  #forgetOldest(kept: readonly (number | undefined)[]): void {
    let oldest: number | undefined;
    let oldestUse = Number.POSITIVE_INFINITY;
    for (const [channel, lastUse] of this.#lastUse) {
      if (lastUse < oldestUse && !kept.includes(channel)) {
        oldest = channel;
        oldestUse = lastUse;
      }
    }
    if (oldest !== undefined) this.#lastUse.delete(oldest);
  }
}

/** The channel after one that cannot be given; the carrier's sixteen million are left behind at once. */
function next(channel: number): number {
  return channel >>> 24 === CARRIER_MAGIC ? ((CARRIER_MAGIC + 1) << 24) >>> 0 : (channel + 1) >>> 0;
}
