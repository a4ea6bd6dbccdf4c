/** A page before virtual keys, and a relying party behind it whose verification is not ours. */
import {
  type GenerateAuthenticationOptionsOpts,
  type GenerateRegistrationOptionsOpts,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type VerifiedAuthenticationResponse,
  type VerifiedRegistrationResponse,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { expect } from 'vitest';
import type { VirtualKey } from '../../../emulator/key.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import {
  type AuthenticationResponseJSON,
  type CeremonyOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  WebAuthnClient,
  type WebAuthnClientOptions,
} from '../../../harness/webauthn/index.ts';
import { openKey, plugIn, type TestKeyOptions } from '../client/keys.ts';

export const ORIGIN = 'https://login.example.com';
export const RP_ID = 'example.com';

export interface Page {
  readonly client: WebAuthnClient;
  readonly key: VirtualKey;
  readonly device: CtapDevice;
}

export interface PageOptions extends Partial<Omit<WebAuthnClientOptions, 'authenticators'>> {
  readonly key?: TestKeyOptions;
  /** What stands between the client and the key. */
  readonly between?: (device: CtapDevice) => CtapDevice;
}

/** A page with one key. */
export async function openPage({
  key: keyOptions,
  between = (device) => device,
  ...more
}: PageOptions = {}): Promise<Page> {
  const key = await openKey(keyOptions);
  const device = between(await plugIn(key));
  return { key, device, client: new WebAuthnClient({ origin: ORIGIN, authenticators: device, ...more }) };
}

/** A device that does what `device` does but for what `over` replaces. */
export function wrap(device: CtapDevice, over: Partial<CtapDevice>): CtapDevice {
  return {
    hid: device.hid,
    name: device.name,
    cbor: (request, options) => device.cbor(request, options),
    msg: (request, options) => device.msg(request, options),
    ping: (data) => device.ping(data),
    wink: () => device.wink(),
    close: () => device.close(),
    ...over,
  };
}

/** Options that lack nothing; `more` replaces members. */
export function creation(
  more: Partial<PublicKeyCredentialCreationOptionsJSON> = {},
): PublicKeyCredentialCreationOptionsJSON {
  return {
    rp: { id: RP_ID, name: 'Example' },
    user: { id: 'dXNlcg', name: 'alice@example.com', displayName: 'Alice' },
    challenge: 'Y2hhbGxlbmdl',
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    ...more,
  };
}

export function request(
  more: Partial<PublicKeyCredentialRequestOptionsJSON> = {},
): PublicKeyCredentialRequestOptionsJSON {
  return { challenge: 'Y2hhbGxlbmdl', rpId: RP_ID, ...more };
}

export function descriptor(id: string): { type: string; id: string } {
  return { type: 'public-key', id };
}

/** What a failed expectation of a DOMException is compared with. */
export function domException(name: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name,
    constructor: DOMException,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

export interface Registered {
  readonly json: RegistrationResponseJSON;
  readonly info: NonNullable<VerifiedRegistrationResponse['registrationInfo']>;
  readonly credential: WebAuthnCredential;
}

/** What the server reads of an answer: JSON that has gone over the network. */
function received(json: RegistrationResponseJSON | AuthenticationResponseJSON) {
  return JSON.parse(JSON.stringify(json));
}

interface PartyOptions {
  readonly requireUserVerification?: boolean;
  readonly more?: CeremonyOptions;
}

/** Registers as a server does with SimpleWebAuthn; throws where it does not verify. */
export async function register(
  client: WebAuthnClient,
  options: Partial<GenerateRegistrationOptionsOpts> = {},
  { requireUserVerification = false, more }: PartyOptions = {},
): Promise<Registered> {
  const sent = await generateRegistrationOptions({
    rpName: 'Example',
    rpID: RP_ID,
    userName: 'alice@example.com',
    ...options,
  });
  const json = await client.create(sent, more);
  const { registrationInfo, verified } = await verifyRegistrationResponse({
    response: received(json),
    expectedChallenge: sent.challenge,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    requireUserVerification,
    ...(options.supportedAlgorithmIDs && { supportedAlgorithmIDs: options.supportedAlgorithmIDs }),
  });
  if (!verified || !registrationInfo) throw new Error('the registration does not verify');
  return { json, info: registrationInfo, credential: registrationInfo.credential };
}

export interface SignedIn {
  readonly json: AuthenticationResponseJSON;
  readonly info: VerifiedAuthenticationResponse['authenticationInfo'];
}

/** Signs in as a server does with SimpleWebAuthn; throws where it does not verify. */
export async function signIn(
  client: WebAuthnClient,
  { credential }: Pick<Registered, 'credential'>,
  options: Partial<GenerateAuthenticationOptionsOpts> = {},
  { requireUserVerification = false, more }: PartyOptions = {},
): Promise<SignedIn> {
  const sent = await generateAuthenticationOptions({ rpID: RP_ID, allowCredentials: [credential], ...options });
  const json = await client.get(sent, more);
  const { authenticationInfo, verified } = await verifyAuthenticationResponse({
    response: received(json),
    expectedChallenge: sent.challenge,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    credential,
    requireUserVerification,
  });
  if (!verified) throw new Error('the sign-in does not verify');
  return { json, info: authenticationInfo };
}
