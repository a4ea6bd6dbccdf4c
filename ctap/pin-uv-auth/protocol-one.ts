/** PIN/UV auth protocol one: CTAP 2.3 §6.5.6. */
import { timingSafeEqual } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { assertBlocks, isWholeBlocks, type PinUvAuthProtocol } from './protocol.ts';

const ZERO_IV = new Uint8Array(16);
const SIGNATURE_LENGTH = 16;

export function protocolOne(crypto: Crypto): PinUvAuthProtocol {
  const authenticate = (key: Uint8Array, message: Uint8Array) =>
    crypto.hmacSha256(key, message).slice(0, SIGNATURE_LENGTH);
  return {
    version: 1,
    kdf: (z) => crypto.sha256(z),
    encrypt: (key, plaintext) => crypto.aesCbcEncrypt(key, ZERO_IV, assertBlocks(plaintext)),
    decrypt: (key, ciphertext) =>
      isWholeBlocks(ciphertext) ? crypto.aesCbcDecrypt(key, ZERO_IV, ciphertext) : undefined,
    authenticate,
    verify: (key, message, signature) => timingSafeEqual(authenticate(key, message), signature),
  };
}
