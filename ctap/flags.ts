/** Authenticator data flags (WebAuthn Level 3 §6.1). */
export const Flag = {
  /** User present. */
  UP: 0x01,
  /** User verified. */
  UV: 0x04,
  /** Backup eligible. */
  BE: 0x08,
  /** Backup state. */
  BS: 0x10,
  /** Attested credential data included. */
  AT: 0x40,
  /** Extension data included. */
  ED: 0x80,
} as const;
