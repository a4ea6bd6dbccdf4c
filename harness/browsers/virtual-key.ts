/** The virtual key behind the clients of this folder, plugged in when it is wanted. */
import { systemClock } from '../../emulator/clock.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import type { Environment, Store, UserPresence } from '../../emulator/environment.ts';
import { PresentedFingerprints } from '../../emulator/fingerprint.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { defaultModel, findModel, type Model } from '../../emulator/models/index.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import { connectInProcess } from '../transports/in-process.ts';

export interface VirtualKeyOptions {
  /** A model or its name. Default: the default model. */
  readonly model?: Model | string | undefined;
  /** What the key remembers. Default: nothing that outlives it. */
  readonly store?: Store | undefined;
}

/** What makes a key reproducible. */
export type World = Pick<Environment, 'clock' | 'random' | 'crypto'>;

export const systemWorld: World = { clock: systemClock, random: systemRandom, crypto: nodeCrypto };

export interface OpenedKey {
  readonly key: VirtualKey;
  readonly store: Store;
  /** Fingers that somebody names; of models with a sensor alone. */
  readonly fingers: PresentedFingerprints | undefined;
}

/** A fresh key in this process, not plugged in yet. @throws RangeError for an unknown model */
export async function openVirtualKey(
  { model: named = defaultModel, store = memoryStore() }: VirtualKeyOptions,
  presence: UserPresence,
  world: World = systemWorld,
): Promise<OpenedKey> {
  const model = typeof named === 'string' ? findModel(named) : named;
  const fingers = model.fingerprints && new PresentedFingerprints(presence);
  const environment = { ...world, store, presence, fingerprints: fingers };
  return { key: await VirtualKey.open({ environment, model }), store, fingers };
}

/** Plugs the key in: a power-up. Closing the device unplugs it. */
export function plugIn(key: VirtualKey): Promise<CtapHidDevice> {
  return CtapHidDevice.open(connectInProcess(key));
}
