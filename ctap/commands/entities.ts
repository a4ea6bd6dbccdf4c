/** Entities that several commands share (WebAuthn Level 3 §5.4, §5.8.3). */
import { array, bytes, type Infer, int, message, optional, required, text } from '../schema.ts';

export const publicKeyCredentialRpEntity = message('rp', {
  id: required('id', text),
  name: optional('name', text),
});
export type PublicKeyCredentialRpEntity = Infer<typeof publicKeyCredentialRpEntity>;

export const publicKeyCredentialUserEntity = message('user', {
  id: required('id', bytes()),
  name: optional('name', text),
  displayName: optional('displayName', text),
});
export type PublicKeyCredentialUserEntity = Infer<typeof publicKeyCredentialUserEntity>;

export const publicKeyCredentialDescriptor = message('credential descriptor', {
  type: required('type', text),
  id: required('id', bytes()),
  transports: optional('transports', array(text)),
});
export type PublicKeyCredentialDescriptor = Infer<typeof publicKeyCredentialDescriptor>;

/** CTAP 2.3 §6.1.2 step 3 names CTAP2_ERR_INVALID_CBOR for an element without its members. */
export const publicKeyCredentialParameters = message(
  'pubKeyCredParams element',
  { alg: required('alg', int), type: required('type', text) },
  'CTAP2_ERR_INVALID_CBOR',
);
export type PublicKeyCredentialParameters = Infer<typeof publicKeyCredentialParameters>;

/** The one credential type there is. */
export const PUBLIC_KEY = 'public-key';
