/** What the subcommands of authenticatorClientPIN share. */
import type { ClientPinRequest } from '../../ctap/commands/client-pin.ts';
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';

/** The member, or CTAP2_ERR_MISSING_PARAMETER that names it. */
export function need<K extends keyof ClientPinRequest>(
  request: ClientPinRequest,
  member: K,
): NonNullable<ClientPinRequest[K]> {
  const value = request[member];
  if (value === undefined)
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `authenticatorClientPIN.${member} is missing`);
  return value as NonNullable<ClientPinRequest[K]>;
}

const NO_HASH = new Uint8Array(0);

/**
 * Compares a PIN that came encrypted; a wrong one costs a retry and the key-agreement keys, a right one unblocks the
 * sensor. What cannot be decrypted is a wrong PIN like any other (§6.5.5.6, §6.5.5.7).
 */
export async function verifyPin(
  { keyAgreement, pin, uv }: Authenticator,
  protocol: PinUvAuthProtocol,
  sharedSecret: Uint8Array,
  pinHashEnc: Uint8Array,
): Promise<void> {
  const hash = protocol.decrypt(sharedSecret, pinHashEnc) ?? NO_HASH;
  try {
    await pin.verify(hash, uv.renewal());
  } catch (error) {
    keyAgreement.renew();
    throw error;
  }
  uv.refresh();
}
