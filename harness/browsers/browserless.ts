/** A browser's WebAuthn without a browser, and a key of its own: for tests of a server's passkey endpoints. */
import type { UserPresence } from '../../emulator/environment.ts';
import type { VirtualKey } from '../../emulator/key.ts';
import { autoPresence } from '../../emulator/presence.ts';
import type { CtapDevice } from '../client/device.ts';
import type { Recorder } from '../recording/recorder.ts';
import { type CeremonyOptions, WebAuthnClient, type WebAuthnClientOptions } from '../webauthn/client.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '../webauthn/json.ts';
import { openVirtualKey, plugIn, type VirtualKeyOptions } from './virtual-key.ts';

export interface BrowserlessClientOptions extends Omit<WebAuthnClientOptions, 'authenticators'>, VirtualKeyOptions {
  /** Who touches the key. Default: it is touched at once. */
  readonly presence?: UserPresence | undefined;
}

/** A WebAuthn client with a virtual key plugged in; close() ends both. */
export class BrowserlessClient extends WebAuthnClient {
  readonly key: VirtualKey;
  readonly #origin: string;
  readonly #device: CtapDevice;
  readonly #recorder: Recorder | undefined;

  constructor(options: WebAuthnClientOptions, key: VirtualKey, device: CtapDevice, recorder?: Recorder) {
    super(options);
    this.key = key;
    this.#origin = options.origin;
    this.#device = device;
    this.#recorder = recorder;
  }

  override create(
    options: PublicKeyCredentialCreationOptionsJSON,
    more?: CeremonyOptions,
  ): Promise<RegistrationResponseJSON> {
    return this.#recorded('create', options, more, () => super.create(options, more));
  }

  override get(
    options: PublicKeyCredentialRequestOptionsJSON,
    more?: CeremonyOptions,
  ): Promise<AuthenticationResponseJSON> {
    return this.#recorded('get', options, more, () => super.get(options, more));
  }

  #recorded<T extends object>(
    type: 'create' | 'get',
    options: object,
    more: CeremonyOptions | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const request = { type, origin: this.#origin, options, mediation: more?.mediation };
    return this.#recorder ? this.#recorder.ceremony(request, run) : run();
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
  const { model, store, recorder, presence = autoPresence, ...clientOptions } = options;
  const { key } = await openVirtualKey({ model, store, recorder }, presence);
  try {
    const device = await plugIn(key, recorder);
    return new BrowserlessClient({ ...clientOptions, authenticators: device }, key, device, recorder);
  } catch (error) {
    await key.close();
    throw error;
  }
}
