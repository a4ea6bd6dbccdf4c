/** A browser's WebAuthn without a browser, and a key of its own: for tests of a server's passkey endpoints. */
import type { UserPresence } from '../../emulator/environment.ts';
import type { VirtualKey } from '../../emulator/key.ts';
import { autoPresence } from '../../emulator/presence.ts';
import type { CtapDevice } from '../client/device.ts';
import { WebAuthnClient, type WebAuthnClientOptions } from '../webauthn/client.ts';
import { openVirtualKey, plugIn, type VirtualKeyOptions } from './virtual-key.ts';

export interface BrowserlessClientOptions extends Omit<WebAuthnClientOptions, 'authenticators'>, VirtualKeyOptions {
  /** Who touches the key. Default: it is touched at once. */
  readonly presence?: UserPresence | undefined;
}

/** A WebAuthn client with a virtual key plugged in; close() ends both. */
export class BrowserlessClient extends WebAuthnClient {
  readonly key: VirtualKey;
  readonly #device: CtapDevice;

  constructor(options: WebAuthnClientOptions, key: VirtualKey, device: CtapDevice) {
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
  const { model, store, presence = autoPresence, ...clientOptions } = options;
  const { key } = await openVirtualKey({ model, store }, presence);
  try {
    const device = await plugIn(key);
    return new BrowserlessClient({ ...clientOptions, authenticators: device }, key, device);
  } catch (error) {
    await key.close();
    throw error;
  }
}
