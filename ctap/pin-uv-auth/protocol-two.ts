/** PIN/UV auth protocol two: CTAP 2.3 §6.5.7. */
import { concat, timingSafeEqual, utf8 } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { assertBlocks, isWholeBlocks, type PinUvAuthProtocol } from './protocol.ts';

const NO_SALT = new Uint8Array(32);
const HMAC_INFO = utf8('CTAP2 HMAC key');
const AES_INFO = utf8('CTAP2 AES key');
const HMAC_KEY_LENGTH = 32;
const IV_LENGTH = 16;

/** The shared secret is an HMAC key and then an AES key; a pinUvAuthToken is an HMAC key alone. */
export function protocolTwo(crypto: Crypto): PinUvAuthProtocol {
  const authenticate = (key: Uint8Array, message: Uint8Array) =>
    crypto.hmacSha256(key.subarray(0, HMAC_KEY_LENGTH), message);
  return {
    version: 2,
    kdf: (z) => concat(crypto.hkdfSha256(z, NO_SALT, HMAC_INFO, 32), crypto.hkdfSha256(z, NO_SALT, AES_INFO, 32)),
    encrypt(key, plaintext, random) {
      const iv = random(IV_LENGTH);
      return concat(iv, crypto.aesCbcEncrypt(key.subarray(HMAC_KEY_LENGTH), iv, assertBlocks(plaintext)));
    },
    decrypt(key, ciphertext) {
      if (!isWholeBlocks(ciphertext, IV_LENGTH)) return undefined;
      const iv = ciphertext.subarray(0, IV_LENGTH);
      return crypto.aesCbcDecrypt(key.subarray(HMAC_KEY_LENGTH), iv, ciphertext.subarray(IV_LENGTH));
    },
    authenticate,
    verify: (key, message, signature) => timingSafeEqual(authenticate(key, message), signature),
  };
}
