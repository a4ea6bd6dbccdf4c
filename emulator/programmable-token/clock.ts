/** A token's own clock: set once in a while, off by a few parts per million between. */
import { ByteReader, uintBytes } from '../../ctap/byte-reader.ts';
import { concat } from '../../ctap/bytes.ts';
import type { Environment } from '../environment.ts';

const PATH = 'token/clock';
const MILLION = 1_000_000;
/** Times are stored in milliseconds, which fit in six bytes until the year 10889. */
const TIME_SIZE = 6;

export class TokenClock {
  readonly #environment: Pick<Environment, 'clock' | 'store'>;
  readonly #driftPpm: number;

  /** @param driftPpm parts per million by which it runs fast */
  constructor(environment: Pick<Environment, 'clock' | 'store'>, driftPpm: number) {
    this.#environment = environment;
    this.#driftPpm = driftPpm;
  }

  /** Seconds since 1970 by the token's crystal, fractions included. */
  now(): number {
    const world = this.#environment.clock.now();
    const stored = this.#environment.store.get(PATH);
    if (stored === undefined) return world / 1000;
    const reader = new ByteReader(stored, PATH);
    const setAt = reader.uint(TIME_SIZE, 'moment of setting');
    const setTo = reader.uint(TIME_SIZE, 'time that was set');
    const passed = Math.max(0, world - setAt); // a world whose clock was set back does not turn a crystal back
    return (setTo + passed * (1 + this.#driftPpm / MILLION)) / 1000;
  }

  /** Sets it to so many seconds since 1970. */
  async set(seconds: number): Promise<void> {
    const setAt = Math.floor(this.#environment.clock.now());
    const value = concat(uintBytes(setAt, TIME_SIZE), uintBytes(Math.floor(seconds * 1000), TIME_SIZE));
    await this.#environment.store.commit([{ path: PATH, value }]);
  }
}
