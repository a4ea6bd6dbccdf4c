/** Command bytes of the authenticator API (CTAP 2.3 §6); the prototype ones are those of FIDO_2_1_PRE, which older platforms still send. */
export const Command = {
  authenticatorMakeCredential: 0x01,
  authenticatorGetAssertion: 0x02,
  authenticatorGetInfo: 0x04,
  authenticatorClientPIN: 0x06,
  authenticatorReset: 0x07,
  authenticatorGetNextAssertion: 0x08,
  authenticatorBioEnrollment: 0x09,
  authenticatorCredentialManagement: 0x0a,
  authenticatorSelection: 0x0b,
  authenticatorLargeBlobs: 0x0c,
  authenticatorConfig: 0x0d,
  prototypeAuthenticatorBioEnrollment: 0x40,
  prototypeAuthenticatorCredentialManagement: 0x41,
} as const;
export type CommandName = keyof typeof Command;

const names = new Map<number, string>(Object.entries(Command).map(([name, code]) => [code, name]));

/** The specification's name of a command byte, or its hexadecimal value. */
export function commandName(code: number): string {
  return names.get(code) ?? `command 0x${code.toString(16).padStart(2, '0')}`;
}
