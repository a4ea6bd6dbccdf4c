/** authenticatorMakeCredential: CTAP 2.3 §6.1.2, step by step. */

import { encodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { PUBLIC_KEY, type PublicKeyCredentialParameters } from '../../ctap/commands/entities.ts';
import {
  type MakeCredentialRequest,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../ctap/commands/make-credential.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { Flag } from '../../ctap/flags.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { StoreChange } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import { attest, type NewCredential } from './attest.ts';
import type { Authenticator } from './authenticator.ts';
import { type CreationExtensions, readCreationExtensions } from './creation-extensions.ts';
import type { Credential } from './credentials.ts';
import { checkPinUvAuthParam, collectUserPresence, verifyToken } from './pin-uv-auth-param.ts';

const CREDENTIAL_ID_LENGTH = 32;

export async function makeCredential(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
): Promise<CborMap> {
  const request = makeCredentialRequest.decode(value, 'authenticatorMakeCredential');
  const { model, pin } = authenticator;
  const presence = { operation: 'makeCredential', rpId: request.rp.id, userName: request.user.name ?? '' } as const;

  const protocol = await checkPinUvAuthParam(authenticator, request, presence, exchange); // steps 1, 2
  const alg = chooseAlgorithm(model.algorithms, request.pubKeyCredParams); // step 3
  const rk = readOptions(request); // step 5
  // steps 7, 8: with a PIN set, only a non-discoverable credential may do without it
  if (pin.isSet && !protocol && (rk || !model.options.includes('makeCredUvNotRqd')))
    throw new CtapError('CTAP2_ERR_PUAT_REQUIRED');
  if (request.enterpriseAttestation !== undefined) {
    // step 9
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'enterprise attestation is not enabled on this key');
  }
  if (protocol) verifyToken(authenticator, protocol, request, Permission.makeCredential, request.rp.id); // step 11
  const uv = protocol !== undefined;

  const rpIdHash = authenticator.credentials.rpIdHash(request.rp.id);
  await checkExcludeList(authenticator, request, rpIdHash, uv, exchange); // step 12
  const extensions = readCreationExtensions(request.extensions);
  if (rk) assertRoom(authenticator, request, rpIdHash); // before the touch: it would be in vain
  await collectUserPresence(authenticator, request, presence, exchange); // step 14

  const credential = await createCredential(authenticator, request, alg, rk, rpIdHash, extensions); // steps 16, 17
  exchange.signal.throwIfAborted(); // an RSA key takes its time
  const { signCount, change } = authenticator.nextSignCount();
  const authData = encodeAuthenticatorData({
    rpIdHash,
    flags: Flag.UP | (uv ? Flag.UV : 0),
    signCount,
    attestedCredentialData: {
      aaguid: model.aaguid,
      credentialId: credential.id,
      credentialPublicKey: encodeCoseKey({ alg, publicKey: credential.publicKey }),
    },
    extensions: extensions.outputs,
  });
  const attestation = attest(authenticator, request, credential, rpIdHash, authData); // step 18
  await authenticator.environment.store.commit([change, ...credential.changes]);
  return makeCredentialResponse.encode({ ...attestation, authData });
}

/** The first algorithm of the list that this key has; every element is checked all the same. */
function chooseAlgorithm(supported: readonly number[], parameters: readonly PublicKeyCredentialParameters[]): number {
  const chosen = parameters.find(({ alg, type }) => type === PUBLIC_KEY && supported.includes(alg));
  if (chosen) return chosen.alg;
  const offered = parameters.map(({ alg }) => alg).join(', ');
  throw new CtapError(
    'CTAP2_ERR_UNSUPPORTED_ALGORITHM',
    `expected one of ${supported.join(', ')}, got ${offered || 'none'}`,
  );
}

/** Checks the options and returns rk. A pinUvAuthParam overrides uv. */
function readOptions({ options = {}, pinUvAuthParam }: MakeCredentialRequest): boolean {
  if (options.uv && !pinUvAuthParam) {
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'uv: this key has no built-in user verification');
  }
  if (options.up === false)
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'up: a credential is never made without presence');
  return options.rk ?? false;
}

async function checkExcludeList(
  authenticator: Authenticator,
  request: MakeCredentialRequest,
  rpIdHash: Uint8Array,
  uv: boolean,
  exchange: Exchange,
): Promise<void> {
  const { excludeList = [] } = request;
  const { maxCredentialCountInList } = authenticator.model;
  if (excludeList.length > maxCredentialCountInList) {
    const detail = `excludeList: expected at most ${maxCredentialCountInList}, got ${excludeList.length}`;
    throw new CtapError('CTAP2_ERR_LIMIT_EXCEEDED', detail);
  }
  for (const descriptor of excludeList) {
    if (descriptor.type !== PUBLIC_KEY) continue;
    const credential = authenticator.credentials.find(descriptor.id, rpIdHash);
    if (!credential || (credential.credProtect === 3 && !uv)) continue;
    // whatever the user answers, the outcome is the same: it only keeps a site from probing unseen
    if (!(request.pinUvAuthParam && authenticator.token.userPresent)) {
      await authenticator.requestPresence({ operation: 'excluded', rpId: request.rp.id }, exchange);
    }
    throw new CtapError('CTAP2_ERR_CREDENTIAL_EXCLUDED');
  }
}

/** The discoverable credential of the same RP and user, which a new one replaces. */
function predecessor(
  authenticator: Authenticator,
  request: MakeCredentialRequest,
  rpIdHash: Uint8Array,
): Credential | undefined {
  const userId = Buffer.from(request.user.id);
  return authenticator.credentials.list(rpIdHash).find(({ discoverable }) => userId.equals(discoverable!.user.id));
}

function assertRoom(authenticator: Authenticator, request: MakeCredentialRequest, rpIdHash: Uint8Array): void {
  const { maxDiscoverableCredentials } = authenticator.model;
  if (authenticator.credentials.count < maxDiscoverableCredentials || predecessor(authenticator, request, rpIdHash))
    return;
  throw new CtapError('CTAP2_ERR_KEY_STORE_FULL', `all ${maxDiscoverableCredentials} places are taken`);
}

interface CreatedCredential extends NewCredential {
  readonly changes: readonly StoreChange[];
}

async function createCredential(
  authenticator: Authenticator,
  request: MakeCredentialRequest,
  alg: number,
  rk: boolean,
  rpIdHash: Uint8Array,
  extensions: CreationExtensions,
): Promise<CreatedCredential> {
  const { crypto, random } = authenticator.environment;
  const { credentials } = authenticator;
  const { privateKey, publicKey } = await crypto.generateKeyPair(alg, (length) => random.bytes(length));
  const core = { alg, privateKey, credProtect: extensions.credProtect, hmacSecret: extensions.hmacSecret };
  if (!rk) return { ...core, id: credentials.seal(core, rpIdHash), publicKey, changes: [] };
  const { change, sequence } = credentials.nextSequence();
  const id = random.bytes(CREDENTIAL_ID_LENGTH);
  const discoverable = { ...core, id, rp: request.rp, user: request.user, sequence, publicKey };
  const replaced = predecessor(authenticator, request, rpIdHash);
  const changes = [change, credentials.put(discoverable)];
  if (replaced) changes.push(credentials.remove(replaced.discoverable!));
  return { ...core, id, discoverable, publicKey, changes };
}
