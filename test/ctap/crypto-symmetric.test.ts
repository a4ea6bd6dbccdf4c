/** Hashes, ciphers and key agreement: published values, and the two implementations against each other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../ctap/bytes.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import { systemRandom } from '../../emulator/random.ts';

const cryptos: readonly (readonly [string, Crypto])[] = [
  ['OpenSSL', nodeCrypto],
  ['noble', nobleCrypto],
];
const random = (length: number) => systemRandom.bytes(length);

describe.each(cryptos)('%s', (_, crypto) => {
  it('hashes as FIPS 180-4 shows, in one part or several', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(toHex(crypto.sha256(utf8('abc')))).toBe(expected);
    expect(toHex(crypto.sha256(utf8('a'), utf8(''), utf8('bc')))).toBe(expected);
    expect(toHex(crypto.sha256())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('authenticates as RFC 4231 shows (case 2)', () => {
    const mac = crypto.hmacSha256(utf8('Jefe'), utf8('what do ya want '), utf8('for nothing?'));
    expect(toHex(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  it('derives as RFC 5869 shows (case 1)', () => {
    const okm = crypto.hkdfSha256(
      new Uint8Array(22).fill(0x0b),
      fromHex('000102030405060708090a0b0c'),
      fromHex('f0f1f2f3f4f5f6f7f8f9'),
      42,
    );
    expect(toHex(okm)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
  });

  it('encrypts blocks as NIST SP 800-38A shows (F.2.5)', () => {
    const key = fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
    const iv = fromHex('000102030405060708090a0b0c0d0e0f');
    const plain = fromHex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
    const sealed = fromHex('f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d');
    expect(toHex(crypto.aesCbcEncrypt(key, iv, plain))).toBe(toHex(sealed));
    expect(toHex(crypto.aesCbcDecrypt(key, iv, sealed))).toBe(toHex(plain));
  });

  it('opens what it sealed, and nothing that was changed', () => {
    const [key, nonce, associated] = [random(32), random(12), random(32)];
    const plain = utf8('a credential');
    const sealed = crypto.aesGcmSeal(key, nonce, plain, associated);
    expect(sealed).toHaveLength(plain.length + 16);
    expect(toHex(crypto.aesGcmOpen(key, nonce, sealed, associated)!)).toBe(toHex(plain));
    for (let index = 0; index < sealed.length; index++) {
      const changed = sealed.with(index, sealed[index]! ^ 0x80);
      expect(crypto.aesGcmOpen(key, nonce, changed, associated), `byte ${index}`).toBeUndefined();
    }
    expect(crypto.aesGcmOpen(key, nonce, sealed, random(32))).toBeUndefined();
    expect(crypto.aesGcmOpen(random(32), nonce, sealed, associated)).toBeUndefined();
    expect(crypto.aesGcmOpen(key, random(12), sealed, associated)).toBeUndefined();
  });

  it('refuses to agree with what is no point of P-256', () => {
    const { privateKey, publicKey } = crypto.generateEcdhKeyPair(random);
    for (const peer of [publicKey.with(63, publicKey[63]! ^ 1), new Uint8Array(64), publicKey.subarray(1)]) {
      expect(() => crypto.ecdh(privateKey, peer)).toThrow(RangeError);
    }
  });
});

describe('the two implementations', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const any = fc.uint8Array({ maxLength: 200 });
  const blocks = fc.nat({ max: 8 }).chain((count) => bytes(16 * count));
  const both = (action: (crypto: Crypto) => Uint8Array | undefined) => {
    const [ours, theirs] = cryptos.map(([, crypto]) => action(crypto));
    expect(theirs && toHex(theirs)).toBe(ours && toHex(ours));
  };

  it('hash, authenticate and derive the same', () => {
    fc.assert(
      fc.property(any, any, any, fc.integer({ min: 1, max: 100 }), (a, b, c, length) => {
        both((crypto) => crypto.sha256(a, b, c));
        both((crypto) => crypto.hmacSha256(a, b, c));
        both((crypto) => crypto.hkdfSha256(a, b, c, length));
      }),
      { numRuns: 200 },
    );
  });

  it('encrypt and seal the same, and open what the other sealed', () => {
    fc.assert(
      fc.property(bytes(32), bytes(16), blocks, any, (key, iv, plain, associated) => {
        both((crypto) => crypto.aesCbcEncrypt(key, iv, plain));
        both((crypto) => crypto.aesCbcDecrypt(key, iv, plain));
        const nonce = iv.subarray(0, 12);
        both((crypto) => crypto.aesGcmSeal(key, nonce, plain, associated));
        const sealed = nobleCrypto.aesGcmSeal(key, nonce, plain, associated);
        both((crypto) => crypto.aesGcmOpen(key, nonce, sealed, associated));
        both((crypto) => crypto.aesGcmOpen(key, nonce, concat(sealed, Uint8Array.of(0)), associated));
      }),
      { numRuns: 200 },
    );
  });

  it('draw the same key of the same bytes, and agree', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (one, two) => {
        const draw = (crypto: Crypto, scalar: Uint8Array) => crypto.generateEcdhKeyPair(() => scalar);
        both((crypto) => draw(crypto, one).publicKey);
        const [ours, theirs] = [draw(nodeCrypto, one), draw(nobleCrypto, two)];
        const secret = nodeCrypto.ecdh(ours.privateKey, theirs.publicKey);
        expect(toHex(nobleCrypto.ecdh(theirs.privateKey, ours.publicKey))).toBe(toHex(secret));
      }),
      { numRuns: 50 },
    );
  });
});
