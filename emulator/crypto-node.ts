/** The Crypto interface over node:crypto (OpenSSL). */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { concat, fromHex } from '../ctap/bytes.ts';
import { Algorithm, type Crypto, type GeneratedKeyPair, type Signer } from '../ctap/crypto.ts';

type Random = (length: number) => Uint8Array;

/** How one signature algorithm is done with OpenSSL. */
interface SignatureScheme {
  readonly digest: 'sha256' | null;
  generate(random: Random): { privateKey: Uint8Array; publicKey: Uint8Array };
  privateKey(bytes: Uint8Array): KeyObject;
  publicKey(bytes: Uint8Array): KeyObject;
}

// DER around the bare key: SEC1 without the public part for P-256, PKCS#8 for Ed25519, SPKI for both (RFC 5915, 8410, 5480)
const P256_SEC1_PREFIX = fromHex('30310201010420');
const P256_SEC1_SUFFIX = fromHex('a00a06082a8648ce3d030107');
const P256_SPKI_PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const ED25519_PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');
const ED25519_SPKI_PREFIX = fromHex('302a300506032b6570032100');

const GCM_TAG = 16;
const POINT_PREFIX = Uint8Array.of(4);
const P256_LENGTH = 32;

function spki(prefix: Uint8Array, publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(prefix, publicKey)), format: 'der', type: 'spki' });
}

/** A P-256 key from random bytes: the rare scalar outside 1..n-1 is drawn again. */
function p256KeyPair(random: Random): { privateKey: Uint8Array; publicKey: Uint8Array } {
  const ecdh = createECDH('prime256v1');
  for (;;) {
    const privateKey = random(P256_LENGTH);
    try {
      ecdh.setPrivateKey(privateKey);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_CRYPTO_INVALID_KEYTYPE') throw error;
      continue;
    }
    return { privateKey, publicKey: Uint8Array.from(ecdh.getPublicKey().subarray(1)) };
  }
}

const schemes = new Map<number, SignatureScheme>([
  [
    Algorithm.ES256,
    {
      digest: 'sha256',
      generate: p256KeyPair,
      privateKey: (bytes) =>
        createPrivateKey({
          key: Buffer.from(concat(P256_SEC1_PREFIX, bytes, P256_SEC1_SUFFIX)),
          format: 'der',
          type: 'sec1',
        }),
      publicKey: (bytes) => spki(P256_SPKI_PREFIX, bytes),
    },
  ],
  [
    Algorithm.EdDSA,
    {
      digest: null,
      generate(random) {
        const privateKey = random(32);
        const publicKey = createPublicKey(ed25519(privateKey)).export({ format: 'der', type: 'spki' });
        return { privateKey, publicKey: Uint8Array.from(publicKey.subarray(ED25519_SPKI_PREFIX.length)) };
      },
      privateKey: ed25519,
      publicKey: (bytes) => spki(ED25519_SPKI_PREFIX, bytes),
    },
  ],
]);

function ed25519(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat(ED25519_PKCS8_PREFIX, seed)), format: 'der', type: 'pkcs8' });
}

function schemeOf(alg: number): SignatureScheme {
  const scheme = schemes.get(alg);
  if (scheme) return scheme;
  throw new RangeError(`COSE algorithm ${alg} is not among ${[...schemes.keys()].join(', ')}`);
}

function cbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array, encrypt: boolean): Uint8Array {
  const cipher = encrypt ? createCipheriv('aes-256-cbc', key, iv) : createDecipheriv('aes-256-cbc', key, iv);
  cipher.setAutoPadding(false);
  return concat(cipher.update(data), cipher.final());
}

/** OpenSSL signs P-256 twenty times faster than portable code; its nonces are random, so for reproducible keys use nobleCrypto. */
export const nodeCrypto: Crypto = {
  sha256(...parts) {
    if (parts.length === 1) return hash('sha256', parts[0]!, 'buffer');
    const running = createHash('sha256');
    for (const part of parts) running.update(part);
    return running.digest();
  },
  hmacSha256(key, ...parts) {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  },
  hkdfSha256: (secret, salt, info, length) => new Uint8Array(hkdfSync('sha256', secret, salt, info, length)),
  aesCbcEncrypt: (key, iv, data) => cbc(key, iv, data, true),
  aesCbcDecrypt: (key, iv, data) => cbc(key, iv, data, false),
  aesGcmSeal(key, nonce, data, associated) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
    return concat(cipher.update(data), cipher.final(), cipher.getAuthTag());
  },
  aesGcmOpen(key, nonce, sealed, associated) {
    const end = sealed.length - GCM_TAG;
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: GCM_TAG });
    decipher.setAAD(associated).setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
    } catch {
      return undefined; // the one thing that final() says here is that the tag does not fit
    }
    return plain;
  },
  algorithms: [...schemes.keys()],
  generateKeyPair(alg, random): GeneratedKeyPair {
    return { alg, ...schemeOf(alg).generate(random) };
  },
  signer(alg, privateKey): Signer {
    const { digest, privateKey: parse } = schemeOf(alg);
    const key = parse(privateKey);
    return { alg, sign: (message) => sign(digest, message, key) };
  },
  verify(alg, publicKey, message, signature) {
    const { digest, publicKey: parse } = schemeOf(alg);
    return verify(digest, message, parse(publicKey), signature);
  },
  generateEcdhKeyPair: p256KeyPair,
  ecdh(privateKey, publicKey) {
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(privateKey);
    try {
      return ecdh.computeSecret(concat(POINT_PREFIX, publicKey));
    } catch (error) {
      throw new RangeError('expected a point of P-256 (X and Y, 64 bytes)', { cause: error });
    }
  },
};
