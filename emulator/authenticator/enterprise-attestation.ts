/** Whether a credential gets the enterprise attestation that the platform asks for: CTAP 2.3 §6.1.2 step 9, §7.1. */
import type { MakeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';

const VENDOR_FACILITATED = 1;
const PLATFORM_MANAGED = 2;

/**
 * True where the attestation may name this very key: always when the platform vouches for the RP, by the vendor's list
 * when it does not. Any other RP gets the attestation that everybody gets.
 * @throws CtapError CTAP1_ERR_INVALID_PARAMETER where it is not enabled, CTAP2_ERR_INVALID_OPTION for another kind
 */
export function enterpriseAttestation(
  authenticator: Authenticator,
  { enterpriseAttestation: kind, rp }: MakeCredentialRequest,
): boolean {
  if (kind === undefined) return false;
  const { model, config } = authenticator;
  if (!authenticator.supports('ep') || !config.now.enterpriseAttestation) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'enterprise attestation is not enabled on this key');
  }
  if (kind === PLATFORM_MANAGED) return true;
  if (kind !== VENDOR_FACILITATED) {
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', `enterpriseAttestation: expected 1 or 2, got ${kind}`);
  }
  return (model.enterpriseRpIds?.includes(rp.id) ?? false) || config.now.enterpriseRpIds.includes(rp.id);
}
