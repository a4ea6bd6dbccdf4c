/** Clocks: the system's, and one that tests and labs set. */
import type { Clock, Timer } from './environment.ts';

/** The system's clock. Its timers do not keep the process alive: what a key is plugged into does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export interface ManualClock extends Clock {
  /** Moves the clock forward, firing timers in the order of their times. */
  advance(milliseconds: number): void;
  /** Sets the clock; forward it fires timers, backward it leaves them to wait as long as before. */
  set(time: number): void;
}

interface Waiting {
  at: number;
  readonly action: () => void;
}

/** A clock that stands still until it is moved. */
export function manualClock(start: number): ManualClock {
  let now = start;
  let waiting: Waiting[] = [];
  const next = (until: number) =>
    waiting
      .filter(({ at }) => at <= until)
      .reduce<Waiting | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined);
  const clock: ManualClock = {
    now: () => now,
    after(milliseconds, action): Timer {
      const entry = { at: now + milliseconds, action };
      waiting.push(entry);
      return {
        cancel() {
          waiting = waiting.filter((other) => other !== entry);
        },
      };
    },
    advance(milliseconds) {
      const until = now + milliseconds;
      for (let due = next(until); due; due = next(until)) {
        waiting.splice(waiting.indexOf(due), 1);
        now = Math.max(now, due.at);
        due.action();
      }
      now = until;
    },
    set(time) {
      if (time >= now) {
        clock.advance(time - now);
        return;
      }
      for (const entry of waiting) entry.at += time - now;
      now = time;
    },
  };
  return clock;
}
