import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../ctap/bytes.ts';
import { formatOtpAuth, type OtpAuth, parseOtpAuth } from '../../../ctap/otp/otpauth-uri.ts';

const SECRET = fromHex('48656c6c6f21deadbeef');

describe('otpauth URIs', () => {
  it('reads the example of the format', () => {
    const uri = 'otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example';
    expect(parseOtpAuth(uri)).toEqual({
      type: 'totp',
      issuer: 'Example',
      account: 'alice@google.com',
      secret: SECRET,
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
    });
  });

  it('reads escapes, spaces, lower case and every member', () => {
    const uri =
      'otpauth://hotp/ACME%20Co%3A%20john.doe%40email.com?secret=jbswy3dpehpk3pxp&algorithm=sha-256&digits=8&counter=18446744073709551615';
    expect(parseOtpAuth(uri)).toEqual({
      type: 'hotp',
      issuer: 'ACME Co',
      account: 'john.doe@email.com',
      secret: SECRET,
      algorithm: 'SHA256',
      digits: 8,
      counter: 2n ** 64n - 1n,
    });
  });

  it.each([
    ['https://example.com', /expected otpauth:/],
    ['otpauth://motp/a?secret=MY', /type: expected totp or hotp, got "motp"/],
    ['otpauth://totp/?secret=MY', /label: expected an account name/],
    ['otpauth://totp/%ff?secret=MY', /label: expected percent-encoded UTF-8/],
    ['otpauth://totp/a', /secret: expected base32, got nothing/],
    ['otpauth://totp/a?secret=MY&secret=MY', /secret: expected it once, got it 2 times/],
    ['otpauth://totp/a?secret=M1', /secret: expected base32 .*character 2 is none/],
    ['otpauth://totp/a?secret=MY&algorithm=MD5', /algorithm: expected SHA1, SHA256, SHA512, got "MD5"/],
    ['otpauth://totp/a?secret=MY&digits=3', /digits: expected a number from 4 to 10, got "3"/],
    ['otpauth://totp/a?secret=MY&digits=6.0', /digits/],
    ['otpauth://totp/a?secret=MY&period=0', /period: expected a number from 1 to 65535, got "0"/],
    ['otpauth://hotp/a?secret=MY', /counter: expected a number/],
    ['otpauth://hotp/a?secret=MY&counter=18446744073709551616', /counter: expected 0 to 2\^64-1/],
  ])('names the field that is wrong in %s', (uri, message) => {
    expect(() => parseOtpAuth(uri)).toThrow(message);
  });

  it('never shows the secret', () => {
    expect(() => parseOtpAuth('otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ1')).toThrow(/^(?!.*GEZDG)/);
  });

  it('reads what it writes', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
      .filter((s) => !s.includes(':') && s.trim() === s);
    const common = {
      issuer: fc.option(name, { nil: undefined }),
      account: name,
      secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
      digits: fc.integer({ min: 4, max: 10 }),
    };
    const account: fc.Arbitrary<OtpAuth> = fc.oneof(
      fc.record({ type: fc.constant('totp' as const), ...common, period: fc.integer({ min: 1, max: 65535 }) }),
      fc.record({
        type: fc.constant('hotp' as const),
        ...common,
        counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
    );
    fc.assert(
      fc.property(account, (value) => {
        expect(parseOtpAuth(formatOtpAuth(value))).toEqual(value);
      }),
    );
  });

  it('refuses to write a colon into a name', () => {
    const value = { ...parseOtpAuth('otpauth://totp/a?secret=MY'), account: 'a:b' };
    expect(() => formatOtpAuth(value)).toThrow(/label/);
  });
});
