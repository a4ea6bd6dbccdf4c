/** Each check against each fault: a fault makes the checks fail that name it, and no other. */
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex } from '../../../ctap/bytes.ts';
import { faults } from '../../../emulator/faults/index.ts';
import { findModel } from '../../../emulator/models/index.ts';
import type { Check } from '../../../harness/conformance/check.ts';
import { checkGroups } from '../../../harness/conformance/checks/index.ts';
import type { CheckResult, Run } from '../../../harness/conformance/result.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import { KeyMould, VirtualBench } from '../../../harness/conformance/virtual-bench.ts';

/** Together they have all that any check asks for. */
const MODELS = ['ctap2.3-everything', 'token2-r3.3-pin-plus', 'token2-bio3', 'ctap2.0', 'u2f-only'];
const allowance = { reset: true, seconds: Number.POSITIVE_INFINITY };
const mould = new KeyMould();
const checks = checkGroups.flatMap((group) => group.checks);

interface Place {
  readonly model: string;
  readonly carrier: 'hid' | 'card';
}
const places: readonly Place[] = MODELS.flatMap((model) => [
  { model, carrier: 'hid' },
  { model, carrier: 'card' },
]);

function judge({ model, carrier }: Place, chosen: readonly Check[], active: readonly string[] = []): Promise<Run> {
  const bench = new VirtualBench({ model: findModel(model), carrier, faults: active, mould });
  return runChecks(bench, { groups: [{ name: 'all', checks: chosen }], allowance, program: 'test' });
}

/** The first place where each check applies, and what it sends there. */
const home = new Map<string, Place>();
/** CTAP2 commands that each check sends there. */
const sent = new Map<string, ReadonlySet<number>>();
const failedWhole: string[] = [];

/** The command bytes of the CTAP2 requests among what went to the key over HID. */
function commandsIn({ traffic = [] }: CheckResult): Set<number> {
  const CBOR_MESSAGE = 0x90;
  const requests = traffic.filter(({ direction }) => direction === 'in').map(({ bytes }) => fromHex(bytes));
  return new Set(requests.filter((report) => report[4] === CBOR_MESSAGE).map((report) => report[7] ?? 0));
}

/** The checks that a fault can reach: all, or those that send a command that it knows. */
function reachedBy(id: string, { carrier }: Place): readonly Check[] {
  const { commands } = faults.get(id)!;
  if (commands === undefined || carrier === 'card') return checks;
  return checks.filter((check) => commands.some((command) => sent.get(check.id)?.has(command) ?? true));
}

beforeAll(async () => {
  for (const place of places) {
    const run = await judge(place, checks);
    for (const result of run.results) {
      if (result.outcome === 'failed' || result.outcome === 'warning' || result.outcome === 'not-run') {
        failedWhole.push(`${place.model} over ${place.carrier}: ${result.id}: ${result.reason}`);
      }
      if (result.outcome !== 'passed' || home.has(result.id)) continue;
      home.set(result.id, place);
      sent.set(result.id, commandsIn(result));
    }
  }
}, 300_000);

describe('the checks', () => {
  it('hold on every model that they apply to', () => {
    expect(failedWhole).toEqual([]);
  });

  it('have ids of their own, and each applies to some model', () => {
    const ids = checks.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !home.has(id))).toEqual([]);
  });

  it('each name a fault that there is, and no fault is without its check', () => {
    const named = checks.flatMap((check) => check.faults);
    expect(checks.filter((check) => check.faults.length === 0).map(({ id }) => id)).toEqual([]);
    expect(named.filter((id) => !faults.has(id))).toEqual([]);
    expect([...faults.keys()].filter((id) => !named.includes(id))).toEqual([]);
  });
});

describe('each fault makes exactly its checks fail', () => {
  const owners = (id: string) => checks.filter((check) => check.faults.includes(id)).map((check) => check.id);

  it.each([...faults.keys()])('%s', async (id) => {
    const own = owners(id);
    const place = home.get(own[0] ?? '');
    expect(place, `${own[0]} applies nowhere`).toBeDefined();
    const run = await judge(place!, reachedBy(id, place!), [id]);
    const failed = run.results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning');
    expect(failed.map((result) => result.id)).toEqual(own);
  });
});
