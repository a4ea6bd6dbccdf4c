/** authenticatorGetAssertion and authenticatorGetNextAssertion: CTAP 2.3 §6.2.2 and §6.3, step by step. */
import { type AuthenticatorData, encodeAuthenticatorData, signedBytes } from '../../ctap/authenticator-data.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { PUBLIC_KEY, type PublicKeyCredentialUserEntity } from '../../ctap/commands/entities.ts';
import {
  type GetAssertionRequest,
  getAssertionRequest,
  getAssertionResponse,
} from '../../ctap/commands/get-assertion.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import { assertionOutputs, readAssertionExtensions } from './assertion-extensions.ts';
import type { Authenticator } from './authenticator.ts';
import { backupFlags, type Credential, isUsable } from './credentials.ts';
import { checkPinUvAuthParam, collectUserPresence } from './pin-uv-auth-param.ts';
import type { AssertionContext } from './stateful.ts';
import { enforceAlwaysUv, readUvOption, verifyUser } from './user-verification.ts';

export async function getAssertion(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
): Promise<CborMap> {
  const request = getAssertionRequest.decode(value, 'authenticatorGetAssertion');
  const presence = { operation: 'getAssertion', rpId: request.rpId } as const;

  const protocol = await checkPinUvAuthParam(authenticator, request, presence, exchange); // steps 1, 2
  const up = readOptions(request); // step 4
  const asked = readUvOption(authenticator, request.options, protocol);
  // step 5: what is done without presence needs no verification even so
  const builtIn = up && authenticator.config.now.alwaysUv ? enforceAlwaysUv(authenticator, asked, protocol) : asked;
  const verification = await verifyUser(
    authenticator,
    request,
    protocol,
    builtIn,
    Permission.getAssertion,
    presence,
    exchange,
  ); // step 6

  const rpIdHash = authenticator.credentials.rpIdHash(request.rpId);
  const applicable = locate(authenticator, request, rpIdHash, verification !== 'none'); // step 7
  const [selected] = applicable;
  if (!selected) throw new CtapError('CTAP2_ERR_NO_CREDENTIALS');
  const extensions = readAssertionExtensions(authenticator, request.extensions, up);
  if (up) await collectUserPresence(authenticator, verification, withUser(presence, selected), exchange); // steps 8, 9

  const { clientDataHash } = request;
  const named = (request.allowList?.length ?? 0) > 0;
  const context: AssertionContext = { rpIdHash, clientDataHash, up, named, verification, extensions };
  const numberOfCredentials = named ? 1 : applicable.length;
  const response = await assert(authenticator, context, selected, numberOfCredentials, true); // steps 10 to 13
  if (numberOfCredentials > 1) {
    authenticator.remembered = {
      context,
      credentials: applicable,
      next: 1,
      token: protocol && authenticator.token.inUse,
      since: authenticator.environment.clock.now(),
    };
  }
  return response;
}

export async function getNextAssertion(authenticator: Authenticator): Promise<CborMap> {
  const { remembered } = authenticator;
  const credential = remembered?.credentials[remembered.next]; // steps 1, 2
  if (!remembered || !credential || !authenticator.mayContinue(remembered)) {
    // step 3
    authenticator.remembered = undefined;
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'there is no further assertion to get');
  }
  remembered.next++;
  remembered.since = authenticator.environment.clock.now();
  return assert(authenticator, remembered.context, credential, remembered.credentials.length, false);
}

/** Checks the options and returns up. */
function readOptions({ options = {} }: GetAssertionRequest): boolean {
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
  const { up, named, verification, rpIdHash, clientDataHash, extensions } = context;
  const uv = verification !== 'none';
  // A portable credential does not count what the user has no part in: platforms ask so whether it is there.
  const isCounted = up || credential.signCount === undefined;
  const { signCount, change } = isCounted
    ? authenticator.nextSignCount(credential)
    : { signCount: credential.signCount! };
  const data: AuthenticatorData = {
    rpIdHash,
    flags: (up ? Flag.UP : 0) | (uv ? Flag.UV : 0) | backupFlags(credential),
    signCount,
    extensions: extensions && assertionOutputs(extensions, credential, verification),
  };
  const command = first ? Command.authenticatorGetAssertion : Command.authenticatorGetNextAssertion;
  const authData = encodeAuthenticatorData(authenticator.beforeSigning(data, command));
  const signature = authenticator.credentials.signer(credential).sign(signedBytes(authData, clientDataHash));
  const blob = extensions?.largeBlob && authenticator.blobs.exchange(extensions.largeBlob, credential, named && up);
  await authenticator.environment.store.commit([...(change ? [change] : []), ...(blob?.changes ?? [])]);
  return getAssertionResponse.encode({
    credential: { type: PUBLIC_KEY, id: credential.id },
    authData,
    signature,
    user: userMember(credential, uv, numberOfCredentials),
    numberOfCredentials: first && numberOfCredentials > 1 ? numberOfCredentials : undefined,
    largeBlobKey: extensions?.largeBlobKey ? credential.discoverable?.largeBlobKey : undefined,
    unsignedExtensionOutputs: blob?.outputs,
  });
}
