/** An authenticator for the length of one request: what it says of itself, and how it is spoken to. */
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import { LargeBlobsClient } from '../client/large-blobs.ts';
import { PinClient, type SharedSecret } from '../client/pin.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import { isStatus } from './errors.ts';
import type { ExtensionAuthenticator } from './extensions/extension.ts';
import type { AuthenticatorAttachment, AuthenticatorTransport } from './json.ts';
import type { Turn } from './race.ts';

const TRANSPORTS: readonly AuthenticatorTransport[] = [
  'ble',
  'cable',
  'hybrid',
  'internal',
  'nfc',
  'smart-card',
  'usb',
];
const DUMMY_RP = { id: '.dummy', name: '.dummy' };

/** A key that speaks CTAP2. */
export class Ctap2Authenticator implements ExtensionAuthenticator {
  readonly protocol = 'ctap2';
  readonly device: CtapDevice;
  readonly client: Ctap2Client;
  readonly pin: PinClient;
  readonly info: GetInfoResponse;
  readonly turn: Turn;

  constructor(client: Ctap2Client, info: GetInfoResponse, turn: Turn) {
    this.device = client.device;
    this.client = client;
    this.pin = new PinClient(client);
    this.info = info;
    this.turn = turn;
  }

  get attachment(): AuthenticatorAttachment {
    return this.option('plat') ? 'platform' : 'cross-platform';
  }

  /** Sorted, each once, as getTransports() gives them (WebAuthn Level 3 §5.2.1.1). */
  get transports(): AuthenticatorTransport[] {
    const said = this.info.transports ?? [this.option('plat') ? 'internal' : 'usb'];
    return TRANSPORTS.filter((transport) => said.includes(transport));
  }

  /** An option of getInfo; undefined where it is not shown. */
  option(name: string): boolean | undefined {
    return this.info.options?.[name];
  }

  supports(extension: string): boolean {
    return this.info.extensions?.includes(extension) ?? false;
  }

  /** True for a key of CTAP 2.1 or later. */
  get isFrom21(): boolean {
    return this.info.versions.some((version) => /^FIDO_2_[1-9]$/.test(version));
  }

  get maxCredBlobLength(): number {
    return this.info.maxCredBlobLength ?? 0;
  }

  sharedSecret(): Promise<SharedSecret> {
    return this.pin.sharedSecret({ signal: this.turn.signal });
  }

  largeBlobs(token?: PinUvAuthToken): LargeBlobsClient {
    return new LargeBlobsClient(this.client, { token, exchange: { signal: this.turn.signal } });
  }

  /** Waits for a touch that does nothing else: it says which authenticator is meant, or that the user is there. */
  async touch(): Promise<void> {
    const { signal } = this.turn;
    if (this.isFrom21) return this.client.selection({ signal });
    const request = {
      clientDataHash: new Uint8Array(32),
      rp: DUMMY_RP,
      user: { id: Uint8Array.of(1), name: 'dummy', displayName: 'dummy' },
      pubKeyCredParams: [{ alg: Algorithm.ES256, type: PUBLIC_KEY }],
    };
    try {
      // an empty pinUvAuthParam asks for a touch alone, where the key knows PINs (CTAP 2.3 §6.1.2 step 1)
      const touchAlone = { pinUvAuthParam: new Uint8Array(0), pinUvAuthProtocol: 1 };
      const message = this.option('clientPin') === undefined ? request : { ...request, ...touchAlone };
      await this.client.makeCredential(message, { signal });
    } catch (error) {
      if (!isStatus(error, 'CTAP2_ERR_PIN_INVALID', 'CTAP2_ERR_PIN_AUTH_INVALID', 'CTAP2_ERR_PIN_NOT_SET')) throw error;
    }
  }
}

/** A key that speaks U2F alone. */
export class U2fAuthenticator implements ExtensionAuthenticator {
  readonly protocol = 'u2f';
  readonly client: Ctap1Client;
  readonly turn: Turn;
  readonly attachment = 'cross-platform';
  readonly transports: AuthenticatorTransport[] = ['usb'];
  readonly maxCredBlobLength = 0;

  constructor(device: CtapDevice, turn: Turn) {
    this.client = new Ctap1Client(device);
    this.turn = turn;
  }

  supports(): boolean {
    return false;
  }

  sharedSecret(): Promise<never> {
    return Promise.reject(new TypeError('a U2F key agrees on no secret'));
  }

  largeBlobs(): never {
    throw new TypeError('a U2F key has no large blobs');
  }
}

export type Authenticator = Ctap2Authenticator | U2fAuthenticator;

/** Asks a device what it is (CTAP 2.3 §6.4, §11.2.9.1.3). */
export async function openAuthenticator(device: CtapDevice, turn: Turn): Promise<Authenticator> {
  if ((device.hid.capabilities & HidCapability.CBOR) === 0) return new U2fAuthenticator(device, turn);
  const client = new Ctap2Client(device);
  try {
    const info = await client.getInfo({ signal: turn.signal });
    if (info.versions.some((version) => version.startsWith('FIDO_'))) return new Ctap2Authenticator(client, info, turn);
  } catch (error) {
    if (!isStatus(error, 'CTAP1_ERR_INVALID_COMMAND')) throw error;
  }
  return new U2fAuthenticator(device, turn);
}
