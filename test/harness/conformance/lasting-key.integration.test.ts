/**
 * A key that lasts and has an owner's PIN, judged whole without leave to reset it: what is no defect of a fresh key is
 * none of this one, and it is as it was afterwards.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { VirtualKey } from '../../../emulator/key.ts';
import { PasskeysClient } from '../../../harness/client/passkeys.ts';
import type { PinClient } from '../../../harness/client/pin.ts';
import { checkGroups } from '../../../harness/conformance/checks/index.ts';
import type { Hand } from '../../../harness/conformance/hand.ts';
import { PhysicalBench } from '../../../harness/conformance/physical-bench.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';
import { asOwner, openOwnedKey } from './owned-key.ts';

const PIN = 'owner-1234';
const POLICIES = { touches: 'auto', refuses: 'deny', absent: 'manual' } as const;

const open = new Set<{ close(): Promise<void> }>();
afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
});

/** A key that is plugged in for good, and whoever holds it. */
async function plugIn(model: string): Promise<{ key: VirtualKey; hand: Hand }> {
  const { key, presence, fingerprints } = await openOwnedKey(model);
  open.add(key);
  let power = connectInProcess(key); // while it is open, the key has power
  const hand: Hand = {
    device: 'a key',
    canRefuse: true,
    connect: async () => connectInProcess(key),
    connectCard: async () => {
      throw new Error('expected no use of a reader');
    },
    user: async (behaviour) => {
      presence.policy = POLICIES[behaviour];
    },
    asked: () => {},
    replug: async () => {
      await power.close();
      power = connectInProcess(key);
    },
    finger: async (which, feedback) => fingerprints?.present(which, feedback),
    clear: async () => fingerprints?.clear(),
    close: () => power.close(),
  };
  return { key, hand };
}

async function rpIds(pin: PinClient): Promise<string[]> {
  const token = await pin.getPinUvAuthToken({ pin: PIN, permissions: Permission.credentialManagement });
  return (await new PasskeysClient(pin.ctap2, token).rps()).map(({ rp }) => rp.id);
}

describe('a key with the PIN of its owner', () => {
  it.each(['token2-r3.3-pin-plus', 'ctap2.3-everything'])('%s', async (model) => {
    const { key, hand } = await plugIn(model);
    await asOwner(key, (pin) => pin.setPin(PIN));
    const bench = new PhysicalBench({ carrier: 'hid', hand, allowReset: false });
    await bench.owner(PIN);
    const run = await runChecks(bench, {
      groups: checkGroups,
      allowance: { reset: false, seconds: 0 },
      program: 'ctaplab test',
    });
    const wrong = run.results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning');
    expect(wrong.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
    expect(run.counts.passed).toBeGreaterThan(300);
    expect(await asOwner(key, async (pin) => (await pin.getPinRetries()).retries)).toBe(8);
    const { options } = await asOwner(key, (pin) => pin.ctap2.getInfo());
    if (options?.credMgmt) expect(await asOwner(key, rpIds)).toEqual([]);
    await hand.close();
  });
});
