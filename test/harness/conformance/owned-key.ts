/** A key in somebody's hand, and what its owner does with it beside the judge. */
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { PresentedFingerprints } from '../../../emulator/fingerprint.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { LabPresence } from '../../../emulator/lab/touch-policy.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';

export interface OwnedKey {
  readonly key: VirtualKey;
  readonly presence: LabPresence;
  /** Undefined for a model without a sensor. */
  readonly fingerprints: PresentedFingerprints | undefined;
}

/** Opens a key that is touched by itself. */
export async function openOwnedKey(modelName: string): Promise<OwnedKey> {
  const model = findModel(modelName);
  const presence = new LabPresence('auto', systemClock);
  const fingerprints = model.fingerprints && new PresentedFingerprints(presence);
  const environment = { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store: memoryStore(), presence };
  return {
    key: await VirtualKey.open({ environment: { ...environment, fingerprints }, model }),
    presence,
    fingerprints,
  };
}

export async function asOwner<T>(key: VirtualKey, act: (pin: PinClient) => Promise<T>): Promise<T> {
  const device = await CtapHidDevice.open(connectInProcess(key));
  try {
    return await act(new PinClient(new Ctap2Client(device)));
  } finally {
    await device.close();
  }
}
