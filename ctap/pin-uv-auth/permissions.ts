/** Permissions of a pinUvAuthToken: CTAP 2.3 §6.5.5.7, table "permissions". */
export const Permission = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  credentialManagement: 0x04,
  bioEnrollment: 0x08,
  largeBlobWrite: 0x10,
  authenticatorConfiguration: 0x20,
  /** Goes with a token that survives power cycles and reads alone. */
  persistentCredentialManagementReadOnly: 0x40,
} as const;
export type PermissionName = keyof typeof Permission;
