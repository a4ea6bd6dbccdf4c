/** The ways to a pinUvAuthToken: CTAP 2.3 §6.5.5.7. */
import type { ClientPinRequest, ClientPinResponse } from '../../ctap/commands/client-pin.ts';
import type { AuthenticatorOption } from '../../ctap/commands/get-info.ts';
import { Permission, type PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { performBuiltInUv } from './built-in-uv.ts';
import { need, verifyPin } from './client-pin-parameters.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';
import type { TokenOrigin } from './token-state.ts';

const MC_GA = Permission.makeCredential | Permission.getAssertion;
const PCMR = Permission.persistentCredentialManagementReadOnly;
const ALL = Object.values(Permission).reduce((all, permission) => all | permission, 0);

/** The option that each permission needs, where a PIN gives the token. */
const optionsForPin = new Map<number, AuthenticatorOption>([
  [Permission.credentialManagement, 'credMgmt'],
  [Permission.bioEnrollment, 'bioEnroll'],
  [Permission.largeBlobWrite, 'largeBlobs'],
  [Permission.authenticatorConfiguration, 'authnrCfg'],
  [PCMR, 'perCredMgmtRO'],
]);

/** The same where a finger gives it. */
const optionsForUv = new Map<number, AuthenticatorOption>([
  ...optionsForPin,
  [Permission.bioEnrollment, 'uvBioEnroll'],
  [Permission.authenticatorConfiguration, 'uvAcfg'],
]);

/** §6.5.5.7.1: superseded, for clients of CTAP 2.0. */
export async function getPinToken(
  authenticator: Authenticator,
  request: ClientPinRequest,
  { transport }: Exchange,
): Promise<ClientPinResponse> {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  const [peer, pinHashEnc] = [need(request, 'keyAgreement'), need(request, 'pinHashEnc')];
  if (request.permissions !== undefined || request.rpId !== undefined) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'getPinToken takes neither permissions nor rpId');
  }
  authenticator.pin.assertUsable();
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  await verifyPin(authenticator, protocol, sharedSecret, pinHashEnc);
  // a platform of CTAP 2.0 knows no policy violation: it sends its user to change the PIN at this one
  if (authenticator.pin.forceChange) throw new CtapError('CTAP2_ERR_PIN_INVALID', 'the PIN has to be changed first');
  const origin = { userPresent: false, byUv: false, withoutPermissions: true, transport };
  // step 14: the default permissions are none where a PIN cannot give them
  const permissions = authenticator.supports('noMcGaPermissionsWithClientPin') ? 0 : MC_GA;
  return issue(authenticator, request, protocol, sharedSecret, permissions, origin);
}

/** §6.5.5.7.2 */
export async function getPinUvAuthTokenUsingPin(
  authenticator: Authenticator,
  request: ClientPinRequest,
  { transport }: Exchange,
): Promise<ClientPinResponse> {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  const [peer, pinHashEnc] = [need(request, 'keyAgreement'), need(request, 'pinHashEnc')];
  const permissions = readPermissions(authenticator, request, optionsForPin);
  refuseMcGaByPin(authenticator, permissions);
  authenticator.pin.assertUsable();
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  await verifyPin(authenticator, protocol, sharedSecret, pinHashEnc);
  if (authenticator.pin.forceChange) {
    throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', 'the PIN has to be changed first');
  }
  const origin = { userPresent: false, byUv: false, withoutPermissions: false, transport };
  return issue(authenticator, request, protocol, sharedSecret, permissions, origin);
}

/** §6.5.5.7.3: the finger that gives the token is evidence of presence too. */
export async function getPinUvAuthTokenUsingUv(
  authenticator: Authenticator,
  request: ClientPinRequest,
  exchange: Exchange,
): Promise<ClientPinResponse> {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  const peer = need(request, 'keyAgreement');
  const permissions = readPermissions(authenticator, request, optionsForUv);
  const { uv, model } = authenticator;
  if (!authenticator.hasBuiltInUv) {
    const detail = model.fingerprints ? 'no finger is enrolled' : 'this key has no built-in user verification';
    throw new CtapError('CTAP2_ERR_NOT_ALLOWED', detail);
  }
  if (uv.retries === 0) throw new CtapError('CTAP2_ERR_UV_BLOCKED', 'too many fingers did not fit: the PIN unblocks');
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  // a platform that counts attempts itself gets one of them for each command
  const internalRetry = (model.preferredPlatformUvAttempts ?? 1) <= 1;
  const outcome = await performBuiltInUv(authenticator, internalRetry, { rpId: request.rpId }, exchange);
  if (outcome === 'timeout') throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT', 'no finger touched the sensor');
  if (outcome === 'failed') {
    throw new CtapError(
      uv.retries === 0 ? 'CTAP2_ERR_UV_BLOCKED' : 'CTAP2_ERR_UV_INVALID',
      `${uv.retries} retries left`,
    );
  }
  const { transport } = exchange;
  const origin = { userPresent: true, byUv: true, withoutPermissions: false, transport };
  return issue(authenticator, request, protocol, sharedSecret, permissions, origin);
}

/** The permissions asked for, each of which the model must have an option for; bits without a meaning are ignored. */
function readPermissions(
  authenticator: Authenticator,
  request: ClientPinRequest,
  options: ReadonlyMap<number, AuthenticatorOption>,
): number {
  const permissions = need(request, 'permissions');
  if (permissions === 0) throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'permissions: expected at least one');
  for (const [permission, option] of options) {
    if (permissions & permission && !authenticator.supports(option)) {
      throw unauthorized(`0x${permission.toString(16)} needs the option ${option}, which this key lacks`);
    }
  }
  const meant = permissions & ALL;
  if (meant & PCMR && meant !== PCMR) throw unauthorized('0x40 goes with no other permission');
  if (meant & MC_GA) need(request, 'rpId');
  return meant;
}

function unauthorized(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_UNAUTHORIZED_PERMISSION', `permissions: ${detail}`);
}

function refuseMcGaByPin(authenticator: Authenticator, permissions: number): void {
  if (permissions & MC_GA && authenticator.supports('noMcGaPermissionsWithClientPin')) {
    throw unauthorized('makeCredential and getAssertion take a finger on this key, not a PIN');
  }
}

/** Begins using a token of these permissions and sends it; for 0x40 it is the persistent one, which begins nothing. */
async function issue(
  { environment, persistentToken, token }: Authenticator,
  { rpId }: ClientPinRequest,
  protocol: PinUvAuthProtocol,
  sharedSecret: Uint8Array,
  permissions: number,
  origin: TokenOrigin,
): Promise<ClientPinResponse> {
  const bytes =
    permissions === PCMR ? await persistentToken.grant() : token.begin(protocol.version, permissions, rpId, origin);
  const pinUvAuthToken = protocol.encrypt(sharedSecret, bytes, (length) => environment.random.bytes(length));
  return { pinUvAuthToken };
}
