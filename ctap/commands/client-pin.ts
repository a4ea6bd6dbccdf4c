/** authenticatorClientPIN (0x06): CTAP 2.3 §6.5. */
import { bool, bytes, type Infer, map, message, optional, required, text, uint } from '../schema.ts';

export const ClientPinSubcommand = {
  getPINRetries: 0x01,
  getKeyAgreement: 0x02,
  setPIN: 0x03,
  changePIN: 0x04,
  /** Superseded; grants mc and ga. */
  getPinToken: 0x05,
  getPinUvAuthTokenUsingUvWithPermissions: 0x06,
  getUVRetries: 0x07,
  getPinUvAuthTokenUsingPinWithPermissions: 0x09,
} as const;

export const clientPinRequest = message('authenticatorClientPIN', {
  pinUvAuthProtocol: optional(0x01, uint),
  subCommand: required(0x02, uint),
  keyAgreement: optional(0x03, map),
  pinUvAuthParam: optional(0x04, bytes()),
  newPinEnc: optional(0x05, bytes()),
  pinHashEnc: optional(0x06, bytes()),
  permissions: optional(0x09, uint),
  rpId: optional(0x0a, text),
});
export type ClientPinRequest = Infer<typeof clientPinRequest>;

export const clientPinResponse = message('authenticatorClientPIN response', {
  keyAgreement: optional(0x01, map),
  pinUvAuthToken: optional(0x02, bytes()),
  pinRetries: optional(0x03, uint),
  powerCycleState: optional(0x04, bool),
  uvRetries: optional(0x05, uint),
});
export type ClientPinResponse = Infer<typeof clientPinResponse>;
