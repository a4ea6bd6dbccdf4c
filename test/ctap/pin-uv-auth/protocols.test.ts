/** PIN/UV auth protocols against published values, and the two cryptographies against each other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import type { Crypto } from '../../../ctap/crypto.ts';
import { nobleCrypto } from '../../../ctap/crypto-noble.ts';
import { encapsulate, pinUvAuthProtocol } from '../../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../../ctap/status.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { systemRandom } from '../../../emulator/random.ts';

const cryptos: readonly (readonly [string, Crypto])[] = [
  ['OpenSSL', nodeCrypto],
  ['noble', nobleCrypto],
];
const random = (length: number) => systemRandom.bytes(length);

describe.each(cryptos)('protocol one, over %s', (_, crypto) => {
  const protocol = pinUvAuthProtocol(1, crypto);
  // The values of python-fido2's tests (tests/test_ctap2.py).
  const platformKey = fromHex('7452e599fee739d8a653f6a507343d12d382249108a651402520b72f24fe7684');
  const platformPoint = fromHex(
    '44d78d7989b97e62ea993496c9ef6e8fd58b8b00715f9a89153ddd9c4657e47f' +
      'ec802ee7d22bd4e100f12e48537eb4e7e96ed3a47a0a3bd5f5eeab65001664f9',
  );
  const devicePoint = fromHex(
    '0501d5bc78da9252560a26cb08fcc60cbe0b6d3b8e1d1fcee514fac0af675168' +
      'd551b3ed46f665731f95b4532939c25d91db7eb844bd96d4abd4083785f8df47',
  );
  const secret = fromHex('c42a039d548100dfba521e487debcbbb8b66bb7496f8b1862a7a395ed83e1a1c');

  it('agrees on the published secret', () => {
    const { publicKey, sharedSecret } = encapsulate(protocol, crypto, devicePoint, () => platformKey);
    expect(toHex(publicKey)).toBe(toHex(platformPoint));
    expect(toHex(sharedSecret)).toBe(toHex(secret));
  });

  it('encrypts and decrypts the published token and PIN hash', () => {
    const token = fromHex('aff12c6dcfbf9df52f7a09211e8865cd');
    const sealed = fromHex('7a9f98e31b77be90f9c64d12e9635040');
    expect(toHex(protocol.encrypt(secret, token, random))).toBe(toHex(sealed));
    expect(toHex(protocol.decrypt(secret, sealed)!)).toBe(toHex(token));
    const pinHash = crypto.sha256(utf8('1234')).slice(0, 16);
    expect(toHex(protocol.encrypt(secret, pinHash, random))).toBe('afe8327ce416da8ee3d057589c2ce1a9');
  });

  it('encrypts and authenticates the new PIN that authenticator-rs publishes', () => {
    const secret = fromHex('82e3d841e25c5c13462c123cc3d3987865ba3d204674fbedd47ef5abab8d1372');
    const padded = concat(utf8('1234'), new Uint8Array(60));
    const newPinEnc = protocol.encrypt(secret, padded, random);
    expect(toHex(newPinEnc)).toBe(
      '70664bb581e257451a3ab91bf1aad8e45f6ce9b5c3b0f32b5ecd62d0ba3b605f' +
        'd9183166f6c5faf3e4da2481502cd0cee0158b351fc39208a77cb2744bd43cf9',
    );
    expect(toHex(protocol.authenticate(secret, newPinEnc))).toBe('8e7f016997f3b0a27ba4347a0e49fdf5');
  });
});

describe.each(cryptos)('protocol two, over %s', (_, crypto) => {
  const protocol = pinUvAuthProtocol(2, crypto);

  it('derives the keys that authenticator-rs publishes', () => {
    expect(toHex(protocol.kdf(new Uint8Array(32).fill(0xff)))).toBe(
      '570b4ed82aa5dfb49db79dbeaf4b315d8abb1a9867b245f3367026987c0d47a1' +
        '7d9a93c39baec741d141c6238d8e1846de323d8eed022cb397d19a73b98945e2',
    );
  });

  it('begins each ciphertext with its own IV', () => {
    const secret = random(64);
    const [one, two] = [1, 2].map(() => protocol.encrypt(secret, new Uint8Array(32), random)) as [
      Uint8Array,
      Uint8Array,
    ];
    expect([one.length, two.length]).toEqual([48, 48]);
    expect(toHex(one)).not.toBe(toHex(two));
  });

  it('authenticates with the first half of a shared secret, and with the whole of a token', () => {
    const secret = random(64);
    const message = utf8('message');
    expect(toHex(protocol.authenticate(secret, message))).toBe(toHex(crypto.hmacSha256(secret.slice(0, 32), message)));
    const token = random(32);
    expect(toHex(protocol.authenticate(token, message))).toBe(toHex(crypto.hmacSha256(token, message)));
  });
});

describe.each([1, 2] as const)('protocol %i', (version) => {
  const [ours, theirs] = [nodeCrypto, nobleCrypto].map((crypto) => pinUvAuthProtocol(version, crypto)) as [
    ReturnType<typeof pinUvAuthProtocol>,
    ReturnType<typeof pinUvAuthProtocol>,
  ];
  const block = fc.integer({ min: 0, max: 6 }).chain((n) => fc.uint8Array({ minLength: 16 * n, maxLength: 16 * n }));
  const z = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('is the same over both cryptographies', () => {
    fc.assert(
      fc.property(z, block, (z, plain) => {
        const secret = ours.kdf(z);
        expect(toHex(theirs.kdf(z))).toBe(toHex(secret));
        expect(toHex(theirs.decrypt(secret, ours.encrypt(secret, plain, random))!)).toBe(toHex(plain));
        expect(toHex(ours.decrypt(secret, theirs.encrypt(secret, plain, random))!)).toBe(toHex(plain));
        expect(toHex(theirs.authenticate(secret, plain))).toBe(toHex(ours.authenticate(secret, plain)));
      }),
      { numRuns: 100 },
    );
  });

  it('agrees from both sides', () => {
    const device = nodeCrypto.generateEcdhKeyPair(random);
    const { publicKey, sharedSecret } = encapsulate(theirs, nobleCrypto, device.publicKey, random);
    expect(toHex(ours.kdf(nodeCrypto.ecdh(device.privateKey, publicKey)))).toBe(toHex(sharedSecret));
  });

  it('takes its own authentication and no other', () => {
    const secret = ours.kdf(random(32));
    const message = utf8('message');
    const parameter = ours.authenticate(secret, message);
    expect(parameter.length).toBe(version === 1 ? 16 : 32);
    expect(ours.verify(secret, message, parameter)).toBe(true);
    for (let index = 0; index < parameter.length; index++) {
      const wrong = parameter.with(index, parameter[index]! ^ 1);
      expect(ours.verify(secret, message, wrong)).toBe(false);
    }
    expect(ours.verify(secret, message, parameter.subarray(1))).toBe(false);
    expect(ours.verify(secret, message, concat(parameter, Uint8Array.of(0)))).toBe(false);
    expect(ours.verify(secret, message, new Uint8Array())).toBe(false);
  });

  it.each([1, 15, 17, 31])('refuses %i bytes, which are no whole blocks', (length) => {
    const secret = ours.kdf(random(32));
    expect(() => ours.encrypt(secret, new Uint8Array(length), random)).toThrow(CtapError);
    expect(ours.decrypt(secret, new Uint8Array(length))).toBeUndefined();
  });
});

it.each([0, 3, -1])('there is no protocol %i', (version) => {
  expect(() => pinUvAuthProtocol(version, nodeCrypto)).toThrow(
    `CTAP1_ERR_INVALID_PARAMETER: pinUvAuthProtocol: expected 1 or 2, got ${version}`,
  );
});

it('agrees on nothing with what is no point of P-256', () => {
  for (const [, crypto] of cryptos) {
    for (const peer of [new Uint8Array(64), new Uint8Array(64).fill(1), new Uint8Array(63)]) {
      expect(() => encapsulate(pinUvAuthProtocol(2, crypto), crypto, peer, random)).toThrow(RangeError);
    }
  }
});
