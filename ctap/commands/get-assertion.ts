/** authenticatorGetAssertion (0x02) and authenticatorGetNextAssertion (0x08): CTAP 2.3 §6.2, §6.3. */
import { any, array, bool, bytes, type Infer, message, optional, record, required, text, uint } from '../schema.ts';
import { publicKeyCredentialDescriptor, publicKeyCredentialUserEntity } from './entities.ts';

export const getAssertionRequest = message('authenticatorGetAssertion', {
  rpId: required(0x01, text),
  clientDataHash: required(0x02, bytes(32)),
  allowList: optional(0x03, array(publicKeyCredentialDescriptor)),
  extensions: optional(0x04, record(any)),
  options: optional(0x05, record(bool)),
  pinUvAuthParam: optional(0x06, bytes()),
  pinUvAuthProtocol: optional(0x07, uint),
});
export type GetAssertionRequest = Infer<typeof getAssertionRequest>;

/** Also the answer of authenticatorGetNextAssertion, whose request has no parameters. */
export const getAssertionResponse = message('authenticatorGetAssertion response', {
  credential: optional(0x01, publicKeyCredentialDescriptor),
  authData: required(0x02, bytes()),
  signature: required(0x03, bytes()),
  user: optional(0x04, publicKeyCredentialUserEntity),
  numberOfCredentials: optional(0x05, uint),
  userSelected: optional(0x06, bool),
  largeBlobKey: optional(0x07, bytes(32)),
  unsignedExtensionOutputs: optional(0x08, record(any)),
});
export type GetAssertionResponse = Infer<typeof getAssertionResponse>;
