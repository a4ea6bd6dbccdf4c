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
  /** Device version of CTAPHID_INIT. */
  readonly deviceVersion: string;
  /** Bits of CTAPHID_INIT. */
  readonly capabilities: number;
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
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly results: readonly CheckResult[];
}

export function countOutcomes(results: readonly CheckResult[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { passed: 0, failed: 0, warning: 0, 'not-applicable': 0, 'not-run': 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}
