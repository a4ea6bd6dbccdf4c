/** A fresh key in this process: it touches at once and forgets all at the end. */
import { systemClock } from '../../emulator/clock.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { defaultModel, type Model } from '../../emulator/models/index.ts';
import { autoPresence } from '../../emulator/presence.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';

export function openVirtualKey(model: Model = defaultModel): Promise<VirtualKey> {
  return VirtualKey.open({
    model,
    environment: {
      clock: systemClock,
      random: systemRandom,
      crypto: nodeCrypto,
      store: memoryStore(),
      presence: autoPresence,
    },
  });
}
