/** A browser's WebAuthn without a browser, and a key of its own: for tests of a server's passkey endpoints. */
import { systemClock } from '../../emulator/clock.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import type { Store, UserPresence } from '../../emulator/environment.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { findModel, type Model } from '../../emulator/models/index.ts';
import { autoPresence } from '../../emulator/presence.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import { connectInProcess } from '../transports/in-process.ts';
import { WebAuthnClient, type WebAuthnClientOptions } from '../webauthn/client.ts';

export interface BrowserlessClientOptions extends Omit<WebAuthnClientOptions, 'authenticators'> {
  /** A model or its name. Default: the default model. */
  readonly model?: Model | string | undefined;
  /** Who touches the key. Default: it is touched at once. */
  readonly presence?: UserPresence | undefined;
  /** What the key remembers. Default: nothing that outlives the client. */
  readonly store?: Store | undefined;
}

/** A WebAuthn client with a virtual key plugged in; close() ends both. */
export class BrowserlessClient extends WebAuthnClient {
  readonly key: VirtualKey;
  readonly #device: CtapHidDevice;

  constructor(options: WebAuthnClientOptions, key: VirtualKey, device: CtapHidDevice) {
    super(options);
    this.key = key;
    this.#device = device;
  }

  async close(): Promise<void> {
    await this.#device.close();
    await this.key.close();
  }
}

/**
 * Opens a fresh key in this process and a client before it.
 * @throws TypeError for an origin that is none, RangeError for an unknown model
 */
export async function createBrowserlessClient(options: BrowserlessClientOptions): Promise<BrowserlessClient> {
  const { model, presence = autoPresence, store = memoryStore(), ...clientOptions } = options;
  const key = await VirtualKey.open({
    environment: { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store, presence },
    model: typeof model === 'string' ? findModel(model) : model,
  });
  try {
    const device = await CtapHidDevice.open(connectInProcess(key));
    return new BrowserlessClient({ ...clientOptions, authenticators: device }, key, device);
  } catch (error) {
    await key.close();
    throw error;
  }
}
