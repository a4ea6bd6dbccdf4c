import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuthenticatorData,
  decodeAuthenticatorData,
  encodeAuthenticatorData,
  signedBytes,
} from '../../ctap/authenticator-data.ts';
import { concat, fromHex, toHex } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { Flag } from '../../ctap/flags.ts';
import { CtapError } from '../../ctap/status.ts';

const rpIdHash = new Uint8Array(32).fill(0xaa);
const key: CborMap = new Map<number, CborValue>([
  [1, 2],
  [3, -7],
]);
const attested = { aaguid: new Uint8Array(16).fill(0xbb), credentialId: fromHex('c1c2c3'), credentialPublicKey: key };
const HEADER = `${'aa'.repeat(32)}`;
const ATTESTED = `${'bb'.repeat(16)}0003c1c2c3a201020326`;
const EXTENSIONS = `a16b6372656450726f7465637402`;
const extensions: CborMap = new Map([['credProtect', 2]]);

describe('encodeAuthenticatorData', () => {
  it.each<[string, Partial<AuthenticatorData>, string]>([
    ['nothing but the header', {}, `${HEADER}0500000102`],
    ['attested credential data', { attestedCredentialData: attested }, `${HEADER}4500000102${ATTESTED}`],
    ['extensions', { extensions }, `${HEADER}8500000102${EXTENSIONS}`],
    ['both', { attestedCredentialData: attested, extensions }, `${HEADER}c500000102${ATTESTED}${EXTENSIONS}`],
    ['extensions without members, which are left out', { extensions: new Map() }, `${HEADER}0500000102`],
  ])('writes %s, and sets the flags for it', (_, more, expected) => {
    const flags = Flag.UP | Flag.UV;
    expect(toHex(encodeAuthenticatorData({ rpIdHash, flags, signCount: 0x102, ...more }))).toBe(expected);
  });

  it('clears flags of what is not there', () => {
    const data = encodeAuthenticatorData({ rpIdHash, flags: Flag.UP | Flag.AT | Flag.ED, signCount: 0xffffffff });
    expect(toHex(data)).toBe(`${HEADER}01ffffffff`);
  });
});

describe('decodeAuthenticatorData', () => {
  const part = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const anyData = fc.record({
    rpIdHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    flags: fc.constantFrom(0, Flag.UP, Flag.UP | Flag.UV),
    signCount: fc.nat({ max: 0xffffffff }),
    attestedCredentialData: part(
      fc.record({
        aaguid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
        credentialId: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        credentialPublicKey: fc.constant(key),
      }),
    ),
    extensions: part(fc.constant(extensions)),
  });

  it('reads what was written', () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const { flags, ...rest } = decodeAuthenticatorData(encodeAuthenticatorData(data));
        const announced = (data.attestedCredentialData ? Flag.AT : 0) | (data.extensions ? Flag.ED : 0);
        expect(flags).toBe(data.flags | announced);
        expect({ ...rest, flags: data.flags }).toEqual(data);
      }),
      { numRuns: 500 },
    );
  });

  it('takes no other length than the right one', () => {
    fc.assert(
      fc.property(anyData, fc.nat(), (data, cut) => {
        const bytes = encodeAuthenticatorData(data);
        expect(() => decodeAuthenticatorData(bytes.subarray(0, cut % bytes.length))).toThrow();
        expect(() => decodeAuthenticatorData(concat(bytes, Uint8Array.of(0)))).toThrow('1 trailing bytes');
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['fewer than 37 bytes', `${HEADER}01000000`, 'expected at least 37 bytes, got 36'],
    ['attested credential data that is not there', `${HEADER}4100000001`, 'truncated in the attested credential data'],
    [
      'a credential id beyond the end',
      `${HEADER}4100000001${'bb'.repeat(16)}0004c1c2c3`,
      'truncated in the credential',
    ],
    ['a public key that is no map', `${HEADER}4100000001${'bb'.repeat(16)}0001c180`, 'public key is not a map'],
    ['extensions that are no map', `${HEADER}810000000100`, 'the extensions are not a map'],
    ['data that no flag announces', `${HEADER}0100000001a0`, '1 trailing bytes that the flags do not announce'],
  ])('refuses %s', (_, hex, message) => {
    expect(() => decodeAuthenticatorData(fromHex(hex))).toThrow(message);
  });

  it('refuses extensions that are not canonical', () => {
    expect(() => decodeAuthenticatorData(fromHex(`${HEADER}8100000001a1616118`))).toThrow(CtapError);
  });
});

it('signs authenticator data, then the client data hash', () => {
  expect(toHex(signedBytes(fromHex('0102'), fromHex('0304')))).toBe('01020304');
});
