/** authenticatorMakeCredential: CTAP 2.3 §6.1.2, step by step. */

import { type AuthenticatorData, encodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { PUBLIC_KEY, type PublicKeyCredentialParameters } from '../../ctap/commands/entities.ts';
import { Command } from '../../ctap/commands/index.ts';
import {
  type MakeCredentialRequest,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../ctap/commands/make-credential.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { LARGE_BLOB_KEY_LENGTH } from '../../ctap/extensions/large-blob-key.ts';
import { Flag } from '../../ctap/flags.ts';
import { Permission, type PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { StoreChange } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import { aaguidFor, attest, chooseFormat, type NewCredential } from './attest.ts';
import type { Authenticator } from './authenticator.ts';
import {
  type CreationExtensions,
  creationOutputs,
  readCreationExtensions,
  unsignedCreationOutputs,
} from './creation-extensions.ts';
import { RECORD_VERSION, type SealedCredential } from './credential-records.ts';
import { backupFlags, type Credential, DISCOVERABLE_ID_LENGTH } from './credentials.ts';
import { enterpriseAttestation } from './enterprise-attestation.ts';
import { firstSignCount, portableMembers, serverSideCredential } from './new-credential.ts';
import { checkPinUvAuthParam, collectUserPresence, hasInteraction } from './pin-uv-auth-param.ts';
import { enforceAlwaysUv, readUvOption, verificationRequired, verifyUser } from './user-verification.ts';
import type { UserVerification } from './uvm.ts';

/** In bytes (WebAuthn Level 3 §5.4.3). */
const MAX_USER_ID_LENGTH = 64;

export async function makeCredential(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
): Promise<CborMap> {
  const request = makeCredentialRequest.decode(value, 'authenticatorMakeCredential');
  const { model } = authenticator;
  if (request.user.id.length > MAX_USER_ID_LENGTH) {
    const detail = `user.id: expected at most ${MAX_USER_ID_LENGTH} bytes, got ${request.user.id.length}`;
    throw new CtapError('CTAP1_ERR_INVALID_LENGTH', detail);
  }
  const presence = { operation: 'makeCredential', rpId: request.rp.id, userName: request.user.name ?? '' } as const;

  const protocol = await checkPinUvAuthParam(authenticator, request, presence, exchange); // steps 1, 2
  const alg = chooseAlgorithm(model.algorithms, request.pubKeyCredParams); // step 3
  const rk = readOptions(request); // step 5
  const uv = requiredVerification(authenticator, request, protocol, rk); // steps 5 to 8
  const enterprise = enterpriseAttestation(authenticator, request); // step 9
  const verification = await verifyUser(
    authenticator,
    request,
    protocol,
    uv,
    Permission.makeCredential,
    presence,
    exchange,
  ); // steps 10, 11

  const rpIdHash = authenticator.credentials.rpIdHash(request.rp.id);
  await checkExcludeList(authenticator, request, rpIdHash, verification, exchange); // step 12
  const extensions = readCreationExtensions(authenticator, request.extensions, rk);
  if (rk) assertRoom(authenticator, request, rpIdHash); // before the touch: it would be in vain
  await collectUserPresence(authenticator, verification, presence, exchange); // steps 13, 14

  const credential = await createCredential(authenticator, request, alg, rk, rpIdHash, extensions, exchange); // steps 16, 17
  const fmt = chooseFormat(model, request.attestationFormatsPreference, alg);
  const { signCount, changes } = firstSignCount(authenticator, credential);
  const data: AuthenticatorData = {
    rpIdHash,
    flags: Flag.UP | (verification === 'none' ? 0 : Flag.UV) | backupFlags(credential),
    signCount,
    attestedCredentialData: {
      aaguid: aaguidFor(fmt, model),
      credentialId: credential.id,
      credentialPublicKey: encodeCoseKey({ alg, publicKey: credential.publicKey }),
    },
    extensions: creationOutputs(authenticator, extensions, credential, request.rp.id, verification),
  };
  const authData = encodeAuthenticatorData(authenticator.beforeSigning(data, Command.authenticatorMakeCredential));
  const attestation = attest(authenticator, fmt, request, credential, rpIdHash, authData, enterprise); // step 18
  await authenticator.environment.store.commit([...changes, ...credential.changes]);
  return makeCredentialResponse.encode({
    ...attestation,
    authData,
    largeBlobKey: credential.discoverable?.largeBlobKey,
    unsignedExtensionOutputs: unsignedCreationOutputs(extensions),
  });
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

/** Checks the options and returns rk. */
function readOptions({ options = {} }: MakeCredentialRequest): boolean {
  if (options.up === false)
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'up: a credential is never made without presence');
  return options.rk ?? false;
}

/** Whether the sensor has to verify the user; a request that needs verification but brings none is refused. */
function requiredVerification(
  authenticator: Authenticator,
  request: MakeCredentialRequest,
  protocol: PinUvAuthProtocol | undefined,
  rk: boolean,
): boolean {
  const uv = readUvOption(authenticator, request.options, protocol);
  if (authenticator.config.now.alwaysUv) return enforceAlwaysUv(authenticator, uv, protocol); // step 6
  // steps 7, 8: only a non-discoverable credential may do without, and not on every model
  const needed = rk || !authenticator.supports('makeCredUvNotRqd');
  if (needed && !uv && !protocol && authenticator.isProtected) throw verificationRequired(authenticator);
  return uv;
}

async function checkExcludeList(
  authenticator: Authenticator,
  request: MakeCredentialRequest,
  rpIdHash: Uint8Array,
  verification: UserVerification,
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
    if (!credential || (credential.credProtect === 3 && verification === 'none')) continue;
    // whatever the user answers, the outcome is the same: it only keeps a site from probing unseen
    if (!hasInteraction(authenticator, verification)) {
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
  exchange: Exchange,
): Promise<CreatedCredential> {
  const { crypto, random } = authenticator.environment;
  const { credentials } = authenticator;
  const made = crypto.generateKeyPair(alg, (length) => random.bytes(length));
  const { privateKey, publicKey } = await made;
  if (made instanceof Promise) exchange.signal.throwIfAborted(); // an RSA key takes its time
  const core: SealedCredential = {
    alg,
    privateKey,
    credProtect: extensions.credProtect,
    hmacSecret: extensions.hmacSecret,
    credBlob: storableBlob(authenticator, extensions),
    thirdPartyPayment: extensions.thirdPartyPayment || undefined,
    largeBlob: extensions.largeBlob || undefined,
    ...portableMembers(authenticator),
  };
  if (!rk) return { ...serverSideCredential(authenticator, core, rpIdHash, request.rp.id), publicKey };
  const { change, sequence } = credentials.nextSequence();
  const id = random.bytes(DISCOVERABLE_ID_LENGTH);
  const discoverable = {
    ...core,
    version: RECORD_VERSION,
    id,
    rp: request.rp,
    user: request.user,
    sequence,
    publicKey,
    largeBlobKey: extensions.largeBlobKey ? random.bytes(LARGE_BLOB_KEY_LENGTH) : undefined,
  };
  const replaced = predecessor(authenticator, request, rpIdHash);
  const changes = [change, credentials.put(discoverable)];
  if (replaced) changes.push(credentials.remove(replaced.discoverable!), ...authenticator.blobs.removal(replaced));
  return { ...core, id, discoverable, publicKey, changes };
}

/** §12.2: a blob that is too long is not stored, and the output says so. */
function storableBlob({ model }: Authenticator, { credBlob }: CreationExtensions): Uint8Array | undefined {
  return credBlob && credBlob.length <= model.maxCredBlobLength ? credBlob : undefined;
}
