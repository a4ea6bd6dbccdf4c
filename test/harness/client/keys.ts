/** Virtual keys for tests of the client, and the ways to reach them. */

import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { Clock, FingerprintReader, UserPresence } from '../../../emulator/environment.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { defaultModel, type Model } from '../../../emulator/models/index.ts';
import { autoPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import type { PluggableKey } from '../../../emulator/transports/attachment.ts';
import type { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { type CtapHidOptions, CtapHidDevice as HostDevice } from '../../../harness/client/ctap-hid.ts';
import type { HidConnection } from '../../../harness/transports/connection.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';

export interface TestKeyOptions {
  readonly presence?: UserPresence;
  readonly model?: Partial<Model>;
  readonly clock?: Clock;
  readonly fingerprints?: FingerprintReader;
  readonly onWink?: () => void;
}

export function openKey({ presence, model, clock, fingerprints, onWink }: TestKeyOptions = {}): Promise<VirtualKey> {
  return VirtualKey.open({
    environment: {
      clock: clock ?? systemClock,
      random: systemRandom,
      crypto: nodeCrypto,
      store: memoryStore(),
      presence: presence ?? autoPresence,
      fingerprints,
    },
    model: { ...defaultModel, ...model },
    onWink,
  });
}

/** The host's device of a key that is plugged in here. */
export function plugIn(key: PluggableKey, options?: CtapHidOptions): Promise<CtapHidDevice> {
  return HostDevice.open(connectInProcess(key), options);
}

/** One plug that several hosts share, each hearing all, as programs that open the same hidraw node. */
export function sharedPlug(key: PluggableKey): () => HidConnection {
  const listeners = new Set<(report: Uint8Array) => void>();
  const plug = key.plugIn((report) => {
    for (const listener of listeners) queueMicrotask(() => listener(report));
  });
  return () => ({
    write: async (report) => plug.receive(report),
    onReport: (listener) => void listeners.add(listener),
    onGone() {},
    async close() {},
  });
}
