/** The virtual key behind the clients of this folder, plugged in when it is wanted. */
import { systemClock } from '../../emulator/clock.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import type { Store, UserPresence } from '../../emulator/environment.ts';
import { PresentedFingerprints } from '../../emulator/fingerprint.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { defaultModel, findModel, type Model } from '../../emulator/models/index.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { CtapDevice } from '../client/device.ts';
import type { Recorder } from '../recording/recorder.ts';
import { connectInProcess } from '../transports/in-process.ts';

export interface VirtualKeyOptions {
  /** A model or its name. Default: the default model. */
  readonly model?: Model | string | undefined;
  /** What the key remembers. Default: nothing that outlives it. */
  readonly store?: Store | undefined;
  /** Writes down what goes on; the key is then made from the recorder's seed. */
  readonly recorder?: Recorder | undefined;
}

export const systemWorld = { clock: systemClock, random: systemRandom, crypto: nodeCrypto };

export interface OpenedKey {
  readonly key: VirtualKey;
  readonly store: Store;
  /** Fingers that somebody names; of models with a sensor alone. */
  readonly fingers: PresentedFingerprints | undefined;
}

/** A fresh key in this process, not plugged in yet. @throws RangeError for an unknown model */
export async function openVirtualKey(
  { model: named = defaultModel, store = memoryStore(), recorder }: VirtualKeyOptions,
  user: UserPresence,
): Promise<OpenedKey> {
  const model = typeof named === 'string' ? findModel(named) : named;
  recorder?.begin(model.name);
  const presence = recorder?.presence(user) ?? user;
  const fingers = model.fingerprints && new PresentedFingerprints(user);
  const fingerprints = fingers && (recorder?.fingerprints(fingers) ?? fingers);
  const environment = { ...(recorder?.world ?? systemWorld), store, presence, fingerprints };
  return { key: await VirtualKey.open({ environment, model }), store, fingers };
}

/** Plugs the key in: a power-up. Closing the device unplugs it. */
export async function plugIn(key: VirtualKey, recorder?: Recorder): Promise<CtapDevice> {
  const device = await CtapHidDevice.open(connectInProcess(key));
  if (recorder === undefined) return device;
  recorder.plugged();
  const close = () => {
    recorder.unplugged();
    return device.close();
  };
  return { ...recorder.device(device), close };
}
