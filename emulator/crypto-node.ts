/** The Crypto interface over node:crypto (OpenSSL). */
import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, hash, hkdfSync } from 'node:crypto';
import { concat } from '../ctap/bytes.ts';
import { Algorithm, type Crypto } from '../ctap/crypto.ts';
import { type SignatureScheme, signatures } from '../ctap/signature-scheme.ts';
import { p256KeyPair, schemes } from './crypto-node-signatures.ts';

const GCM_TAG = 16;
const POINT_PREFIX = Uint8Array.of(4);
const ML_DSA: readonly number[] = [Algorithm.ML_DSA_44, Algorithm.ML_DSA_65, Algorithm.ML_DSA_87];

function schemeOf(alg: number): SignatureScheme {
  const scheme = schemes.get(alg);
  if (scheme) return scheme;
  if (ML_DSA.includes(alg))
    throw new Error(`COSE algorithm ${alg} has to be loaded before its use: await load([${alg}])`);
  throw new RangeError(`COSE algorithm ${alg} is not among ${nodeCrypto.algorithms.join(', ')}`);
}

function cbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array, encrypt: boolean): Uint8Array {
  const algorithm = `aes-${8 * key.length}-cbc`;
  const cipher = encrypt ? createCipheriv(algorithm, key, iv) : createDecipheriv(algorithm, key, iv);
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
  algorithms: [...schemes.keys(), ...ML_DSA],
  async load(algorithms) {
    if (!algorithms.some((alg) => ML_DSA.includes(alg) && !schemes.has(alg))) return;
    const { loadMlDsa } = await import('./crypto-node-ml-dsa.ts');
    for (const [alg, scheme] of await loadMlDsa()) schemes.set(alg, scheme);
  },
  ...signatures(schemeOf),
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
