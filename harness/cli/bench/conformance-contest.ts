/** All checks over a key in this process, against their cryptography alone. */
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { checkGroups } from '../../conformance/checks/index.ts';
import { runChecks } from '../../conformance/runner.ts';
import { VirtualBench } from '../../conformance/virtual-bench.ts';
import { recordCrypto } from './recorded-crypto.ts';
import type { Contest } from './rounds.ts';

export async function conformanceContest(): Promise<Contest> {
  const recorded = recordCrypto(nodeCrypto);
  await judge(new VirtualBench({ model: defaultModel, crypto: recorded.crypto }));
  return {
    name: 'conformance',
    async subject(count) {
      for (let i = 0; i < count; i++) await judge(new VirtualBench({ model: defaultModel }));
    },
    against: 'the cryptography of that run, key and judge',
    async reference(count) {
      for (let i = 0; i < count; i++) await recorded.replay();
    },
  };
}

async function judge(bench: VirtualBench): Promise<void> {
  const allowance = { reset: true, seconds: Number.POSITIVE_INFINITY };
  const { counts } = await runChecks(bench, { groups: checkGroups, allowance, program: 'bench' });
  if (counts.failed > 0) throw new Error(`expected a key that passes, but ${counts.failed} checks failed`);
}
