/** Requests that a key has to take, and what a relying party reads in its answers. */

import { type AuthenticatorData, decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { concat, utf8 } from '../../ctap/bytes.ts';
import type { CborKey, CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  type GetAssertionRequest,
  type GetAssertionResponse,
  getAssertionRequest,
  getAssertionResponse,
} from '../../ctap/commands/get-assertion.ts';
import { Command } from '../../ctap/commands/index.ts';
import {
  type MakeCredentialRequest,
  type MakeCredentialResponse,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../ctap/commands/make-credential.ts';
import { decodeCoseKey } from '../../ctap/cose.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import { expect } from './expect.ts';
import { NotApplicable } from './not-applicable.ts';
import type { Subject } from './subject.ts';

/** The relying party of the checks. */
export const RP_ID = 'conformance.ctaplab.example';
export const CLIENT_DATA_HASH: Uint8Array = Uint8Array.from({ length: 32 }, (_, index) => index);
export const ES256 = { type: 'public-key', alg: -7 } as const;

/** A credential that the key has made. */
export interface Registration {
  readonly response: MakeCredentialResponse;
  readonly authData: AuthenticatorData;
  readonly credentialId: Uint8Array;
  /** COSE_Key. */
  readonly publicKey: CborMap;
  readonly clientDataHash: Uint8Array;
}

export interface Assertion {
  readonly response: GetAssertionResponse;
  readonly authData: AuthenticatorData;
  readonly clientDataHash: Uint8Array;
}

/**
 * A makeCredential request that any key takes, with what is given in place of its members; a member that is given as
 * undefined is left out. Where the key has a PIN the request has a pinUvAuthParam, unless it is given.
 */
export async function makeCredentialParameters(
  key: Subject,
  given: Partial<MakeCredentialRequest> = {},
): Promise<CborMap> {
  const request = {
    clientDataHash: CLIENT_DATA_HASH,
    rp: { id: RP_ID, name: 'ctaplab conformance' },
    user: { id: utf8('a user'), name: 'user@example.com', displayName: 'A User' },
    pubKeyCredParams: [ES256],
    ...given,
  };
  const authorization =
    'pinUvAuthParam' in given || !key.state.pin
      ? {}
      : await authorize(key, Permission.makeCredential, request.rp.id, request.clientDataHash);
  return makeCredentialRequest.encode({ ...request, ...authorization });
}

/** A getAssertion request, as {@link makeCredentialParameters}. With a PIN the user is verified unless `verify` is false. */
export async function getAssertionParameters(
  key: Subject,
  given: Partial<GetAssertionRequest> = {},
  verify = true,
): Promise<CborMap> {
  const request = { rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH, ...given };
  const authorization =
    !verify || 'pinUvAuthParam' in given || !key.state.pin
      ? {}
      : await authorize(key, Permission.getAssertion, request.rpId, request.clientDataHash);
  return getAssertionRequest.encode({ ...request, ...authorization });
}

/**
 * A getAssertion request by which nobody verifies the user.
 * @throws NotApplicable for a key that wants that always
 */
export async function unverifiedParameters(key: Subject, given: Partial<GetAssertionRequest> = {}): Promise<CborMap> {
  if ((await key.info()).options?.alwaysUv === true) throw new NotApplicable('the key always verifies its user');
  return getAssertionParameters(key, given, false);
}

async function authorize(key: Subject, permission: number, rpId: string, clientDataHash: Uint8Array) {
  return paramsOf(await key.token(permission, rpId), clientDataHash);
}

/** pinUvAuthParam and pinUvAuthProtocol over a message. */
export function paramsOf(
  token: PinUvAuthToken,
  message: Uint8Array,
): { pinUvAuthParam: Uint8Array; pinUvAuthProtocol: number } {
  return { pinUvAuthParam: token.authenticate(message), pinUvAuthProtocol: token.protocol.version };
}

/** The parameters with one member taken out, or another value in its place. */
export function withMember(parameters: CborMap, member: CborKey, value: CborValue | undefined): CborMap {
  const changed: CborMap = new Map(parameters);
  if (value === undefined) changed.delete(member);
  else changed.set(member, value);
  return changed;
}

/** Makes a credential. @throws CheckFailure where the key refuses or its answer cannot be read */
export async function register(key: Subject, given: Partial<MakeCredentialRequest> = {}): Promise<Registration> {
  const parameters = await makeCredentialParameters(key, given);
  return registrationOf(await key.accepted(Command.authenticatorMakeCredential, parameters), given.clientDataHash);
}

export function registrationOf(answer: CborMap, clientDataHash: Uint8Array = CLIENT_DATA_HASH): Registration {
  const response = makeCredentialResponse.decode(answer, 'authenticatorMakeCredential response');
  const authData = decodeAuthenticatorData(response.authData);
  const attested = authData.attestedCredentialData;
  expect(attested !== undefined, 'attested credential data in authData', 'none');
  const { credentialId, credentialPublicKey: publicKey } = attested;
  return { response, authData, credentialId, publicKey, clientDataHash };
}

/** Signs in. @throws CheckFailure where the key refuses or its answer cannot be read */
export async function assertion(
  key: Subject,
  given: Partial<GetAssertionRequest> = {},
  verify = true,
): Promise<Assertion> {
  const parameters = await getAssertionParameters(key, given, verify);
  return assertionOf(await key.accepted(Command.authenticatorGetAssertion, parameters), given.clientDataHash);
}

export function assertionOf(answer: CborMap, clientDataHash: Uint8Array = CLIENT_DATA_HASH): Assertion {
  const response = getAssertionResponse.decode(answer, 'authenticatorGetAssertion response');
  return { response, authData: decodeAuthenticatorData(response.authData), clientDataHash };
}

/** A descriptor of a credential, for lists. */
export function descriptor({ credentialId }: Registration): { type: string; id: Uint8Array } {
  return { type: 'public-key', id: credentialId };
}

/** True where the credential's key has signed this assertion. */
export function isSignedBy(
  key: Subject,
  { response, clientDataHash }: Assertion,
  { publicKey }: Registration,
): boolean {
  const { alg, publicKey: bytes } = decodeCoseKey(publicKey);
  return key.bench.crypto.verify(alg, bytes, concat(response.authData, clientDataHash), response.signature);
}
