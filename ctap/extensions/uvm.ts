/**
 * uvm (WebAuthn Level 2 §10.3): how the user was verified. The input is true; the output is one to three entries of
 * user verification method, key protection and matcher protection, by the FIDO Registry of Predefined Values §3.
 */
export const UVM = 'uvm';

/** User verification methods (Registry §3.1). */
export const UserVerify = {
  presenceInternal: 0x0001,
  fingerprintInternal: 0x0002,
  passcodeInternal: 0x0004,
  passcodeExternal: 0x0800,
} as const;

/** Key protection (Registry §3.2): hardware, in a secure element. */
export const KEY_PROTECTION = 0x0002 | 0x0008;
/** Matcher protection (Registry §3.3): on the chip. */
export const MATCHER_PROTECTION = 0x0004;
