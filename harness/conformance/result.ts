/** What a run of the checks has found: the one shape that every report is made of, and that is written as JSON. */

export type Outcome =
  /** It holds. */
  | 'passed'
  /** It does not hold, and must. */
  | 'failed'
  /** It does not hold, and should. */
  | 'warning'
  /** The key's own description rules it out. */
  | 'not-applicable'
  /** It applies, but was not tried: not allowed, too slow, or the run was interrupted. */
  | 'not-run';

export interface CheckResult {
  readonly id: string;
  /** The file of checks that it is in, as `authenticatorMakeCredential`. */
  readonly group: string;
  readonly section: string;
  readonly statement: string;
  readonly severity: 'error' | 'warning';
  readonly outcome: Outcome;
  /** Why: of every outcome but `passed`. */
  readonly reason?: string;
  readonly milliseconds: number;
  /** What went over the wire, of checks that were run. */
  readonly traffic?: readonly TrafficJSON[];
  /** How many more reports there were than are kept. */
  readonly trafficDropped?: number;
}

export interface TrafficJSON {
  /** Milliseconds since the check began. */
  readonly at: number;
  /** `in`: to the key. */
  readonly direction: 'in' | 'out';
  /** A report or an APDU, hexadecimal; zeros at the end of a report are left out. */
  readonly bytes: string;
}

export interface JudgedKey {
  /** DEVICE name. */
  readonly device: string;
  readonly product: string;
  readonly virtual: boolean;
  readonly carrier: 'hid' | 'card';
  /** Device version of CTAPHID_INIT; null for a key that did not answer that. */
  readonly deviceVersion: string | null;
  /** Bits of CTAPHID_INIT; null as well. */
  readonly capabilities: number | null;
  readonly versions: readonly string[];
  /** 32 hexadecimal digits; null for a key of U2F alone. */
  readonly aaguid: string | null;
  readonly firmwareVersion: number | null;
}

export interface Run {
  readonly format: 'ctaplab-conformance';
  readonly version: 1;
  /** Of this program. */
  readonly program: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly key: JudgedKey;
  /** False where it was interrupted, or the key is gone: the rest is `not-run`. */
  readonly complete: boolean;
  /** What else whoever reads the report has to know, as what stays on the key. */
  readonly notes: readonly string[];
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly results: readonly CheckResult[];
}

/** Nothing that must hold failed, and all was tried that was to be. */
export function isGood({ counts, complete }: Run): boolean {
  return counts.failed === 0 && complete;
}

export function countOutcomes(results: readonly CheckResult[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { passed: 0, failed: 0, warning: 0, 'not-applicable': 0, 'not-run': 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

/** Results by their group, in the order of the first of each. */
export function byGroup(results: readonly CheckResult[]): ReadonlyMap<string, readonly CheckResult[]> {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) groups.set(result.group, [...(groups.get(result.group) ?? []), result]);
  return groups;
}
