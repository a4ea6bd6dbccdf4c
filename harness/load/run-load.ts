/** Users at a relying party, all at once, each taking one turn after the other. */
import { type LoadSummary, summarize } from './summary.ts';
import { LoadUser } from './user.ts';

/** What users do. */
export interface LoadFlow {
  /** Once for each user, before the clock starts. */
  readonly begin?: ((user: LoadUser) => unknown) | undefined;
  /** One turn. What it throws is counted, and the next turn begins. */
  readonly turn: (user: LoadUser) => unknown;
}

export interface LoadOptions {
  readonly origin: string;
  readonly users: number;
  /** Milliseconds in which turns begin. */
  readonly duration: number;
  /** Milliseconds that a turn may take. */
  readonly timeout: number;
  /** Ends it early: turns under way are finished. */
  readonly signal?: AbortSignal | undefined;
  /** Told of users that have begun, then of turns. */
  readonly onProgress?: ((phase: 'begin' | 'turn', done: number, failed: number) => void) | undefined;
}

/** @throws Error of the first user that cannot begin; TypeError for an origin that is none */
export async function runLoad(flow: LoadFlow, options: LoadOptions): Promise<LoadSummary> {
  const { origin, users: count, duration, timeout, signal, onProgress = () => {} } = options;
  const users: LoadUser[] = [];
  try {
    for (let number = 1; number <= count; number++) users.push(await LoadUser.open(number, origin));
    let begun = 0;
    await Promise.all(
      users.map(async (user) => {
        await within(user, timeout, flow.begin ?? (() => {}));
        begun += 1;
        onProgress('begin', begun, 0);
      }),
    );
    const latencies: number[] = [];
    const errors = new Map<string, number>();
    let failed = 0;
    const began = performance.now();
    const isOver = () => signal?.aborted === true || performance.now() - began >= duration;
    await Promise.all(
      users.map(async (user) => {
        while (!isOver()) {
          const started = performance.now();
          try {
            await within(user, timeout, flow.turn);
            latencies.push(performance.now() - started);
          } catch (error) {
            const message = textOf(error);
            errors.set(message, (errors.get(message) ?? 0) + 1);
            failed += 1;
          }
          onProgress('turn', latencies.length + failed, failed);
        }
      }),
    );
    return summarize({ origin, users: count, milliseconds: performance.now() - began, latencies, errors });
  } finally {
    for (const user of users) await user.close();
  }
}

/** Ends what a user does when it takes too long, even where the flow heeds no signal. */
async function within(user: LoadUser, timeout: number, act: (user: LoadUser) => unknown): Promise<void> {
  const control = new AbortController();
  user.signal = control.signal;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`nothing came of it within ${timeout} ms`);
      control.abort(error);
      reject(error);
    }, timeout);
  });
  try {
    await Promise.race([Promise.resolve(act(user)), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** fetch() says "fetch failed", and why in its cause. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message || error.cause.name}` : '';
  return `${error.message}${cause}`;
}
