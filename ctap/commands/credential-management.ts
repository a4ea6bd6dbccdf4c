/** authenticatorCredentialManagement (0x0A): CTAP 2.3 §6.8. */
import { concat } from '../bytes.ts';
import { type CborMap, encodeCbor } from '../cbor.ts';
import { bool, bytes, type Infer, map, message, optional, required, uint } from '../schema.ts';
import {
  publicKeyCredentialDescriptor,
  publicKeyCredentialRpEntity,
  publicKeyCredentialUserEntity,
} from './entities.ts';

export const CredentialManagementSubcommand = {
  getCredsMetadata: 0x01,
  enumerateRPsBegin: 0x02,
  enumerateRPsGetNextRP: 0x03,
  enumerateCredentialsBegin: 0x04,
  enumerateCredentialsGetNextCredential: 0x05,
  deleteCredential: 0x06,
  updateUserInformation: 0x07,
} as const;

export const credentialManagementRequest = message('authenticatorCredentialManagement', {
  subCommand: required(0x01, uint),
  /** Left as it came: pinUvAuthParam authenticates its very bytes. Read with {@link credentialManagementParams}. */
  subCommandParams: optional(0x02, map),
  pinUvAuthProtocol: optional(0x03, uint),
  pinUvAuthParam: optional(0x04, bytes()),
});
export type CredentialManagementRequest = Infer<typeof credentialManagementRequest>;

export const credentialManagementParams = message('authenticatorCredentialManagement.subCommandParams', {
  rpIDHash: optional(0x01, bytes(32)),
  credentialId: optional(0x02, publicKeyCredentialDescriptor),
  user: optional(0x03, publicKeyCredentialUserEntity),
});
export type CredentialManagementParams = Infer<typeof credentialManagementParams>;

export const credentialManagementResponse = message('authenticatorCredentialManagement response', {
  existingResidentCredentialsCount: optional(0x01, uint),
  maxPossibleRemainingResidentCredentialsCount: optional(0x02, uint),
  rp: optional(0x03, publicKeyCredentialRpEntity),
  rpIDHash: optional(0x04, bytes(32)),
  totalRPs: optional(0x05, uint),
  user: optional(0x06, publicKeyCredentialUserEntity),
  credentialId: optional(0x07, publicKeyCredentialDescriptor),
  publicKey: optional(0x08, map),
  totalCredentials: optional(0x09, uint),
  credProtect: optional(0x0a, uint),
  largeBlobKey: optional(0x0b, bytes(32)),
  thirdPartyPayment: optional(0x0c, bool),
});
export type CredentialManagementResponse = Infer<typeof credentialManagementResponse>;

/** What pinUvAuthParam authenticates. */
export function credentialManagementAuthMessage(subCommand: number, params: CborMap | undefined): Uint8Array {
  const prefix = Uint8Array.of(subCommand);
  return params ? concat(prefix, encodeCbor(params)) : prefix;
}
