/** Steps that makeCredential and getAssertion share: CTAP 2.3 §6.1.2 steps 1, 2, 11 and §6.2.2 steps 1, 2, 6. */
import { Command } from '../../ctap/commands/index.ts';
import { type PinUvAuthProtocol, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { PresenceRequest } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import type { UserVerification } from './uvm.ts';

export interface PinUvAuthParameters {
  readonly clientDataHash: Uint8Array;
  readonly pinUvAuthParam?: Uint8Array | undefined;
  readonly pinUvAuthProtocol?: number | undefined;
}

/** The protocol of that number if this model has it. @throws CtapError CTAP1_ERR_INVALID_PARAMETER */
export function supportedProtocol(authenticator: Authenticator, version: number): PinUvAuthProtocol {
  const versions: readonly number[] = authenticator.model.pinUvAuthProtocols;
  if (!versions.includes(version)) {
    const detail = `pinUvAuthProtocol: expected one of ${versions.join(', ')}, got ${version}`;
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
  }
  return pinUvAuthProtocol(version, authenticator.environment.crypto);
}

/**
 * Step 1: a zero-length pinUvAuthParam asks which key the user means, and always ends the command.
 * Step 2: the protocol must be there and be known.
 * @returns the protocol where a pinUvAuthParam came
 */
export async function checkPinUvAuthParam(
  authenticator: Authenticator,
  parameters: PinUvAuthParameters,
  presence: PresenceRequest,
  exchange: Exchange,
): Promise<PinUvAuthProtocol | undefined> {
  const { pinUvAuthParam, pinUvAuthProtocol: version } = parameters;
  if (!pinUvAuthParam) return undefined;
  if (pinUvAuthParam.length === 0) {
    const answer = await authenticator.requestPresence(presence, exchange);
    if (answer !== 'touched') throw new CtapError('CTAP2_ERR_OPERATION_DENIED');
    throw new CtapError(authenticator.pin.isSet ? 'CTAP2_ERR_PIN_INVALID' : 'CTAP2_ERR_PIN_NOT_SET');
  }
  if (version === undefined)
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'pinUvAuthParam came without pinUvAuthProtocol');
  return supportedProtocol(authenticator, version);
}

const prototypeCommands: ReadonlySet<number> = new Set([
  Command.prototypeAuthenticatorBioEnrollment,
  Command.prototypeAuthenticatorCredentialManagement,
]);

interface TokenParameters {
  readonly pinUvAuthParam?: Uint8Array | undefined;
  readonly pinUvAuthProtocol?: number | undefined;
}

/** The first step of commands that take a token: there has to be one. @throws CtapError CTAP2_ERR_PUAT_REQUIRED */
export function requireParam({ pinUvAuthParam }: TokenParameters): Uint8Array {
  if (!pinUvAuthParam) throw new CtapError('CTAP2_ERR_PUAT_REQUIRED');
  return pinUvAuthParam;
}

/**
 * What the commands other than makeCredential and getAssertion ask of a token: that it authenticates `message` and has
 * the permission. The prototype commands, older than permissions, take a token of getPinToken as well.
 * @throws CtapError CTAP2_ERR_PUAT_REQUIRED, CTAP2_ERR_MISSING_PARAMETER, CTAP1_ERR_INVALID_PARAMETER or CTAP2_ERR_PIN_AUTH_INVALID
 */
export function requireToken(
  authenticator: Authenticator,
  parameters: TokenParameters,
  message: Uint8Array,
  permission: number,
  command?: number,
): void {
  const pinUvAuthParam = requireParam(parameters);
  const { pinUvAuthProtocol: version } = parameters;
  if (version === undefined) {
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'pinUvAuthParam came without pinUvAuthProtocol');
  }
  const protocol = supportedProtocol(authenticator, version);
  const { token } = authenticator;
  if (!token.verify(protocol, message, pinUvAuthParam)) {
    throw new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', 'pinUvAuthParam does not fit the token in use');
  }
  if (token.has(permission)) return;
  if (command !== undefined && prototypeCommands.has(command) && token.isWithoutPermissions) return;
  throw new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', 'the token lacks the permission');
}

/** Verifies the token's authentication of clientDataHash, its permission, RP ID and user-verified flag. @throws CtapError CTAP2_ERR_PIN_AUTH_INVALID */
export function verifyToken(
  authenticator: Authenticator,
  protocol: PinUvAuthProtocol,
  parameters: PinUvAuthParameters,
  permission: number,
  rpId: string,
): void {
  const { token } = authenticator;
  const invalid = (detail: string) => new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', detail);
  if (!token.verify(protocol, parameters.clientDataHash, parameters.pinUvAuthParam!)) {
    throw invalid('pinUvAuthParam does not fit the token in use');
  }
  if (!token.has(permission)) throw invalid('the token lacks the permission');
  if (token.rpId !== undefined && token.rpId !== rpId) throw invalid(`the token is bound to "${token.rpId}"`);
  if (!token.userVerified) throw invalid("the token's user verification was used up");
  token.bind(rpId);
}

/** True where verifying the user was evidence of presence too (§6.1.2 steps 12, 13; §6.2.2 step 8). */
export function hasInteraction({ token }: Authenticator, verification: UserVerification): boolean {
  return verification === 'builtIn' || (verification !== 'none' && token.userPresent);
}

/** Asks for a touch unless the token or the sensor already had one, then spends the token. @throws CtapError CTAP2_ERR_OPERATION_DENIED */
export async function collectUserPresence(
  authenticator: Authenticator,
  verification: UserVerification,
  presence: PresenceRequest,
  exchange: Exchange,
): Promise<void> {
  const { token } = authenticator;
  if (!hasInteraction(authenticator, verification)) {
    const answer = await authenticator.requestPresence(presence, exchange);
    if (answer !== 'touched') {
      const detail = answer === 'denied' ? 'the user declined' : 'nobody touched the key in time';
      throw new CtapError('CTAP2_ERR_OPERATION_DENIED', detail);
    }
  }
  token.spend();
}
