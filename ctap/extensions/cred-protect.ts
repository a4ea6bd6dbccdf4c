/** credProtect (CTAP 2.3 §12.1): how much of the user a credential asks for. Input and output are the level. */
export const CREDPROTECT = 'credProtect';

export const CredProtect = {
  userVerificationOptional: 0x01,
  userVerificationOptionalWithCredentialIDList: 0x02,
  userVerificationRequired: 0x03,
} as const;
export type CredProtectLevel = (typeof CredProtect)[keyof typeof CredProtect];

/** True for the levels that the specification defines. */
export function isCredProtectLevel(level: unknown): level is CredProtectLevel {
  return level === 1 || level === 2 || level === 3;
}
