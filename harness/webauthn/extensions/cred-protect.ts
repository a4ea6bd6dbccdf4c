/** credentialProtectionPolicy and enforceCredentialProtectionPolicy: CTAP 2.3 §12.1. */
import { CREDPROTECT, CredProtect } from '../../../ctap/extensions/cred-protect.ts';
import { Unsuitable } from '../errors.ts';
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
