/** Runs checks over a key, one after the other, whatever the key does. */
import type { Bench } from './bench.ts';
import type { Check, CheckGroup } from './check.ts';
import { type Examination, examine } from './examine.ts';
import { type Allowance, type KeyFacts, notApplicable, notRun } from './needs.ts';
import { type CheckResult, countOutcomes, type Run } from './result.ts';
import { type ListedCheck, resultOf, tryOut } from './try-out.ts';

export interface RunOptions {
  readonly groups: readonly CheckGroup[];
  readonly allowance: Allowance;
  /** Of this program, for the report. */
  readonly program: string;
  /** What an interrupted run has found already: these checks are not run again. */
  readonly before?: readonly CheckResult[] | undefined;
  /** Told once what the key is and which checks will be run; rejecting ends the run before it begins. */
  readonly onPlan?: ((plan: Plan) => Promise<void> | void) | undefined;
  /** Told before each check that is run. */
  readonly onCheck?: ((check: Check, progress: Progress) => void) | undefined;
  readonly onResult?: ((result: CheckResult) => void) | undefined;
  /** Aborting ends the run after the check under way. */
  readonly signal?: AbortSignal | undefined;
  /** Aborting leaves the check under way, too; what it does after that is left to itself, and nothing is cleaned up. */
  readonly abandon?: AbortSignal | undefined;
}

export interface Plan extends Examination {
  /** The checks that will be run, in their order. */
  readonly checks: readonly Check[];
}

/** How far a run has come. */
export interface Progress {
  readonly done: number;
  /** Checks that are run. */
  readonly total: number;
  /** What the rest takes. */
  readonly left: Effort;
}

/** What checks ask of a person. */
export interface Effort {
  readonly touches: number;
  readonly resets: number;
  /** That they wait on purpose. */
  readonly seconds: number;
}

/** Checks in a row for which the key could not be made ready: then it is gone, or past helping. */
const MOST_NOT_READY = 3;

const INTERRUPTED = 'the run was interrupted';
const LEFT_AS_IT_IS = 'The run was ended at once: what its checks made is still on the key.';

/** Judges the key. Never rejects for what the key does: that is in the results. */
export async function runChecks(bench: Bench, options: RunOptions): Promise<Run> {
  const startedAt = new Date();
  const { facts, key } = await examine(bench);
  const listed = options.groups.flatMap(({ name, checks }) => checks.map((check) => ({ group: name, check })));
  const { results, due } = sift(listed, facts, options);
  await options.onPlan?.({ facts, key, checks: due.map(({ check }) => check) });
  const gone = await runAll(bench, due, results, options);
  const notes = [
    ...(gone === undefined ? [] : [gone]),
    ...(options.abandon?.aborted ? [LEFT_AS_IT_IS] : await finish(bench, due)),
  ];
  const inFile = listed.map(({ check }) => results.get(check.id)!);
  return {
    format: 'ctaplab-conformance',
    version: 1,
    program: options.program,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    key,
    complete:
      gone === undefined && facts.unexamined === undefined && !options.signal?.aborted && !options.abandon?.aborted,
    notes: facts.unexamined === undefined ? notes : [`The key could not be examined: ${facts.unexamined}.`, ...notes],
    counts: countOutcomes(inFile),
    results: inFile,
  };
}

/** Results that are known without asking the key, and the checks that are to be run, in their order. */
function sift(listed: readonly ListedCheck[], facts: KeyFacts, { before = [], allowance }: RunOptions) {
  const known = new Map(before.map((result) => [result.id, result]));
  const results = new Map<string, CheckResult>();
  const due: ListedCheck[] = [];
  for (const item of listed) {
    const { check } = item;
    const ruledOut = notApplicable(check, facts);
    const already = known.get(check.id);
    const held = notRun(check, facts, allowance);
    if (ruledOut !== undefined) results.set(check.id, resultOf(item, 'not-applicable', 0, ruledOut));
    else if (already !== undefined && already.outcome !== 'not-run') results.set(check.id, already);
    else if (held !== undefined) results.set(check.id, resultOf(item, 'not-run', 0, held));
    else due.push(item);
  }
  return { results, due: inOrder(due, facts) };
}

/** Checks that leave the key as it is come first, by the state that they ask for: few resets, few touches. */
function inOrder(due: readonly ListedCheck[], { info }: KeyFacts): ListedCheck[] {
  const hasPin = info?.options?.clientPin ?? false;
  const rank = ({ check: { needs = {} } }: ListedCheck) =>
    (needs.spoils ? 4 : 0) + (needs.finger ? 2 : 0) + ((needs.pin ?? hasPin) === hasPin ? 0 : 1);
  return [...due].sort((a, b) => rank(a) - rank(b));
}

/** @returns why the run ended before its end, where the key was the reason */
async function runAll(
  bench: Bench,
  due: readonly ListedCheck[],
  results: Map<string, CheckResult>,
  { signal, abandon, onCheck, onResult }: RunOptions,
): Promise<string | undefined> {
  let spoiled = false;
  let notReady = 0;
  for (const [index, item] of due.entries()) {
    const isOver = notReady >= MOST_NOT_READY;
    if (signal?.aborted || abandon?.aborted || isOver) {
      const reason = isOver ? 'the key could not be made ready for the checks before' : INTERRUPTED;
      results.set(item.check.id, resultOf(item, 'not-run', 0, reason));
      continue;
    }
    const left = effort(due.slice(index).map(({ check }) => check));
    onCheck?.(item.check, { done: index, total: due.length, left });
    const tried = await unlessAbandoned(tryOut(bench, item, spoiled), abandon);
    if (tried === undefined) {
      results.set(item.check.id, resultOf(item, 'not-run', 0, INTERRUPTED));
      continue;
    }
    const { result, beginning } = tried;
    if (beginning === 'done') spoiled = item.check.needs?.spoils === true;
    if (beginning !== 'left-out') notReady = beginning === 'done' ? 0 : notReady + 1;
    results.set(item.check.id, result);
    onResult?.(result);
  }
  return notReady >= MOST_NOT_READY ? 'The key could not be made ready any more, so the run ended early.' : undefined;
}

/** What the work resolves to; undefined once it is given up. */
async function unlessAbandoned<T>(work: Promise<T>, abandon: AbortSignal | undefined): Promise<T | undefined> {
  if (abandon === undefined) return work;
  let stop = () => {};
  const given = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    abandon.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    abandon.removeEventListener('abort', stop);
  }
}

/** What checks take together. */
export function effort(checks: readonly Check[]): Effort {
  const sum = (of: (check: Check) => number) => checks.reduce((total, check) => total + of(check), 0);
  return {
    touches: sum(({ needs }) => needs?.touches ?? 0),
    resets: sum(({ needs }) => (needs?.spoils ? 1 : 0)),
    seconds: sum(({ needs }) => needs?.seconds ?? 0),
  };
}

async function finish(bench: Bench, run: readonly ListedCheck[]): Promise<readonly string[]> {
  try {
    return (await bench.finish?.({ otpEntries: run.some(({ check }) => check.needs?.token2) })) ?? [];
  } catch (error) {
    return [`What the checks left on the key could not be taken away: ${messageOf(error)}.`];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
