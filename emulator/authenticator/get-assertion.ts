/** authenticatorGetAssertion and authenticatorGetNextAssertion: CTAP 2.3 §6.2.2 and §6.3, step by step. */
import { encodeAuthenticatorData, signedBytes } from '../../ctap/authenticator-data.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { PUBLIC_KEY, type PublicKeyCredentialUserEntity } from '../../ctap/commands/entities.ts';
import {
  type GetAssertionRequest,
  getAssertionRequest,
  getAssertionResponse,
} from '../../ctap/commands/get-assertion.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import { Flag } from '../../ctap/flags.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { type Credential, isUsable } from './credentials.ts';
import { type HmacSecret, openHmacSecret } from './hmac-secret.ts';
import { checkPinUvAuthParam, collectUserPresence, verifyToken } from './pin-uv-auth-param.ts';

/** Milliseconds within which the platform asks for the next assertion. */
const NEXT_ASSERTION_LIMIT = 30_000;

/** What stays the same for every credential of one request. */
interface AssertionContext {
  readonly rpIdHash: Uint8Array;
  readonly clientDataHash: Uint8Array;
  readonly up: boolean;
  readonly uv: boolean;
  readonly hmacSecret: HmacSecret | undefined;
}

export interface RememberedAssertions {
  readonly context: AssertionContext;
  readonly credentials: readonly Credential[];
  /** Index of the credential that comes next. */
  next: number;
  /** Clock time of the last answer, in milliseconds. */
  since: number;
}

export async function getAssertion(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
): Promise<CborMap> {
  const request = getAssertionRequest.decode(value, 'authenticatorGetAssertion');
  const presence = { operation: 'getAssertion', rpId: request.rpId } as const;

  const protocol = await checkPinUvAuthParam(authenticator, request, presence, exchange); // steps 1, 2
  const up = readOptions(request); // step 4
  if (protocol) verifyToken(authenticator, protocol, request, Permission.getAssertion, request.rpId); // step 6
  const uv = protocol !== undefined;

  const rpIdHash = authenticator.credentials.rpIdHash(request.rpId);
  const applicable = locate(authenticator, request, rpIdHash, uv); // step 7
  const [selected] = applicable;
  if (!selected) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  const hmacInput = request.extensions?.[HMAC_SECRET];
  const hmacSecret = hmacInput === undefined ? undefined : openHmacSecret(authenticator, hmacInput, up);
  if (up) await collectUserPresence(authenticator, request, withUser(presence, selected), exchange); // step 9

  const context: AssertionContext = { rpIdHash, clientDataHash: request.clientDataHash, up, uv, hmacSecret };
  const named = (request.allowList?.length ?? 0) > 0;
  const numberOfCredentials = named ? 1 : applicable.length;
  const response = await assert(authenticator, context, selected, numberOfCredentials, true); // steps 10 to 13
  if (numberOfCredentials > 1) {
    authenticator.remembered = {
      context,
      credentials: applicable,
      next: 1,
      since: authenticator.environment.clock.now(),
    };
  }
  return response;
}

export async function getNextAssertion(authenticator: Authenticator): Promise<CborMap> {
  const { remembered } = authenticator;
  const credential = remembered?.credentials[remembered.next]; // steps 1, 2
  const now = authenticator.environment.clock.now();
  if (!remembered || !credential || now - remembered.since >= NEXT_ASSERTION_LIMIT) {
    // step 3
    authenticator.remembered = undefined;
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'there is no further assertion to get');
  }
  remembered.next++;
  remembered.since = now;
  return assert(authenticator, remembered.context, credential, remembered.credentials.length, false);
}

/** Checks the options and returns up. A pinUvAuthParam overrides uv. */
function readOptions({ options = {}, pinUvAuthParam }: GetAssertionRequest): boolean {
  if (options.uv && !pinUvAuthParam) {
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'uv: this key has no built-in user verification');
  }
  if (options.rk !== undefined)
    throw new CtapError('CTAP2_ERR_UNSUPPORTED_OPTION', 'rk belongs to authenticatorMakeCredential');
  return options.up ?? true;
}

/** The credentials that answer, in order: the first of the allow list, or all discoverable ones, the newest first. */
function locate(
  authenticator: Authenticator,
  request: GetAssertionRequest,
  rpIdHash: Uint8Array,
  uv: boolean,
): Credential[] {
  const { allowList = [] } = request;
  if (allowList.length === 0) {
    return authenticator.credentials.list(rpIdHash).filter((credential) => isUsable(credential, uv, false));
  }
  const { maxCredentialCountInList } = authenticator.model;
  if (allowList.length > maxCredentialCountInList) {
    const detail = `allowList: expected at most ${maxCredentialCountInList}, got ${allowList.length}`;
    throw new CtapError('CTAP2_ERR_LIMIT_EXCEEDED', detail);
  }
  for (const descriptor of allowList) {
    if (descriptor.type !== PUBLIC_KEY) continue;
    const credential = authenticator.credentials.find(descriptor.id, rpIdHash);
    if (credential && isUsable(credential, uv, true)) return [credential];
  }
  return [];
}

function withUser<T extends object>(presence: T, { discoverable }: Credential): T & { userName?: string } {
  return discoverable?.user.name === undefined ? presence : { ...presence, userName: discoverable.user.name };
}

/** Names of the user leave the key only when it is verified and there is a choice to make (step 13). */
function userMember(
  { discoverable }: Credential,
  uv: boolean,
  numberOfCredentials: number,
): PublicKeyCredentialUserEntity | undefined {
  if (!discoverable) return undefined;
  return uv && numberOfCredentials > 1 ? discoverable.user : { id: discoverable.user.id };
}

async function assert(
  authenticator: Authenticator,
  context: AssertionContext,
  credential: Credential,
  numberOfCredentials: number,
  first: boolean,
): Promise<CborMap> {
  const { up, uv, rpIdHash, clientDataHash, hmacSecret } = context;
  const { signCount, change } = authenticator.nextSignCount();
  const output = credential.hmacSecret ? hmacSecret?.(credential.id, uv) : undefined;
  const authData = encodeAuthenticatorData({
    rpIdHash,
    flags: (up ? Flag.UP : 0) | (uv ? Flag.UV : 0),
    signCount,
    extensions: output && new Map([[HMAC_SECRET, output]]),
  });
  const signature = authenticator.credentials.signer(credential).sign(signedBytes(authData, clientDataHash));
  await authenticator.environment.store.commit([change]);
  return getAssertionResponse.encode({
    credential: { type: PUBLIC_KEY, id: credential.id },
    authData,
    signature,
    user: userMember(credential, uv, numberOfCredentials),
    numberOfCredentials: first && numberOfCredentials > 1 ? numberOfCredentials : undefined,
  });
}
