/** Signature algorithms over the @noble packages: deterministic (RFC 6979, RFC 8032, FIPS 204 with a zero rnd). */
import type { ECDSA } from '@noble/curves/abstract/weierstrass.js';
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from './bytes.ts';
import { Algorithm } from './crypto.ts';
import { mlDsaSchemes } from './ml-dsa.ts';
import {
  beginRsaKey,
  type Expand,
  encodeRsaPublicKey,
  findPrime,
  finishRsaKey,
  isProbablePrime,
  openRsaKey,
  signRsa,
  verifyRsa,
} from './rsa.ts';
import type { KeyPairBytes, Random, SignatureScheme } from './signature-scheme.ts';

const POINT_PREFIX = Uint8Array.of(4);

/** A key of an elliptic curve from random bytes: the rare scalar outside 1..n-1 is drawn again. */
function drawKeyPair(curve: ECDSA, random: Random): KeyPairBytes {
  const { secretKey: length = 0 } = curve.lengths;
  for (;;) {
    const privateKey = random(length);
    if (length === 66) privateKey[0]! &= 1; // P-521: all bits above the 521st
    if (!curve.utils.isValidSecretKey(privateKey)) continue;
    return { privateKey, publicKey: curve.getPublicKey(privateKey, false).slice(1) };
  }
}

/** ECDSA with the hash that belongs to the curve. */
function ecdsa(curve: ECDSA): SignatureScheme {
  // lowS off: authenticators sign as ECDSA does, and verifiers take both halves
  const options = { lowS: false, format: 'der' } as const;
  return {
    generate: (random) => drawKeyPair(curve, random),
    signer: (privateKey) => (message) => curve.sign(message, privateKey, options),
    verify: (publicKey, message, signature) =>
      curve.verify(signature, message, concat(POINT_PREFIX, publicKey), options),
  };
}

function edwards(curve: typeof ed25519): SignatureScheme {
  return {
    generate(random) {
      const privateKey = random(curve.lengths.secretKey ?? 0);
      return { privateKey, publicKey: curve.getPublicKey(privateKey) };
    },
    signer: (privateKey) => (message) => curve.sign(message, privateKey),
    verify: (publicKey, message, signature) => curve.verify(signature, message, publicKey),
  };
}

const expand: Expand = (seed, info, length) => hkdf(sha256, seed, new Uint8Array(0), info, length);

const rs256: SignatureScheme = {
  generate(random) {
    const search = beginRsaKey(random, expand);
    const [p, q] = [findPrime(search.p, isProbablePrime), findPrime(search.q, isProbablePrime)];
    const privateKey = finishRsaKey(search, p, q);
    return { privateKey, publicKey: encodeRsaPublicKey(openRsaKey(privateKey, expand)) };
  },
  signer(privateKey) {
    const key = openRsaKey(privateKey, expand);
    return (message) => signRsa(key, sha256(message));
  },
  verify: (publicKey, message, signature) => verifyRsa(publicKey, sha256(message), signature),
};

export const p256KeyPair = (random: Random): KeyPairBytes => drawKeyPair(p256, random);

const [onP256, onP384, onP521, onEd25519] = [ecdsa(p256), ecdsa(p384), ecdsa(p521), edwards(ed25519)];

export const schemes: ReadonlyMap<number, SignatureScheme> = new Map<number, SignatureScheme>([
  [Algorithm.ES256, onP256],
  [Algorithm.EdDSA, onEd25519],
  [Algorithm.ESP256, onP256],
  [Algorithm.Ed25519, onEd25519],
  [Algorithm.ES384, onP384],
  [Algorithm.ESP384, onP384],
  [Algorithm.ES512, onP521],
  [Algorithm.ESP512, onP521],
  [Algorithm.Ed448, edwards(ed448)],
  ...mlDsaSchemes(() => false),
  [Algorithm.RS256, rs256],
]);
