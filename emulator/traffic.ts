/** Lets others see what goes into a key and out of it. */
import type { Traffic, TrafficDirection } from '../ctap/trace/traffic.ts';
import type { Clock } from './environment.ts';
import type { CardPlug } from './transports/attachment.ts';

/** Gets copies, which it may keep. */
export type TrafficListener = (traffic: Traffic) => void;

export interface TrafficTapOptions {
  readonly clock: Clock;
  /** Told of what a listener throws; the key goes on. */
  readonly onDefect: (error: unknown) => void;
}

/** The taps of one key's plugs. While nobody listens, each report costs one comparison. */
export class TrafficTap {
  readonly #options: TrafficTapOptions;
  readonly #listeners = new Set<TrafficListener>();
  #plugs = 0;

  constructor(options: TrafficTapOptions) {
    this.#options = options;
  }

  /** @returns ends the listening; further calls do nothing */
  listen(listener: TrafficListener): () => void {
    const own: TrafficListener = (traffic) => listener(traffic); // the same function may listen twice
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Takes the reports of a new plug. */
  reports(): (direction: TrafficDirection, report: Uint8Array) => void {
    const plug = ++this.#plugs;
    return (direction, report) => {
      if (this.#listeners.size > 0) this.#tell({ ...this.#passing(plug, direction), report: new Uint8Array(report) });
    };
  }

  /** The same card in its reader, overheard. */
  card(card: CardPlug): CardPlug {
    const plug = ++this.#plugs;
    const pass = (direction: TrafficDirection, apdu: Uint8Array) => {
      if (this.#listeners.size > 0) this.#tell({ ...this.#passing(plug, direction), apdu: new Uint8Array(apdu) });
    };
    return {
      reset: () => card.reset(),
      remove: () => card.remove(),
      async transmit(apdu) {
        pass('in', apdu);
        const answer = await card.transmit(apdu);
        pass('out', answer);
        return answer;
      },
    };
  }

  #passing(plug: number, direction: TrafficDirection) {
    return { at: this.#options.clock.now(), plug, direction };
  }

  #tell(traffic: Traffic): void {
    for (const listener of this.#listeners) {
      try {
        listener(traffic);
      } catch (error) {
        this.#options.onDefect(error);
      }
    }
  }
}
