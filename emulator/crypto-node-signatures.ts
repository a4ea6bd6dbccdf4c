/** Signature algorithms over node:crypto (OpenSSL). */
import {
  checkPrime,
  createECDH,
  createPrivateKey,
  createPublicKey,
  type ECDH,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { concat, fromHex } from '../ctap/bytes.ts';
import { Algorithm } from '../ctap/crypto.ts';
import {
  beginRsaKey,
  type Expand,
  encodeRsaPublicKey,
  findPrimeAsync,
  finishRsaKey,
  openRsaKey,
  splitRsaPublicKey,
  toBytes,
} from '../ctap/rsa.ts';
import type { KeyPairBytes, Random, SignatureScheme } from '../ctap/signature-scheme.ts';

const isPrime = (value: bigint): Promise<boolean> =>
  new Promise((resolve, reject) => {
    checkPrime(value, (error, prime) => (error ? reject(error) : resolve(prime)));
  });

/** A scheme from its digest and the ways to read keys; `null` where the algorithm hashes by itself. */
export function scheme(
  digest: 'sha256' | 'sha384' | 'sha512' | null,
  generate: SignatureScheme['generate'],
  openPrivate: (bytes: Uint8Array) => KeyObject,
  openPublic: (bytes: Uint8Array) => KeyObject,
): SignatureScheme {
  return {
    generate,
    signer(privateKey) {
      const key = openPrivate(privateKey);
      return (message) => sign(digest, message, key);
    },
    verify: (publicKey, message, signature) => verify(digest, message, openPublic(publicKey), signature),
  };
}

/** DER around bare keys: SEC1 (RFC 5915) or PKCS#8 (RFC 8410) around private ones, SPKI (RFC 5480) around public ones. */
const openDer =
  (type: 'sec1' | 'pkcs8', prefix: string, suffix = '') =>
  (bytes: Uint8Array) =>
    createPrivateKey({ key: Buffer.from(concat(fromHex(prefix), bytes, fromHex(suffix))), format: 'der', type });
const openSpki = (prefix: string) => (bytes: Uint8Array) =>
  createPublicKey({ key: Buffer.from(concat(fromHex(prefix), bytes)), format: 'der', type: 'spki' });

/** A key of an elliptic curve from random bytes: the rare scalar outside 1..n-1 is drawn again. */
function drawKeyPair(curve: ECDH, length: number, random: Random): KeyPairBytes {
  for (;;) {
    const privateKey = random(length);
    if (length === 66) privateKey[0]! &= 1; // P-521: all bits above the 521st
    try {
      curve.setPrivateKey(privateKey);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_CRYPTO_INVALID_KEYTYPE') throw error;
      continue;
    }
    return { privateKey, publicKey: Uint8Array.from(curve.getPublicKey().subarray(1)) };
  }
}

/** One of each curve for all keys: making one costs as much as a third of a key. */
const [p256, p384, p521] = [createECDH('prime256v1'), createECDH('secp384r1'), createECDH('secp521r1')];

export const p256KeyPair = (random: Random): KeyPairBytes => drawKeyPair(p256, 32, random);

/** An algorithm whose private key is a seed that OpenSSL makes the public key of. */
export function seeded(
  length: number,
  openPrivate: (bytes: Uint8Array) => KeyObject,
  spkiPrefix: string,
): SignatureScheme {
  const prefixLength = spkiPrefix.length / 2;
  return scheme(
    null,
    (random) => {
      const privateKey = random(length);
      const spki = createPublicKey(openPrivate(privateKey)).export({ format: 'der', type: 'spki' });
      return { privateKey, publicKey: Uint8Array.from(spki.subarray(prefixLength)) };
    },
    openPrivate,
    openSpki(spkiPrefix),
  );
}

const expand: Expand = (seed, info, length) =>
  new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), info, length));
const base64Url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

/** The primes are searched by OpenSSL, outside the main thread. */
async function generateRsa(random: Random): Promise<KeyPairBytes> {
  const search = beginRsaKey(random, expand);
  const [p, q] = await Promise.all([findPrimeAsync(search.p, isPrime), findPrimeAsync(search.q, isPrime)]);
  const privateKey = finishRsaKey(search, p, q);
  return { privateKey, publicKey: encodeRsaPublicKey(openRsaKey(privateKey, expand)) };
}

function openRsaPrivate(bytes: Uint8Array): KeyObject {
  const key = openRsaKey(bytes, expand);
  const [whole, half] = [256, 128];
  const part = (value: bigint, length: number) => base64Url(toBytes(value, length));
  const jwk = {
    kty: 'RSA',
    n: part(key.n, whole),
    e: part(key.e, 3),
    d: part(key.d, whole),
    p: part(key.p, half),
    q: part(key.q, half),
    dp: part(key.dp, half),
    dq: part(key.dq, half),
    qi: part(key.qi, half),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function openRsaPublic(bytes: Uint8Array): KeyObject {
  const { n, e } = splitRsaPublicKey(bytes);
  return createPublicKey({ key: { kty: 'RSA', n: base64Url(n), e: base64Url(e) }, format: 'jwk' });
}

const onP256 = scheme(
  'sha256',
  p256KeyPair,
  openDer('sec1', '30310201010420', 'a00a06082a8648ce3d030107'),
  openSpki('3059301306072a8648ce3d020106082a8648ce3d03010703420004'),
);
const onP384 = scheme(
  'sha384',
  (random) => drawKeyPair(p384, 48, random),
  openDer('sec1', '303e0201010430', 'a00706052b81040022'),
  openSpki('3076301006072a8648ce3d020106052b8104002203620004'),
);
const onP521 = scheme(
  'sha512',
  (random) => drawKeyPair(p521, 66, random),
  openDer('sec1', '30500201010442', 'a00706052b81040023'),
  openSpki('30819b301006072a8648ce3d020106052b810400230381860004'),
);
const onEd25519 = seeded(32, openDer('pkcs8', '302e020100300506032b657004220420'), '302a300506032b6570032100');
const onEd448 = seeded(57, openDer('pkcs8', '3047020100300506032b6571043b0439'), '3043300506032b6571033a00');

/** By COSE algorithm; ML-DSA comes with {@link loadMlDsa}. */
export const schemes = new Map<number, SignatureScheme>([
  [Algorithm.ES256, onP256],
  [Algorithm.EdDSA, onEd25519],
  [Algorithm.ESP256, onP256],
  [Algorithm.Ed25519, onEd25519],
  [Algorithm.ES384, onP384],
  [Algorithm.ESP384, onP384],
  [Algorithm.ES512, onP521],
  [Algorithm.ESP512, onP521],
  [Algorithm.Ed448, onEd448],
  [Algorithm.RS256, scheme('sha256', generateRsa, openRsaPrivate, openRsaPublic)],
]);
