import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { fromBase32, toBase32 } from '../../../ctap/otp/base32.ts';
import { dynamicTruncation, findHotp, hotp, otpMac } from '../../../ctap/otp/hotp.ts';
import { findTotp, timeStep, totp } from '../../../ctap/otp/totp.ts';

const SECRET = utf8('12345678901234567890');
/** RFC 6238 appendix B: the digits repeated to the size of the hash. */
const SEEDS = {
  SHA1: SECRET,
  SHA256: utf8('12345678901234567890123456789012'),
  SHA512: utf8('1234567890123456789012345678901234567890123456789012345678901234'),
} as const;

describe('HOTP', () => {
  it.each([
    [6, '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'],
    [8, '84755224 94287082 37359152 26969429 40338314 68254676 18287922 82162583 73399871 45520489'],
  ])('computes the codes of RFC 4226 appendix D with %i digits', (digits, codes) => {
    expect(codes.split(' ')).toEqual(Array.from({ length: 10 }, (_, counter) => hotp(SECRET, counter, { digits })));
  });

  it('truncates as the example of RFC 4226 appendix D', () => {
    const mac = otpMac('SHA1', SECRET, new Uint8Array(8));
    expect(dynamicTruncation(mac)).toBe(1284755224);
    expect(hotp(SECRET, 0, { digits: 10 })).toBe('1284755224');
    expect(hotp(SECRET, 0, { digits: 4 })).toBe('5224');
  });

  it('counts to 2^64-1 and no further', () => {
    expect(hotp(SECRET, 2n ** 64n - 1n)).not.toBe(hotp(SECRET, 2n ** 32n - 1n));
    expect(hotp(SECRET, 2n ** 53n + 1n)).not.toBe(hotp(SECRET, 2n ** 53n));
    expect(() => hotp(SECRET, 2n ** 64n)).toThrow(/counter: expected 0 to 2\^64-1, got 18446744073709551616/);
    expect(() => hotp(SECRET, -1)).toThrow(/counter/);
  });

  it('refuses what cannot be', () => {
    expect(() => hotp(SECRET, 0, { digits: 3 })).toThrow(/digits: expected 4 to 10, got 3/);
    expect(() => hotp(SECRET, 0, { digits: 6.5 })).toThrow(/digits/);
    expect(() => hotp(new Uint8Array(), 0)).toThrow(/secret/);
  });

  it('finds a code within the look-ahead alone', () => {
    expect(findHotp(SECRET, '520489', 0, { lookAhead: 9 })).toBe(9n);
    expect(findHotp(SECRET, '520489', 0, { lookAhead: 8 })).toBeUndefined();
    expect(findHotp(SECRET, '755224', 1, { lookAhead: 20 })).toBeUndefined();
    expect(findHotp(SECRET, hotp(SECRET, 2n ** 64n - 1n), 2n ** 64n - 1n, { lookAhead: 5 })).toBe(2n ** 64n - 1n);
  });
});

describe('TOTP', () => {
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ])('computes the codes of RFC 6238 appendix B at %i', (seconds, sha1, sha256, sha512) => {
    const code = (algorithm: keyof typeof SEEDS) => totp(SEEDS[algorithm], seconds, { algorithm, digits: 8 });
    expect([code('SHA1'), code('SHA256'), code('SHA512')]).toEqual([sha1, sha256, sha512]);
  });

  it('has steps of any whole number of seconds', () => {
    expect(totp(SECRET, 59, { period: 60 })).toBe('755224');
    expect(totp(SECRET, 1111111109, { period: 60 })).toBe('360094');
    expect(timeStep(59.999, 30)).toBe(1n);
    expect(() => timeStep(59, 0)).toThrow(/period/);
    expect(() => timeStep(-1)).toThrow(/time/);
  });

  it('takes codes of the window alone, the nearest first', () => {
    const code = totp(SECRET, 1000);
    expect(findTotp(SECRET, code, 1000 + 30)).toBe(timeStep(1000));
    expect(findTotp(SECRET, code, 1000 - 30)).toBe(timeStep(1000));
    expect(findTotp(SECRET, code, 1000 + 60)).toBeUndefined();
    expect(findTotp(SECRET, code, 1000 + 30, { window: 0 })).toBeUndefined();
    expect(findTotp(SECRET, totp(SECRET, 0), 0)).toBe(0n);
  });
});

describe('base32', () => {
  it('writes and reads RFC 4648 vectors', () => {
    const vectors = {
      '': '',
      f: 'MY',
      fo: 'MZXQ',
      foo: 'MZXW6',
      foob: 'MZXW6YQ',
      fooba: 'MZXW6YTB',
      foobar: 'MZXW6YTBOI',
    };
    for (const [text, encoded] of Object.entries(vectors)) {
      expect(toBase32(utf8(text))).toBe(encoded);
      expect(fromBase32(encoded)).toEqual(utf8(text));
    }
    expect(fromBase32('mzxw 6ytb-oi======')).toEqual(utf8('foobar'));
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromBase32(toBase32(bytes))).toEqual(bytes);
      }),
    );
  });

  it('says where it is wrong, without the digits', () => {
    expect(() => fromBase32('MZXW1YTB')).toThrow(/^expected base32 \(A-Z, 2-7\), character 5 is none$/);
    expect(() => fromBase32('MZX')).toThrow(/3 digits/);
  });
});
