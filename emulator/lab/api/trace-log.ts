/** What went over the wire of each key lately: enough to look at, however long the lab runs. */
import type { Traffic } from '../../../ctap/trace/traffic.ts';
import type { Lab } from '../lab.ts';

/** Reports and APDUs that are kept, of all keys together; the oldest go. */
export const MAX_TRAFFIC = 50_000;

interface Passed {
  readonly key: string;
  readonly traffic: Traffic;
}

export class TraceLog {
  readonly #lab: Lab;
  readonly #most: number;
  readonly #taps = new Map<string, () => void>();
  #passed: Passed[] = [];

  constructor(lab: Lab, most: number = MAX_TRAFFIC) {
    this.#lab = lab;
    this.#most = most;
    for (const id of lab.keys.keys()) this.#tap(id);
    lab.events.subscribe((event) => {
      if (event.type === 'key') this.#tap(event.id);
      else if (event.type === 'key-removed') this.#untap(event.id);
    });
  }

  /** Of one key, in order. */
  of(key: string): Traffic[] {
    return this.#passed.filter((passed) => passed.key === key).map(({ traffic }) => traffic);
  }

  clear(key: string): void {
    this.#passed = this.#passed.filter((passed) => passed.key !== key);
  }

  #tap(id: string): void {
    const key = this.#lab.keys.get(id);
    if (key === undefined || this.#taps.has(id)) return;
    this.#taps.set(
      id,
      key.key.onTraffic((traffic) => {
        this.#passed.push({ key: id, traffic });
        // Cut seldom, so that it costs little.
        if (this.#passed.length > this.#most * 1.5) this.#passed = this.#passed.slice(-this.#most);
      }),
    );
  }

  #untap(id: string): void {
    this.#taps.get(id)?.();
    this.#taps.delete(id);
    this.clear(id);
  }
}
