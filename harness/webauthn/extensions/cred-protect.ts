/** credentialProtectionPolicy and enforceCredentialProtectionPolicy: CTAP 2.3 §12.1. */
import { CREDPROTECT, CredProtect } from '../../../ctap/extensions/cred-protect.ts';
import { Unsuitable, webauthnError } from '../errors.ts';
import { boolean, known } from '../webidl.ts';
import type { BeginCreation, ReadInputs } from './extension.ts';

export interface CredProtectInputs {
  readonly credentialProtectionPolicy?: keyof typeof CredProtect | undefined;
  readonly enforceCredentialProtectionPolicy?: boolean | undefined;
}

const policy = known(
  'userVerificationOptional',
  'userVerificationOptionalWithCredentialIDList',
  'userVerificationRequired',
);

export const readCredProtect: ReadInputs<CredProtectInputs> = (members) => ({
  credentialProtectionPolicy: members.may('credentialProtectionPolicy', policy),
  enforceCredentialProtectionPolicy: members.may('enforceCredentialProtectionPolicy', boolean),
});

/** What of the creation options a policy has to fit. */
export interface PolicySurroundings {
  readonly extensions: CredProtectInputs;
  readonly authenticatorSelection: { readonly residentKey: string; readonly userVerification: string };
}

/**
 * Refuses a policy that contradicts the rest of the request, as Chromium does.
 * @throws DOMException NotSupportedError
 */
export function assertConsistentPolicy({
  extensions: { credentialProtectionPolicy: asked, enforceCredentialProtectionPolicy: enforce },
  authenticatorSelection: { residentKey, userVerification },
}: PolicySurroundings): void {
  const refuse = (why: string) => webauthnError('NotSupportedError', `credentialProtectionPolicy ${asked}: ${why}`);
  if (asked === 'userVerificationRequired' && userVerification !== 'required') {
    throw refuse(`expected userVerification "required", got "${userVerification}"`);
  }
  if (asked !== 'userVerificationOptional') return;
  if (enforce) throw refuse('it leaves nothing to enforce');
  if (residentKey === 'discouraged') throw refuse('expected a credential that is to be discoverable');
}

export function beginCredProtect(inputs: CredProtectInputs): BeginCreation | undefined {
  const { credentialProtectionPolicy: asked, enforceCredentialProtectionPolicy: enforce = false } = inputs;
  if (asked === undefined) return undefined;
  return (authenticator) => {
    if (authenticator.supports(CREDPROTECT)) return { inputs: () => ({ [CREDPROTECT]: CredProtect[asked] }) };
    if (enforce && asked !== 'userVerificationOptional') {
      throw new Unsuitable('NotAllowedError', `the authenticator cannot enforce the policy ${asked}`);
    }
    return {};
  };
}
