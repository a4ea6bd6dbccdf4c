/** authenticatorMakeCredential (0x01): CTAP 2.3 §6.1. */
import {
  any,
  array,
  bool,
  bytes,
  type Infer,
  map,
  message,
  optional,
  record,
  required,
  text,
  uint,
} from '../schema.ts';
import {
  publicKeyCredentialDescriptor,
  publicKeyCredentialParameters,
  publicKeyCredentialRpEntity,
  publicKeyCredentialUserEntity,
} from './entities.ts';

export const makeCredentialRequest = message('authenticatorMakeCredential', {
  clientDataHash: required(0x01, bytes(32)),
  rp: required(0x02, publicKeyCredentialRpEntity),
  user: required(0x03, publicKeyCredentialUserEntity),
  pubKeyCredParams: required(0x04, array(publicKeyCredentialParameters)),
  excludeList: optional(0x05, array(publicKeyCredentialDescriptor)),
  extensions: optional(0x06, record(any)),
  options: optional(0x07, record(bool)),
  pinUvAuthParam: optional(0x08, bytes()),
  pinUvAuthProtocol: optional(0x09, uint),
  enterpriseAttestation: optional(0x0a, uint),
  attestationFormatsPreference: optional(0x0b, array(text)),
});
export type MakeCredentialRequest = Infer<typeof makeCredentialRequest>;

export const makeCredentialResponse = message('authenticatorMakeCredential response', {
  fmt: required(0x01, text),
  authData: required(0x02, bytes()),
  attStmt: optional(0x03, map),
  epAtt: optional(0x04, bool),
  largeBlobKey: optional(0x05, bytes(32)),
  unsignedExtensionOutputs: optional(0x06, record(any)),
});
export type MakeCredentialResponse = Infer<typeof makeCredentialResponse>;
