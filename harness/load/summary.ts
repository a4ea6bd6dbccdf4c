/** What came of a load, in figures. */

export interface LoadRecord {
  readonly origin: string;
  readonly users: number;
  readonly milliseconds: number;
  /** Of turns that held, in milliseconds. */
  readonly latencies: readonly number[];
  /** How often each message came. */
  readonly errors: ReadonlyMap<string, number>;
}

export interface LoadSummary {
  readonly origin: string;
  readonly users: number;
  readonly seconds: number;
  /** All that were taken, failed ones included. */
  readonly turns: number;
  readonly failed: number;
  /** Turns that held, by the second. */
  readonly perSecond: number;
  /** Milliseconds of the turns that held; undefined where none did. */
  readonly latency?: { readonly median: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** The most frequent first. */
  readonly errors: readonly { readonly message: string; readonly count: number }[];
}

export function summarize({ origin, users, milliseconds, latencies, errors }: LoadRecord): LoadSummary {
  const sorted = [...latencies].sort((one, other) => one - other);
  /** By nearest rank. */
  const percentile = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
  const failures = [...errors].map(([message, count]) => ({ message, count })).sort((a, b) => b.count - a.count);
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const seconds = milliseconds / 1000;
  return {
    origin,
    users,
    seconds,
    turns: sorted.length + failed,
    failed,
    perSecond: sorted.length / seconds,
    ...(sorted.length > 0 && {
      latency: { median: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99), max: sorted.at(-1)! },
    }),
    errors: failures,
  };
}
