/** create() on a CTAP2 key: CTAP 2.3 §6.1.1, the platform's part. */
import type { PublicKeyCredentialDescriptor } from '../../ctap/commands/entities.ts';
import type { MakeCredentialRequest, MakeCredentialResponse } from '../../ctap/commands/make-credential.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import { ProtocolError } from '../client/protocol-error.ts';
import { readAuthenticatorData } from './answers.ts';
import type { Ctap2Authenticator } from './authenticator.ts';
import type { Created, CreationRequest } from './creation-request.ts';
import { sha256 } from './digest.ts';
import { Unsuitable } from './errors.ts';
import type { CreatedCredential, ExtensionExchange } from './extensions/extension.ts';
import { authenticatorInputs, clientOutputs } from './extensions/index.ts';
import { batches, findCredential } from './pre-flight.ts';
import { publicKeyAlgorithm } from './public-key.ts';
import { type Authorization, authorizationMembers, authorize, sendAuthorized } from './user-verification.ts';

/** @throws Unsuitable, CtapError, ProtocolError or DOMException */
export async function createOverCtap2(authenticator: Ctap2Authenticator, request: CreationRequest): Promise<Created> {
  const { options, rpId, ui } = request;
  assertAlgorithm(authenticator, request);
  const rk = isDiscoverable(authenticator, request);
  const exchanges = request.extensions.map((begin) => begin(authenticator, rk));
  const excluded = batches(options.excludeCredentials, authenticator.info);
  const verification = {
    authenticator,
    ui,
    rpId,
    requirement: options.authenticatorSelection.userVerification,
    // silent questions about a long exclude list are getAssertion's
    permissions: Permission.makeCredential | (excluded.length > 1 ? Permission.getAssertion : 0),
    operation: rk ? ('makeDiscoverableCredential' as const) : ('makeCredential' as const),
  };
  const authorization = await authorize(verification);
  const excludeList = await excludeListOf(authenticator, request, excluded, authorization);
  const base = creationMembers(authenticator, request, excludeList);
  const response = await sendAuthorized(verification, authorization, async (authorized) => {
    const extensions = await authenticatorInputs(exchanges);
    const flags = { ...(rk && { rk }), ...(authorized.kind === 'builtInUv' && { uv: true }) };
    const message: MakeCredentialRequest = {
      ...base,
      extensions,
      options: Object.keys(flags).length > 0 ? flags : undefined,
      ...authorizationMembers(authorized, request.clientDataHash),
    };
    return authenticator.client.makeCredential(message, { signal: authenticator.turn.signal });
  });
  return readResponse(response, request, rk || mayBeDiscoverable(authenticator), exchanges);
}

/** Keys that list their algorithms are not bothered in vain. */
function assertAlgorithm({ info }: Ctap2Authenticator, { pubKeyCredParams }: CreationRequest): void {
  if (!info.algorithms || info.algorithms.some(({ alg }) => pubKeyCredParams.some((asked) => asked.alg === alg)))
    return;
  const asked = pubKeyCredParams.map(({ alg }) => alg).join(', ');
  const had = info.algorithms.map(({ alg }) => alg).join(', ');
  throw new Unsuitable('NotSupportedError', `the authenticator has the algorithms ${had}, not ${asked}`);
}

/** Whether to make a discoverable credential (WebAuthn Level 3 §5.4.6); a preference ends where the room does. */
function isDiscoverable(authenticator: Ctap2Authenticator, { options }: CreationRequest): boolean {
  const { residentKey } = options.authenticatorSelection;
  if (residentKey === 'discouraged') return false;
  const supported = authenticator.option('rk') === true;
  if (residentKey === 'required') {
    if (supported) return true;
    throw new Unsuitable('NotAllowedError', 'the authenticator makes no discoverable credentials');
  }
  return supported && authenticator.info.remainingDiscoverableCredentials !== 0;
}

/** Keys of CTAP 2.0 may make each credential a discoverable one: undefined where one was not asked for. */
function mayBeDiscoverable(authenticator: Ctap2Authenticator): false | undefined {
  return !authenticator.isFrom21 && authenticator.option('rk') === true ? undefined : false;
}

/**
 * The exclude list to send: as it is where it fits in one message, else the one credential that the key has of it.
 * @throws CtapError CTAP2_ERR_CREDENTIAL_EXCLUDED, after a touch, for a credential of appidExclude
 */
async function excludeListOf(
  authenticator: Ctap2Authenticator,
  { rpId, appIdExclude }: CreationRequest,
  excluded: readonly PublicKeyCredentialDescriptor[][],
  authorization: Authorization,
): Promise<PublicKeyCredentialDescriptor[] | undefined> {
  if (appIdExclude !== undefined) {
    // without the token, which is bound to the RP ID
    const found = await findCredential(authenticator, appIdExclude, excluded, { kind: 'none' });
    if (found) {
      await authenticator.touch();
      throw new CtapError('CTAP2_ERR_CREDENTIAL_EXCLUDED', `a credential of ${appIdExclude}`);
    }
  }
  if (excluded.length <= 1) return excluded[0];
  const found = await findCredential(authenticator, rpId, excluded, authorization);
  return found && [found];
}

/** The members that do not depend on how the user is verified. */
function creationMembers(
  authenticator: Ctap2Authenticator,
  { options, rpId, pubKeyCredParams, clientDataHash, enterpriseAttestation }: CreationRequest,
  excludeList: PublicKeyCredentialDescriptor[] | undefined,
): MakeCredentialRequest {
  const isEnterprise = options.attestation === 'enterprise' && authenticator.option('ep') === true;
  const knowsFormats = authenticator.info.attestationFormats !== undefined && options.attestation !== 'none';
  return {
    clientDataHash,
    rp: { id: rpId, name: options.rp.name },
    user: options.user,
    pubKeyCredParams: [...pubKeyCredParams],
    excludeList,
    enterpriseAttestation: isEnterprise ? enterpriseAttestation : undefined,
    attestationFormatsPreference:
      knowsFormats && options.attestationFormats.length > 0 ? [...options.attestationFormats] : undefined,
  };
}

async function readResponse(
  { fmt, attStmt = new Map(), authData, largeBlobKey, unsignedExtensionOutputs }: MakeCredentialResponse,
  { rpId, options, pubKeyCredParams }: CreationRequest,
  discoverable: boolean | undefined,
  exchanges: readonly ExtensionExchange<CreatedCredential>[],
): Promise<Created> {
  const userVerified = options.authenticatorSelection.userVerification === 'required';
  const read = readAuthenticatorData(authData, { rpIdHash: sha256(rpId), userVerified });
  const { attestedCredentialData: credential } = read;
  if (!credential) throw new ProtocolError('expected attested credential data in the authenticator data');
  const alg = publicKeyAlgorithm(credential.credentialPublicKey);
  if (!pubKeyCredParams.some((asked) => asked.alg === alg)) {
    const asked = pubKeyCredParams.map((parameters) => parameters.alg).join(', ');
    throw new ProtocolError(`expected a credential of algorithm ${asked}, got ${alg}`);
  }
  const created = { authData: read, discoverable, largeBlobKey, unsignedExtensionOutputs };
  const clientExtensionResults = await clientOutputs(exchanges, created);
  return { attestation: { fmt, attStmt, authData }, credential, clientExtensionResults };
}
