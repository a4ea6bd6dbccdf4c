/** When makeCredential and getAssertion need the user verified, and how they verify: CTAP 2.3 §6.1.2 steps 5 to 11, §6.2.2 steps 4 to 6, §7.2. */
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { PresenceRequest } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { performBuiltInUv } from './built-in-uv.ts';
import { type PinUvAuthParameters, verifyToken } from './pin-uv-auth-param.ts';
import type { UserVerification } from './uvm.ts';

/** Reads the option uv, which a pinUvAuthParam overrides. @throws CtapError CTAP2_ERR_INVALID_OPTION where nothing built in can verify */
export function readUvOption(
  authenticator: Authenticator,
  options: Readonly<Record<string, boolean>> | undefined,
  protocol: PinUvAuthProtocol | undefined,
): boolean {
  if (!options?.uv || protocol) return false;
  if (authenticator.hasBuiltInUv) return true;
  const reason = authenticator.model.fingerprints ? 'no finger is enrolled' : 'this key has no sensor';
  throw new CtapError('CTAP2_ERR_INVALID_OPTION', `uv: ${reason}`);
}

/**
 * alwaysUv (§7.2): every command with presence needs the user verified, so built-in verification steps in where the
 * platform asked for none.
 * @returns the option uv as it counts from here on
 * @throws CtapError CTAP2_ERR_PUAT_REQUIRED or CTAP2_ERR_OPERATION_DENIED
 */
export function enforceAlwaysUv(
  authenticator: Authenticator,
  uv: boolean,
  protocol: PinUvAuthProtocol | undefined,
): boolean {
  // a PIN that is not set yet can be, so a platform is sent for a token all the same
  if (!authenticator.isProtected) throw verificationRequired(authenticator, authenticator.supports('clientPin'));
  if (protocol || uv) return uv;
  if (authenticator.hasBuiltInUv) return true;
  throw verificationRequired(authenticator);
}

/** The error that sends the platform for a token, where a PIN can give one. */
export function verificationRequired(authenticator: Authenticator, pin = authenticator.pin.isSet): CtapError {
  if (pin && !authenticator.supports('noMcGaPermissionsWithClientPin')) {
    return new CtapError('CTAP2_ERR_PUAT_REQUIRED', 'the user has to be verified');
  }
  return new CtapError('CTAP2_ERR_OPERATION_DENIED', 'the user has to be verified, and no PIN can do it');
}

/**
 * Verifies the user by the token that came or by the sensor.
 * @throws CtapError CTAP2_ERR_PIN_AUTH_INVALID of a token, CTAP2_ERR_USER_ACTION_TIMEOUT, CTAP2_ERR_PUAT_REQUIRED,
 *   CTAP2_ERR_UV_BLOCKED or CTAP2_ERR_OPERATION_DENIED of the sensor
 */
export async function verifyUser(
  authenticator: Authenticator,
  parameters: PinUvAuthParameters,
  protocol: PinUvAuthProtocol | undefined,
  uv: boolean,
  permission: number,
  presence: PresenceRequest & { readonly rpId: string },
  exchange: Exchange,
): Promise<UserVerification> {
  if (protocol && !authenticator.isProtected) return 'none'; // nothing can have given a token: what came is ignored
  if (protocol) {
    verifyToken(authenticator, protocol, parameters, permission, presence.rpId);
    return authenticator.token.byUv ? 'uvToken' : 'pinToken';
  }
  if (!uv) return 'none';
  const outcome = await performBuiltInUv(authenticator, true, presence, exchange);
  if (outcome === 'verified') return 'builtIn';
  if (outcome === 'timeout') throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT', 'no finger touched the sensor');
  const { pin } = authenticator;
  if (pin.isSet && !authenticator.supports('noMcGaPermissionsWithClientPin')) throw verificationRequired(authenticator);
  if (authenticator.uv.retries === 0) throw new CtapError('CTAP2_ERR_UV_BLOCKED', 'too many fingers did not fit');
  throw new CtapError('CTAP2_ERR_OPERATION_DENIED', 'the finger did not fit');
}
