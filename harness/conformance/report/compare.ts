/** Two runs side by side: firmware A and B of a key, or one key and another. */
import type { CheckResult, JudgedKey, Outcome, Run } from '../result.ts';

/** What became of a check from the first run to the second. */
export type ChangeKind =
  /** It did not hold, and does now. */
  | 'fixed'
  /** It does not hold any more. */
  | 'broken'
  /** It came to apply, or to be run, or the other way round; or one run has no such check. */
  | 'other';

export interface ChangedCheck {
  readonly id: string;
  readonly group: string;
  readonly section: string;
  readonly statement: string;
  readonly kind: ChangeKind;
  /** Null where that run has no such check. */
  readonly before: Outcome | null;
  readonly after: Outcome | null;
  readonly reasonBefore?: string;
  readonly reasonAfter?: string;
}

export interface ComparedRun {
  readonly key: JudgedKey;
  readonly startedAt: string;
  readonly complete: boolean;
  readonly counts: Run['counts'];
}

export interface Comparison {
  readonly format: 'ctaplab-conformance-comparison';
  readonly version: 1;
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  readonly counts: Readonly<Record<ChangeKind | 'same', number>>;
  /** Checks that fail in both. */
  readonly stillFailing: readonly string[];
  /** In the order of the second run; checks that it has no more come last. */
  readonly changes: readonly ChangedCheck[];
}

export function compareRuns(before: Run, after: Run): Comparison {
  const [was, is] = [before, after].map(({ results }) => new Map(results.map((result) => [result.id, result])));
  const ids = [...new Set([...is!.keys(), ...was!.keys()])];
  const changes = ids.flatMap((id) => changeOf(was!.get(id), is!.get(id)));
  const count = (kind: ChangeKind) => changes.filter((change) => change.kind === kind).length;
  return {
    format: 'ctaplab-conformance-comparison',
    version: 1,
    before: summary(before),
    after: summary(after),
    counts: {
      fixed: count('fixed'),
      broken: count('broken'),
      other: count('other'),
      same: ids.length - changes.length,
    },
    stillFailing: ids.filter((id) => was!.get(id)?.outcome === 'failed' && is!.get(id)?.outcome === 'failed'),
    changes,
  };
}

function changeOf(before: CheckResult | undefined, after: CheckResult | undefined): ChangedCheck[] {
  if (before?.outcome === after?.outcome) return [];
  const { id, group, section, statement } = (after ?? before)!;
  return [
    {
      id,
      group,
      section,
      statement,
      kind: kindOf(before?.outcome, after?.outcome),
      before: before?.outcome ?? null,
      after: after?.outcome ?? null,
      ...(before?.reason === undefined ? {} : { reasonBefore: before.reason }),
      ...(after?.reason === undefined ? {} : { reasonAfter: after.reason }),
    },
  ];
}

function kindOf(before: Outcome | undefined, after: Outcome | undefined): ChangeKind {
  if (after !== undefined && isBad(after)) return 'broken'; // outcomes differ, so it was not as bad before
  return before !== undefined && isBad(before) && after === 'passed' ? 'fixed' : 'other';
}

function isBad(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'warning';
}

function summary({ key, startedAt, complete, counts }: Run): ComparedRun {
  return { key, startedAt, complete, counts };
}
