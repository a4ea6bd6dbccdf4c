/** hmac-secret (CTAP 2.3 §12.7). At makeCredential input and output are booleans; at getAssertion these. */
import { bytes, type Infer, map, message, optional, required, uint } from '../schema.ts';

export const HMAC_SECRET = 'hmac-secret';

/** getAssertion input: salts of 32 or 64 bytes, encrypted and authenticated under the shared secret. */
export const hmacSecretInput = message('hmac-secret', {
  keyAgreement: required(0x01, map),
  saltEnc: required(0x02, bytes()),
  saltAuth: required(0x03, bytes()),
  pinUvAuthProtocol: optional(0x04, uint),
});
export type HmacSecretInput = Infer<typeof hmacSecretInput>;
