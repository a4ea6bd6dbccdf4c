/** get() on a CTAP2 key: CTAP 2.3 §6.2.1, the platform's part. */
import type { PublicKeyCredentialDescriptor } from '../../ctap/commands/entities.ts';
import type { GetAssertionRequest, GetAssertionResponse } from '../../ctap/commands/get-assertion.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import { readAuthenticatorData } from './answers.ts';
import type { AssertionRequest, Given } from './assertion-request.ts';
import type { Ctap2Authenticator } from './authenticator.ts';
import { sha256 } from './digest.ts';
import { isStatus, Unsuitable, webauthnError } from './errors.ts';
import type { ExtensionExchange, GivenAssertion } from './extensions/extension.ts';
import { authenticatorInputs, clientOutputs } from './extensions/index.ts';
import { signWithU2f } from './get-u2f.ts';
import { batches, credentialOf, findCredential } from './pre-flight.ts';
import { answerOf, type CredentialChoice } from './ui.ts';
import { type Authorization, authorizationMembers, authorize, sendAuthorized } from './user-verification.ts';

/** The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;

/** @throws Unsuitable, CtapError, ProtocolError or DOMException */
export async function getOverCtap2(authenticator: Ctap2Authenticator, request: AssertionRequest): Promise<Given> {
  const { options, rpId, ui } = request;
  if (!options.allowCredentials && authenticator.option('rk') !== true) {
    throw new Unsuitable('NotAllowedError', 'the authenticator has no discoverable credentials');
  }
  const verification = {
    authenticator,
    ui,
    rpId,
    requirement: options.userVerification,
    permissions: request.extensions.reduce(
      (all, extension) => all | (extension.permissions?.(authenticator) ?? 0),
      Permission.getAssertion as number,
    ),
    operation: 'getAssertion' as const,
  };
  const authorization = await authorize(verification);
  const allowList = options.allowCredentials && (await allowListOf(authenticator, request, authorization));
  if (allowList?.length === 0) return withoutCredential(authenticator, request);
  const exchanges = request.extensions.map((extension) =>
    extension.begin(authenticator, allowList?.length === 1 ? allowList[0]!.id : undefined),
  );
  let waited = false;
  let token: PinUvAuthToken | undefined;
  const onKeepalive = (status: number) => {
    if (status === UPNEEDED) waited = true;
  };
  try {
    const responses = await sendAuthorized(verification, authorization, async (authorized) => {
      token = authorized.kind === 'token' ? authorized.token : undefined;
      const message: GetAssertionRequest = {
        rpId,
        clientDataHash: request.clientDataHash,
        allowList,
        extensions: await authenticatorInputs(exchanges),
        options: authorized.kind === 'builtInUv' ? { uv: true } : undefined,
        ...authorizationMembers(authorized, request.clientDataHash),
      };
      return authenticator.client.getAllAssertions(message, { signal: authenticator.turn.signal, onKeepalive });
    });
    authenticator.turn.choose();
    const response = await select(authenticator, request, responses);
    return await readResponse(response, request, allowList ?? [], exchanges, token);
  } catch (error) {
    if (!isStatus(error, 'CTAP2_ERR_NO_CREDENTIALS')) throw error;
    return withoutCredential(authenticator, request, waited);
  }
}

/**
 * The allow list to send: the one credential that the key has of it, found out silently, or nothing.
 * Keys differ in what they answer without a touch; so asked, they all say what they have.
 */
async function allowListOf(
  authenticator: Ctap2Authenticator,
  { options, rpId }: AssertionRequest,
  authorization: Authorization,
): Promise<PublicKeyCredentialDescriptor[]> {
  const lists = batches(options.allowCredentials ?? [], authenticator.info);
  const [list] = lists;
  // a silent question would not see what only the verified user may: send the list as it is where it fits
  if (list && lists.length === 1 && (authorization.kind === 'builtInUv' || isPlain(authenticator, list))) return list;
  const found = await findCredential(authenticator, rpId, lists, authorization);
  return found ? [found] : [];
}

/** There is nothing to find out: one credential, and a key that says at once that it has no such one (§6.2.2 step 7). */
function isPlain({ isFrom21 }: Ctap2Authenticator, list: readonly PublicKeyCredentialDescriptor[]): boolean {
  return list.length === 1 && isFrom21;
}

/**
 * The key has none of the credentials. It may have one of the AppID; else the user is asked for a touch all the
 * same, so that a site cannot find out silently.
 * @param waited whether the key has waited for its user already
 */
async function withoutCredential(
  authenticator: Ctap2Authenticator,
  request: AssertionRequest,
  waited = false,
): Promise<Given> {
  const { appId, options } = request;
  if (
    appId !== undefined &&
    authenticator.info.versions.includes('U2F_V2') &&
    options.userVerification !== 'required'
  ) {
    const given = await signWithU2f(new Ctap1Client(authenticator.device), authenticator, request, [appId]);
    if (given) return given;
  }
  if (!waited) await authenticator.touch();
  throw webauthnError('NotAllowedError', `the authenticator has no credential of ${request.rpId} that was asked for`);
}

/** The assertion of the account that the user wants. */
async function select(
  { turn }: Ctap2Authenticator,
  { ui }: AssertionRequest,
  responses: readonly GetAssertionResponse[],
): Promise<GetAssertionResponse> {
  const [first] = responses;
  if (responses.length === 1 || first!.userSelected || !ui.selectCredential) return first!;
  const choices: CredentialChoice[] = responses.map((response) => ({
    id: credentialOf(response, []).id,
    user: response.user ?? { id: new Uint8Array(0) },
  }));
  const choice = await answerOf(() => ui.selectCredential?.(choices, turn.signal), turn.signal);
  if (!choice) throw webauthnError('NotAllowedError', 'the user cancelled the choice of an account');
  const chosen = responses[choices.indexOf(choice)];
  if (!chosen) throw new TypeError('ui.selectCredential: expected one of the choices that it was given');
  return chosen;
}

async function readResponse(
  response: GetAssertionResponse,
  { rpId, options }: AssertionRequest,
  allowList: readonly PublicKeyCredentialDescriptor[],
  exchanges: readonly ExtensionExchange<GivenAssertion>[],
  token: PinUvAuthToken | undefined,
): Promise<Given> {
  const expected = { rpIdHash: sha256(rpId), userVerified: options.userVerification === 'required' };
  const authData = readAuthenticatorData(response.authData, expected);
  const { largeBlobKey, unsignedExtensionOutputs } = response;
  const given = { authData, usedAppId: false, largeBlobKey, unsignedExtensionOutputs, token };
  return {
    credentialId: credentialOf(response, allowList).id,
    authenticatorData: response.authData,
    signature: response.signature,
    userHandle: response.user?.id,
    clientExtensionResults: await clientOutputs(exchanges, given),
  };
}
