/** The Crypto interface over the @noble packages: portable, deterministic (RFC 6979), runs in a browser. */
import { cbc, gcm } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from './bytes.ts';
import { Algorithm, type Crypto, type GeneratedKeyPair, type Signer } from './crypto.ts';

type Random = (length: number) => Uint8Array;

/** How one signature algorithm is done. */
interface SignatureScheme {
  generate(random: Random): { privateKey: Uint8Array; publicKey: Uint8Array };
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const POINT_PREFIX = Uint8Array.of(4);
const P256_LENGTH = 32;

/** A P-256 key from random bytes: the rare scalar outside 1..n-1 is drawn again. */
function p256KeyPair(random: Random): { privateKey: Uint8Array; publicKey: Uint8Array } {
  let privateKey = random(P256_LENGTH);
  while (!p256.utils.isValidSecretKey(privateKey)) privateKey = random(P256_LENGTH);
  return { privateKey, publicKey: p256.getPublicKey(privateKey, false).slice(1) };
}

const schemes = new Map<number, SignatureScheme>([
  [
    Algorithm.ES256,
    {
      generate: p256KeyPair,
      // lowS off: authenticators sign as ECDSA does, and verifiers take both halves
      sign: (privateKey, message) => p256.sign(message, privateKey, { lowS: false, format: 'der' }),
      verify(publicKey, message, signature) {
        try {
          return p256.verify(signature, message, concat(POINT_PREFIX, publicKey), { lowS: false, format: 'der' });
        } catch {
          return false; // a signature or key that cannot be read verifies nothing
        }
      },
    },
  ],
  [
    Algorithm.EdDSA,
    {
      generate(random) {
        const privateKey = random(32);
        return { privateKey, publicKey: ed25519.getPublicKey(privateKey) };
      },
      sign: (privateKey, message) => ed25519.sign(message, privateKey),
      verify(publicKey, message, signature) {
        try {
          return ed25519.verify(signature, message, publicKey);
        } catch {
          return false;
        }
      },
    },
  ],
]);

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
  generateKeyPair: (alg, random): GeneratedKeyPair => ({ alg, ...schemeOf(alg).generate(random) }),
  signer(alg, privateKey): Signer {
    const scheme = schemeOf(alg);
    return { alg, sign: (message) => scheme.sign(privateKey, message) };
  },
  verify: (alg, publicKey, message, signature) => schemeOf(alg).verify(publicKey, message, signature),
  generateEcdhKeyPair: p256KeyPair,
  ecdh(privateKey, publicKey) {
    try {
      return p256.getSharedSecret(privateKey, concat(POINT_PREFIX, publicKey)).slice(1);
    } catch (error) {
      throw new RangeError('expected a point of P-256 (X and Y, 64 bytes)', { cause: error });
    }
  },
};
