/** The exclusive lock of one channel: CTAP 2.3 §11.2.9.2.2. */
import { MAX_LOCK_SECONDS } from '../../ctap/hid/channel-messages.ts';
import { HidError } from '../../ctap/hid/packet.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Clock, Timer } from '../environment.ts';

export class ChannelLock {
  readonly #clock: Clock;
  #channel: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The channel that holds the lock. */
  get channel(): number | undefined {
    return this.#channel;
  }

  /** True where `channel` may begin a transaction. */
  allows(channel: number): boolean {
    return this.#channel === undefined || this.#channel === channel;
  }

  /**
   * Takes or renews the lock for so many seconds; 0 gives it back.
   * @throws CtapError CTAP1_ERR_INVALID_PARAMETER for over 10 seconds, with no change
   */
  hold(channel: number, seconds: number): void {
    if (seconds > MAX_LOCK_SECONDS) {
      throw new CtapError(HidError.INVALID_PAR, `expected a lock of at most ${MAX_LOCK_SECONDS} s, got ${seconds} s`);
    }
    this.release();
    if (seconds === 0) return;
    this.#channel = channel;
    this.#timer = this.#clock.after(seconds * 1000, () => this.release());
  }

  release(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#channel = undefined;
  }
}
