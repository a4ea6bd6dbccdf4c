/** Measures two operations against each other, turn by turn, so that a slow moment of the machine hits both. */
import { performance } from 'node:perf_hooks';

/** Runs the operation `count` times, one after the other. */
export type Operation = (count: number) => Promise<void> | void;

export interface Contest {
  readonly name: string;
  readonly subject: Operation;
  /** What `reference` is, in words. */
  readonly against: string;
  readonly reference: Operation;
  /** Frees what the contest held. */
  close?(): Promise<void> | void;
}

/** What a contest needs is not on this machine. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** One row of the bench. */
export interface Measurement {
  readonly name: string;
  /** Operations a second, the median of all rounds. */
  readonly perSecond: number;
  readonly reference: string;
  readonly referencePerSecond: number;
  /** perSecond over referencePerSecond. */
  readonly ratio: number;
}

export interface RoundOptions {
  /** At least five. */
  readonly rounds: number;
  /** About how long each side of a round takes, in milliseconds. */
  readonly duration: number;
}

async function time(operation: Operation, count: number): Promise<number> {
  const begin = performance.now();
  await operation(count);
  return performance.now() - begin;
}

/** How often the operation must run to take `duration`; warms it up on the way. */
async function calibrate(operation: Operation, duration: number): Promise<number> {
  let count = 1;
  for (;;) {
    const took = await time(operation, count);
    if (took >= duration / 2) return Math.max(1, Math.round((count * duration) / took));
    count = Math.max(count * 2, Math.min(count * 16, Math.floor((count * duration) / 2 / Math.max(took, 0.01))));
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Plays the contest; reference and subject take turns. */
export async function measure(contest: Contest, options: RoundOptions): Promise<Measurement> {
  const { subject, reference, name, against } = contest;
  const referenceCount = await calibrate(reference, options.duration);
  const subjectCount = await calibrate(subject, options.duration);
  const speeds = { subject: [] as number[], reference: [] as number[] };
  for (let round = 0; round < options.rounds; round++) {
    speeds.reference.push((referenceCount * 1000) / (await time(reference, referenceCount)));
    speeds.subject.push((subjectCount * 1000) / (await time(subject, subjectCount)));
  }
  const perSecond = median(speeds.subject);
  const referencePerSecond = median(speeds.reference);
  return { name, perSecond, reference: against, referencePerSecond, ratio: perSecond / referencePerSecond };
}
