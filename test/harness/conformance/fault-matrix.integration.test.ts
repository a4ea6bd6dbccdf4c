/**
 * Each check against each fault: a fault makes the checks fail that name it, and no other. Where a key lies in getInfo,
 * that is so among the checks of getInfo: others take it at its word, and what they find then follows from the lie.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { HidCommand, PACKET_SIZE, packetChannel } from '../../../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../../../ctap/hid/reassembler.ts';
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
/** CTAP2 requests (command byte, CBOR) that each check sends there over HID. */
const sent = new Map<string, readonly Uint8Array[]>();
/** CTAPHID commands that each check sends there. */
const hidSent = new Map<string, ReadonlySet<number>>();
const failedWhole: string[] = [];

/** The CTAP2 requests among what went to the key over HID. */
function requestsIn({ traffic = [] }: CheckResult): Uint8Array[] {
  const assemblies = new Map<number, Reassembler>();
  const requests: Uint8Array[] = [];
  for (const { direction, bytes } of traffic) {
    if (direction === 'out') continue;
    const report = new Uint8Array(PACKET_SIZE);
    report.set(fromHex(bytes));
    const channel = packetChannel(report);
    const assembly = assemblies.get(channel) ?? new Reassembler();
    assemblies.set(channel, assembly);
    const message = accepted(assembly, report);
    if (message?.command === HidCommand.CBOR) requests.push(message.data);
  }
  return requests;
}

/** Packets that are wrong on purpose make no message. */
function accepted(assembly: Reassembler, report: Uint8Array): HidMessage | undefined {
  try {
    return assembly.accept(report);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The CTAPHID commands among what went to the key over HID. */
function hidCommandsIn({ traffic = [] }: CheckResult): Set<number> {
  const reports = traffic.filter(({ direction }) => direction === 'in').map(({ bytes }) => fromHex(bytes));
  return new Set(
    reports
      .map((report) => report[4] ?? 0)
      .filter((marker) => marker & 0x80)
      .map((marker) => marker & 0x7f),
  );
}

/** The checks that a fault can reach: all, or those that send a request that it does something about. */
function reachedBy(id: string, { carrier }: Place): readonly Check[] {
  const { commands, concerns = () => true, hidCommands, token2 } = faults.get(id)!;
  if (token2) return checks.filter((check) => check.needs?.token2);
  if (carrier === 'card') return checks;
  if (hidCommands !== undefined) {
    return checks.filter((check) => hidCommands.some((command) => hidSent.get(check.id)?.has(command) ?? true));
  }
  if (commands === undefined) return checks;
  if (commands.every((command) => command === Command.authenticatorGetInfo)) return ofGetInfo(id);
  const reaches = (request: Uint8Array) => commands.includes(request[0] ?? 0) && concerns(request);
  return checks.filter((check) => sent.get(check.id)?.some(reaches) ?? true);
}

function ofGetInfo(fault: string): readonly Check[] {
  return checks.filter((check) => check.id.startsWith('getInfo.') || check.faults.includes(fault));
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
      if (place.carrier === 'card') continue; // its traffic is no reports
      hidSent.set(result.id, hidCommandsIn(result));
      sent.set(result.id, place.carrier === 'hid' ? requestsIn(result) : []);
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
