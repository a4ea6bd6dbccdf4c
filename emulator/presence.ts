/** Ways for a virtual key to be touched: at once, never, after a delay, or when somebody says so. */
import type { Abortable, Clock, PresenceAnswer, PresenceRequest, UserPresence } from './environment.ts';

/** Touches at once. */
export const autoPresence: UserPresence = { request: () => 'touched' };

/** Refuses at once, as a key whose user presses "no". */
export const denyPresence: UserPresence = { request: () => 'denied' };

/** How long a key waits for its touch, in milliseconds: CTAP 2.3 §6 wants 10 s at least, real keys take 30. */
export const PRESENCE_TIMEOUT = 30_000;

/** Settles with `answer` after `milliseconds`, or rejects with the signal's reason. */
function answerAfter(
  clock: Clock,
  milliseconds: number,
  answer: PresenceAnswer,
  signal: AbortSignal,
): Promise<PresenceAnswer> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', abort);
      resolve(answer);
    });
    const abort = () => {
      timer.cancel();
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Touches, or answers otherwise, `milliseconds` after the key asks; later than the key waits, it times out. */
export function delayedPresence(
  clock: Clock,
  milliseconds: number,
  answer: 'touched' | 'denied' = 'touched',
): UserPresence {
  return {
    request: (_, { signal }) =>
      milliseconds < PRESENCE_TIMEOUT
        ? answerAfter(clock, milliseconds, answer, signal)
        : answerAfter(clock, PRESENCE_TIMEOUT, 'timeout', signal),
  };
}

/** A question that waits for somebody's answer. */
export interface PendingPresence {
  readonly request: PresenceRequest;
  /** Clock time of the question, in milliseconds. */
  readonly since: number;
}

interface Waiting extends PendingPresence {
  settle(answer: PresenceAnswer): void;
}

/** Waits until `touch` or `deny` is called, or the key's patience ends. */
export class ManualPresence implements UserPresence {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting[] = [];

  constructor(clock: Clock, timeout: number = PRESENCE_TIMEOUT) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** What is asked right now, the oldest question first. */
  get pending(): readonly PendingPresence[] {
    return this.#waiting;
  }

  /** Calls `listener` whenever a question comes or goes; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Touches the key. False where nothing waits for it. */
  touch(): boolean {
    return this.#answer('touched');
  }

  /** Refuses what is asked. False where nothing is. */
  deny(): boolean {
    return this.#answer('denied');
  }

  request(request: PresenceRequest, { signal }: Abortable): Promise<PresenceAnswer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = () => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        this.#changed();
      };
      const waiting: Waiting = {
        request,
        since: this.#clock.now(),
        settle: (answer) => {
          leave();
          resolve(answer);
        },
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const timer = this.#clock.after(this.#timeout, () => waiting.settle('timeout'));
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting = [...this.#waiting, waiting];
      this.#changed();
    });
  }

  #answer(answer: PresenceAnswer): boolean {
    const [oldest] = this.#waiting;
    oldest?.settle(answer);
    return oldest !== undefined;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
