import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { decodeCoseKey, encodeCoseKey } from '../../ctap/cose.ts';
import { Algorithm, type Crypto } from '../../ctap/crypto.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import { seededRandom, systemRandom } from '../../emulator/random.ts';

const MESSAGE = utf8('authenticator data and client data hash');
const names = Object.keys(Algorithm) as (keyof typeof Algorithm)[];
const crypts: readonly (readonly [string, Crypto])[] = [
  ['OpenSSL', nodeCrypto],
  ['noble', nobleCrypto],
];
const DIGESTS: Readonly<Record<number, string>> = {
  [-7]: 'sha256',
  [-9]: 'sha256',
  [-35]: 'sha384',
  [-51]: 'sha384',
  [-36]: 'sha512',
  [-52]: 'sha512',
  [-257]: 'sha256',
};
const CURVES: Readonly<Record<string, string>> = { 1: 'P-256', 2: 'P-384', 3: 'P-521', 6: 'Ed25519', 7: 'Ed448' };
const ML_DSA = new Map([
  [-48, ml_dsa44],
  [-49, ml_dsa65],
  [-50, ml_dsa87],
]);

function pair(crypto: Crypto, alg: number, seed?: string) {
  const random = seed === undefined ? systemRandom : seededRandom(seed);
  return crypto.generateKeyPair(alg, (length) => random.bytes(length));
}

/** The key object that a verifier who knows COSE and nothing of this stack would make. */
function keyObject(cose: CborMap): KeyObject {
  const text = (label: number) => toBase64Url(cose.get(label) as Uint8Array);
  const curve = CURVES[String(cose.get(-1))] ?? '';
  switch (cose.get(1)) {
    case 1:
      return createPublicKey({ key: { kty: 'OKP', crv: curve, x: text(-2) }, format: 'jwk' });
    case 2:
      return createPublicKey({ key: { kty: 'EC', crv: curve, x: text(-2), y: text(-3) }, format: 'jwk' });
    default:
      return createPublicKey({ key: { kty: 'RSA', n: text(-1), e: text(-2) }, format: 'jwk' });
  }
}

function verifies(alg: number, cose: CborMap, message: Uint8Array, signature: Uint8Array): boolean {
  const mlDsa = ML_DSA.get(alg);
  if (mlDsa) return mlDsa.verify(signature, message, cose.get(-1) as Uint8Array);
  return verify(DIGESTS[alg] ?? null, message, keyObject(cose), signature);
}

beforeAll(() => nodeCrypto.load(nodeCrypto.algorithms));

describe.each(crypts)('signatures by %s', (_, crypto) => {
  it('knows every algorithm of the table', () => {
    expect([...crypto.algorithms].sort()).toEqual(Object.values(Algorithm).sort());
    expect(() => crypto.signer(-65535, new Uint8Array(32))).toThrow(/COSE algorithm -65535 is not among -7, -8/);
  });

  it.each(names)('%s: others verify what it signs, and nothing else', async (name) => {
    const alg = Algorithm[name];
    const { privateKey, publicKey } = await pair(crypto, alg);
    const cose = encodeCoseKey({ alg, publicKey });
    const signature = crypto.signer(alg, privateKey).sign(MESSAGE);
    expect(verifies(alg, cose, MESSAGE, signature)).toBe(true);
    expect(crypto.verify(alg, publicKey, MESSAGE, signature)).toBe(true);
    expect(crypto.verify(alg, publicKey, utf8('another message'), signature)).toBe(false);
    expect(crypto.verify(alg, publicKey, MESSAGE, signature.subarray(1))).toBe(false);
    const broken = signature.slice();
    broken[broken.length - 1]! ^= 1;
    expect(crypto.verify(alg, publicKey, MESSAGE, broken)).toBe(false);
    const other = await pair(crypto, alg);
    expect(crypto.verify(alg, other.publicKey, MESSAGE, signature)).toBe(false);
  });

  it.each(names)('%s: a private key is short enough for a credential id of 128 bytes', async (name) => {
    const { privateKey } = await pair(crypto, Algorithm[name]);
    expect(privateKey.length).toBeLessThanOrEqual(66);
  });
});

it.each(names)('%s: one seed makes one key in both, and each signs with the other’s', async (name) => {
  const alg = Algorithm[name];
  const [a, b] = [await pair(nodeCrypto, alg, 'c0ffee'), await pair(nobleCrypto, alg, 'c0ffee')];
  expect(Buffer.from(a.privateKey).equals(b.privateKey)).toBe(true);
  expect(Buffer.from(a.publicKey).equals(b.publicKey)).toBe(true);
  for (const [signing, verifying] of [
    [nodeCrypto, nobleCrypto],
    [nobleCrypto, nodeCrypto],
  ] as const) {
    const signature = signing.signer(alg, b.privateKey).sign(MESSAGE);
    expect(verifying.verify(alg, a.publicKey, MESSAGE, signature)).toBe(true);
  }
});

it.each(names)('%s: the portable signature is the same each time', (name) => {
  const { privateKey } = nobleCrypto.generateKeyPair(Algorithm[name], (length) => seededRandom('02').bytes(length)) as {
    privateKey: Uint8Array;
  };
  const signer = nobleCrypto.signer(Algorithm[name], privateKey);
  expect(Buffer.from(signer.sign(MESSAGE)).equals(signer.sign(MESSAGE))).toBe(true);
});

it('verifies RS256 under keys of other sizes and exponents, as some platforms make them', () => {
  for (const [modulusLength, publicExponent] of [
    [2048, 3],
    [3072, 65537],
  ] as const) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
    const { n, e } = publicKey.export({ format: 'jwk' });
    const cose = new Map<number, number | Uint8Array>([
      [1, 3],
      [3, -257],
      [-1, fromBase64Url(n!)],
      [-2, fromBase64Url(e!)],
    ]);
    const key = decodeCoseKey(cose);
    expect(encodeCoseKey(key)).toEqual(cose);
    const signature = sign('sha256', MESSAGE, privateKey);
    for (const [, crypto] of crypts) expect(crypto.verify(-257, key.publicKey, MESSAGE, signature)).toBe(true);
  }
});
