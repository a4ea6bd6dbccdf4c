/** The clock of a lab: the system's, until somebody sets it, moves it on, or stops it. */
import { systemClock } from '../clock.ts';
import type { Clock, Timer } from '../environment.ts';

/** See {@link LabClockOptions.pacing}; the timers of a key on the bus are among them. */
const PACING = 1000;

export interface LabClockOptions {
  /** What it runs by. Default: the system's clock. */
  readonly base?: Clock | undefined;
  /**
   * Timers up to this many milliseconds pace what a key does on the bus: its keepalives, its typing. Real time drives
   * them even while the clock stands still, or no host would wait for an answer. Default 1000; 0: there are none such.
   */
  readonly pacing?: number | undefined;
}

interface Waiting {
  /** Time of this clock. */
  at: number;
  readonly action: () => void;
  timer: Timer | undefined;
}

export interface ClockState {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly frozen: boolean;
  /** Milliseconds by which it is ahead of the system's clock. */
  readonly offset: number;
}

export class LabClock implements Clock {
  readonly #base: Clock;
  readonly #pacing: number;
  readonly #waiting = new Set<Waiting>();
  #offset = 0;
  #frozenAt: number | undefined;

  constructor({ base = systemClock, pacing = PACING }: LabClockOptions = {}) {
    this.#base = base;
    this.#pacing = pacing;
  }

  now(): number {
    return this.#frozenAt ?? this.#base.now() + this.#offset;
  }

  get state(): ClockState {
    const now = this.now();
    return { now, frozen: this.#frozenAt !== undefined, offset: now - this.#base.now() };
  }

  after(milliseconds: number, action: () => void): Timer {
    if (this.#pacing > 0 && milliseconds <= this.#pacing) return this.#base.after(milliseconds, action);
    const waiting: Waiting = { at: this.now() + milliseconds, action, timer: undefined };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return {
      cancel: () => {
        waiting.timer?.cancel();
        this.#waiting.delete(waiting);
      },
    };
  }

  /** Moves it forward; timers that come due fire in the order of their times. */
  advance(milliseconds: number): void {
    const before = this.now();
    this.#go(before, before + milliseconds);
  }

  /** Sets it. Forward it fires timers; backward it leaves them to wait as long as before. */
  set(time: number): void {
    this.#go(this.now(), time);
  }

  #go(before: number, time: number): void {
    const runs = this.#frozenAt === undefined;
    this.#frozenAt = before; // while timers fire no time passes but theirs: what they set anew counts from there
    if (time < before) for (const waiting of this.#waiting) waiting.at += time - before;
    else this.#fireUntil(time);
    this.#frozenAt = time;
    if (runs) this.unfreeze();
    else this.#rearm();
  }

  /** Stops it where it is. */
  freeze(): void {
    this.#frozenAt = this.now();
    this.#rearm();
  }

  /** Lets it run on from where it stands. */
  unfreeze(): void {
    if (this.#frozenAt === undefined) return;
    this.#offset = this.#frozenAt - this.#base.now();
    this.#frozenAt = undefined;
    this.#rearm();
  }

  /** Back to the system's clock. */
  reset(): void {
    this.unfreeze();
    this.set(this.#base.now());
    this.#offset = 0;
  }

  /** What an action sets anew may come due as well. */
  #fireUntil(time: number): void {
    for (;;) {
      let next: Waiting | undefined;
      for (const waiting of this.#waiting) {
        if (waiting.at <= time && (next === undefined || waiting.at < next.at)) next = waiting;
      }
      if (next === undefined) return;
      this.#frozenAt = Math.max(this.now(), next.at);
      this.#fire(next);
    }
  }

  #fire(waiting: Waiting): void {
    waiting.timer?.cancel();
    this.#waiting.delete(waiting);
    waiting.action();
  }

  #rearm(): void {
    for (const waiting of this.#waiting) this.#arm(waiting);
  }

  #arm(waiting: Waiting): void {
    waiting.timer?.cancel();
    waiting.timer =
      this.#frozenAt === undefined
        ? this.#base.after(Math.max(0, waiting.at - this.now()), () => this.#fire(waiting))
        : undefined;
  }
}
