/** The Crypto interface over the @noble packages: portable, deterministic (RFC 6979), runs in a browser. */
import { cbc, gcm } from '@noble/ciphers/aes.js';
import { p256 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { p256KeyPair, schemes } from './crypto-noble-signatures.ts';
import { type SignatureScheme, signatures } from './signature-scheme.ts';

const POINT_PREFIX = Uint8Array.of(4);

function schemeOf(alg: number): SignatureScheme {
  const scheme = schemes.get(alg);
  if (scheme) return scheme;
  throw new RangeError(`COSE algorithm ${alg} is not among ${[...schemes.keys()].join(', ')}`);
}

export const nobleCrypto: Crypto = {
  sha256: (...parts) => sha256(parts.length === 1 ? parts[0]! : concat(...parts)),
  hmacSha256: (key, ...parts) => hmac(sha256, key, parts.length === 1 ? parts[0]! : concat(...parts)),
  hkdfSha256: (secret, salt, info, length) => hkdf(sha256, secret, salt, info, length),
  aesCbcEncrypt: (key, iv, data) => cbc(key, iv, { disablePadding: true }).encrypt(data),
  aesCbcDecrypt: (key, iv, data) => cbc(key, iv, { disablePadding: true }).decrypt(data),
  aesGcmSeal: (key, nonce, data, associated) => gcm(key, nonce, associated).encrypt(data),
  aesGcmOpen(key, nonce, sealed, associated) {
    try {
      return gcm(key, nonce, associated).decrypt(sealed);
    } catch {
      return undefined; // the tag does not fit
    }
  },
  algorithms: [...schemes.keys()],
  async load() {}, // all of it came with this module
  ...signatures(schemeOf),
  generateEcdhKeyPair: p256KeyPair,
  ecdh(privateKey, publicKey) {
    try {
      return p256.getSharedSecret(privateKey, concat(POINT_PREFIX, publicKey)).slice(1);
    } catch (error) {
      throw new RangeError('expected a point of P-256 (X and Y, 64 bytes)', { cause: error });
    }
  },
};
