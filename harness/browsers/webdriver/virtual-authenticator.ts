/** One virtual authenticator of a WebDriver session: a virtual key in this process, plugged in. */

import { Fingerprints } from '../../../emulator/authenticator/fingerprints.ts';
import type { FingerprintReader, UserPresence } from '../../../emulator/environment.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import type { PortableCredentials } from '../../../emulator/portable-credentials.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import type { CtapDevice } from '../../client/device.ts';
import { plugIn, systemWorld } from '../virtual-key.ts';
import { type AuthenticatorConfiguration, modelFor } from './authenticator-configuration.ts';

/** The finger of the user; any other is a stranger's. */
const OWNER = 'owner';

export class VirtualAuthenticator {
  readonly configuration: AuthenticatorConfiguration;
  readonly device: CtapDevice;
  readonly credentials: PortableCredentials;
  readonly #key: VirtualKey;
  readonly #user: User;

  private constructor(configuration: AuthenticatorConfiguration, key: VirtualKey, device: CtapDevice, user: User) {
    this.configuration = configuration;
    this.device = device;
    this.credentials = key.portable!;
    this.#key = key;
    this.#user = user;
  }

  static async open(configuration: AuthenticatorConfiguration): Promise<VirtualAuthenticator> {
    const { isUserConsenting, isUserVerified, hasUserVerification } = configuration;
    const user = { isConsenting: isUserConsenting, isVerified: isUserVerified };
    const presence: UserPresence = { request: () => (user.isConsenting ? 'touched' : 'denied') };
    const fingerprints: FingerprintReader = {
      capture: async () =>
        user.isConsenting ? { finger: user.isVerified ? OWNER : 'stranger', feedback: 'FP_GOOD' } : 'timeout',
    };
    const store = memoryStore();
    if (hasUserVerification) {
      await new Fingerprints(store).put({ id: Uint8Array.of(1), finger: OWNER, sequence: 1 });
    }
    const environment = { ...systemWorld, store, presence, fingerprints };
    const key = await VirtualKey.open({ environment, model: modelFor(configuration) });
    return new VirtualAuthenticator(configuration, key, await plugIn(key), user);
  }

  /** The outcome of user verification from now on. */
  set isUserVerified(isVerified: boolean) {
    this.#user.isVerified = isVerified;
  }

  async close(): Promise<void> {
    await this.device.close();
    await this.#key.close();
  }
}

interface User {
  readonly isConsenting: boolean;
  isVerified: boolean;
}
