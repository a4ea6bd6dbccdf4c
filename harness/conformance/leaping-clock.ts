/** The system's clock, which the judge may set forward: waiting for half a minute takes no time. */
import type { Clock, Timer } from '../../emulator/environment.ts';

interface Waiting {
  readonly at: number;
  readonly action: () => void;
  timer: NodeJS.Timeout;
}

export class LeapingClock implements Clock {
  #ahead = 0;
  #waiting = new Set<Waiting>();

  now(): number {
    return Date.now() + this.#ahead;
  }

  after(milliseconds: number, action: () => void): Timer {
    const waiting: Waiting = {
      at: this.now() + milliseconds,
      action,
      timer: this.#start(milliseconds, () => this.#fire(waiting)),
    };
    this.#waiting.add(waiting);
    return { cancel: () => this.#end(waiting) };
  }

  /** Sets the clock forward; timers that are due fire in the order of their times. */
  leap(milliseconds: number): void {
    const until = this.now() + milliseconds;
    this.#ahead += milliseconds;
    const due = [...this.#waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    for (const waiting of due) this.#fire(waiting);
    for (const waiting of this.#waiting) {
      clearTimeout(waiting.timer);
      waiting.timer = this.#start(waiting.at - this.now(), () => this.#fire(waiting));
    }
  }

  /** Ends all timers. */
  stop(): void {
    for (const waiting of [...this.#waiting]) this.#end(waiting);
  }

  #start(milliseconds: number, action: () => void): NodeJS.Timeout {
    return setTimeout(action, Math.max(0, milliseconds)).unref();
  }

  #fire(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return; // cancelled by one that fired before
    this.#end(waiting);
    waiting.action();
  }

  #end(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}
