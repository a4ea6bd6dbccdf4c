/** Whether and how the user is verified on one authenticator: CTAP 2.3 §6.1.1, §6.2.1, §7.1.1 "platform" steps. */
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { Ctap2Authenticator } from './authenticator.ts';
import { isStatus, Unsuitable } from './errors.ts';
import type { UserVerificationRequirement } from './options.ts';
import { tokenByPin } from './pin-entry.ts';
import type { WebAuthnUi } from './ui.ts';

/** Times that the user is asked for a fingerprint before the PIN, where the key does not say (CTAP 2.3 §6.4). */
const UV_ATTEMPTS = 3;

export interface VerificationRequest {
  readonly authenticator: Ctap2Authenticator;
  readonly ui: WebAuthnUi;
  readonly rpId: string;
  readonly requirement: UserVerificationRequirement;
  /** Bits of Permission. */
  readonly permissions: number;
  /** What the key itself may want it for: a new credential, a discoverable one, or an assertion. */
  readonly operation: 'makeCredential' | 'makeDiscoverableCredential' | 'getAssertion';
}

/** The right to send a request: with a token, with built-in user verification in the same step, or as it is. */
export type Authorization =
  | { readonly kind: 'none' | 'builtInUv' }
  | { readonly kind: 'token'; readonly token: PinUvAuthToken };

/** The members of a request that carry an authorization. */
export function authorizationMembers(
  authorization: Authorization,
  clientDataHash: Uint8Array,
): { pinUvAuthParam?: Uint8Array; pinUvAuthProtocol?: number } {
  if (authorization.kind !== 'token') return {};
  const { token } = authorization;
  return { pinUvAuthParam: token.authenticate(clientDataHash), pinUvAuthProtocol: token.protocol.version };
}

interface Means {
  readonly builtInUv: boolean;
  readonly pin: boolean;
  /** A PIN could be set. */
  readonly newPin: boolean;
}

function means({ authenticator, ui, operation }: VerificationRequest): Means {
  const pinUsable = ui.pin !== undefined && authenticator.option('noMcGaPermissionsWithClientPin') !== true;
  return {
    builtInUv: authenticator.option('uv') === true,
    pin: pinUsable && authenticator.option('clientPin') === true,
    // as browsers do: where a PIN was never set, no credential that wants one exists
    newPin: pinUsable && authenticator.option('clientPin') === false && operation !== 'getAssertion',
  };
}

/** True where the key would refuse the operation without user verification (CTAP 2.3 §6.1.2 steps 6 to 8, §6.2.2 step 5, §6.10.2). */
function isDemanded({ authenticator, operation, permissions }: VerificationRequest): boolean {
  if (authenticator.option('alwaysUv')) return true;
  const isProtected = authenticator.option('clientPin') === true || authenticator.option('uv') === true;
  if (operation === 'getAssertion') return isProtected && (permissions & Permission.largeBlobWrite) !== 0;
  return isProtected && !(operation === 'makeCredential' && authenticator.option('makeCredUvNotRqd') === true);
}

/**
 * Verifies the user where the relying party or the key wants it.
 * @throws Unsuitable NotAllowedError where the key cannot
 * @throws DOMException NotAllowedError where the user cancels
 */
export async function authorize(request: VerificationRequest): Promise<Authorization> {
  const { authenticator, requirement } = request;
  const available = means(request);
  const wanted = requirement === 'required' || (requirement === 'preferred' && (available.builtInUv || available.pin));
  if (!wanted && !isDemanded(request)) return { kind: 'none' };
  if (!available.builtInUv && !available.pin && !available.newPin) {
    throw new Unsuitable('NotAllowedError', 'the authenticator cannot verify the user as it is set up');
  }
  if (!available.builtInUv) return byPin(request);
  if (!authenticator.option('pinUvAuthToken')) return { kind: 'builtInUv' };
  return (await byBuiltInUv(request)) ?? byPin(request);
}

async function byPin(request: VerificationRequest): Promise<Authorization> {
  return { kind: 'token', token: await tokenByPin(request) };
}

/** A token by fingerprint or the like; undefined where that is used up and a PIN may take its place. */
async function byBuiltInUv(request: VerificationRequest): Promise<Authorization | undefined> {
  const { authenticator, permissions, rpId } = request;
  const { pin: client, turn, info } = authenticator;
  const attempts = Math.min(info.preferredPlatformUvAttempts ?? UV_ATTEMPTS, await client.getUvRetries());
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      const token = await client.getPinUvAuthTokenUsingUv({ permissions, rpId }, { signal: turn.signal });
      turn.choose();
      return { kind: 'token', token };
    } catch (refusal) {
      const failed = isStatus(refusal, 'CTAP2_ERR_UV_INVALID', 'CTAP2_ERR_UV_BLOCKED');
      if (!failed) throw refusal;
      turn.choose(); // somebody's finger was on this key
      const isLast = attempt === attempts || isStatus(refusal, 'CTAP2_ERR_UV_BLOCKED');
      if (isLast && !means(request).pin) throw refusal;
      if (isLast) return undefined;
    }
  }
  if (means(request).pin) return undefined;
  throw new Unsuitable('NotAllowedError', 'built-in user verification is blocked, and there is no PIN');
}

/**
 * Sends a request with its authorization. Where built-in user verification is part of it and fails, the user
 * tries again, and then enters the PIN.
 */
export async function sendAuthorized<T>(
  request: VerificationRequest,
  authorization: Authorization,
  send: (authorization: Authorization) => Promise<T>,
): Promise<T> {
  if (authorization.kind !== 'builtInUv') return send(authorization);
  const attempts = request.authenticator.info.preferredPlatformUvAttempts ?? UV_ATTEMPTS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(authorization);
    } catch (refusal) {
      const mayTryAgain = isStatus(refusal, 'CTAP2_ERR_UV_INVALID') && attempt < attempts;
      if (mayTryAgain) continue;
      const isUsedUp = isStatus(
        refusal,
        'CTAP2_ERR_UV_INVALID',
        'CTAP2_ERR_UV_BLOCKED',
        'CTAP2_ERR_PUAT_REQUIRED',
        'CTAP2_ERR_PIN_AUTH_BLOCKED',
      );
      if (!isUsedUp || !means(request).pin) throw refusal;
      return send(await byPin(request));
    }
  }
}
