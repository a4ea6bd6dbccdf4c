/** Runs that tests of reports read. */
import { findModel } from '../../../../emulator/models/index.ts';
import { checkGroups } from '../../../../harness/conformance/checks/index.ts';
import { type CheckResult, countOutcomes, type Run } from '../../../../harness/conformance/result.ts';
import { runChecks } from '../../../../harness/conformance/runner.ts';
import { VirtualBench } from '../../../../harness/conformance/virtual-bench.ts';

/** Checks of CTAPHID and getInfo over a fresh key with these faults. */
export async function exampleRun(faults: readonly string[] = [], model = 'token2-r3'): Promise<Run> {
  const bench = new VirtualBench({ model: findModel(model), faults });
  const groups = checkGroups.filter(({ name }) => name === 'CTAPHID framing' || name === 'authenticatorGetInfo');
  const allowance = { reset: true, seconds: Number.POSITIVE_INFINITY };
  try {
    return await runChecks(bench, { groups, allowance, program: 'ctaplab test' });
  } finally {
    await bench.close();
  }
}

/** What a key or a check might call itself. */
export const HOSTILE = `</script><img src=x onerror="document.title='owned'">&amp;]]>\u0000\u001b[31m\ud800\u202e'`;

/** A run with one check of each outcome, and hostile text in every place that a key fills. */
export function hostileRun(): Run {
  const result = (id: string, outcome: CheckResult['outcome']): CheckResult => ({
    id,
    group: 'authenticatorGetInfo',
    section: 'CTAP 2.3 §6.4',
    statement: 'Something holds.',
    severity: 'error',
    outcome,
    milliseconds: 1.5,
    ...(outcome === 'passed' ? {} : { reason: HOSTILE }),
    traffic: [{ at: 0, direction: 'out', bytes: `ffffffff90000a${'6a05'.padEnd(60, '3c')}` }],
  });
  const results = (['passed', 'failed', 'warning', 'not-applicable', 'not-run'] as const).map((outcome) =>
    result(`example.${outcome}`, outcome),
  );
  return {
    format: 'ctaplab-conformance',
    version: 1,
    program: 'ctaplab test',
    startedAt: '2026-01-02T03:04:05.678Z',
    finishedAt: '2026-01-02T03:04:15.678Z',
    key: {
      device: `virtual:${HOSTILE}`,
      product: HOSTILE,
      virtual: true,
      carrier: 'hid',
      deviceVersion: '1.2.3',
      capabilities: 5,
      versions: [HOSTILE],
      aaguid: '00112233445566778899aabbccddeeff',
      firmwareVersion: 258,
    },
    complete: false,
    notes: [HOSTILE],
    counts: countOutcomes(results),
    results,
  };
}
