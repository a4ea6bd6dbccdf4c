import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  parseCreationOptionsFromJSON,
  parseRequestOptionsFromJSON,
} from '../../../harness/webauthn/index.ts';
import { creation, domException, request } from './page.ts';

/** Options as a faulty server could send them: `value` at the place that `path` names. */
function faulty(options: object, path: string, value: unknown): never {
  const replaced = (place: object, [name, ...rest]: string[]): object => {
    const members = place as Record<string, object | undefined>;
    const next = rest.length > 0 ? replaced(members[name!] ?? {}, rest) : value;
    return { ...members, [name!]: next };
  };
  return replaced(options, path.split('.')) as never;
}

describe('parseCreationOptionsFromJSON', () => {
  it('fills in the defaults of the specification', () => {
    expect(parseCreationOptionsFromJSON(creation())).toEqual({
      rp: { id: 'example.com', name: 'Example' },
      user: { id: utf8('user'), name: 'alice@example.com', displayName: 'Alice' },
      challenge: utf8('challenge'),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      timeout: undefined,
      excludeCredentials: [],
      authenticatorSelection: {
        authenticatorAttachment: undefined,
        residentKey: 'discouraged',
        userVerification: 'preferred',
      },
      hints: [],
      attestation: 'none',
      attestationFormats: [],
      extensions: {},
    });
  });

  it('reads every member', () => {
    const options = parseCreationOptionsFromJSON(
      creation({
        timeout: 1000,
        excludeCredentials: [{ type: 'public-key', id: 'AQ', transports: ['usb'] }],
        authenticatorSelection: {
          authenticatorAttachment: 'cross-platform',
          residentKey: 'preferred',
          userVerification: 'required',
        },
        hints: ['security-key'],
        attestation: 'direct',
        attestationFormats: ['packed'],
        extensions: {
          credProps: true,
          credentialProtectionPolicy: 'userVerificationRequired',
          enforceCredentialProtectionPolicy: true,
          prf: { eval: { first: 'AQ', second: 'Ag' } },
        },
      }),
    );
    expect(options).toMatchObject({
      timeout: 1000,
      excludeCredentials: [{ type: 'public-key', id: Uint8Array.of(1), transports: ['usb'] }],
      authenticatorSelection: {
        authenticatorAttachment: 'cross-platform',
        residentKey: 'preferred',
        userVerification: 'required',
      },
      hints: ['security-key'],
      attestation: 'direct',
      attestationFormats: ['packed'],
      extensions: {
        credProps: true,
        credentialProtectionPolicy: 'userVerificationRequired',
        enforceCredentialProtectionPolicy: true,
        prf: { eval: { first: Uint8Array.of(1), second: Uint8Array.of(2) } },
      },
    });
  });

  it.each([
    ['challenge', undefined, 'publicKey.challenge: expected text, got nothing'],
    ['challenge', 5, 'publicKey.challenge: expected text, got the number 5'],
    ['rp', undefined, 'publicKey.rp: expected an object, got nothing'],
    ['rp', 'example.com', 'publicKey.rp: expected an object, got the text "example.com"'],
    ['rp.name', undefined, 'publicKey.rp.name: expected text, got nothing'],
    ['rp.id', 7, 'publicKey.rp.id: expected text, got the number 7'],
    ['user', undefined, 'publicKey.user: expected an object, got nothing'],
    ['user.id', undefined, 'publicKey.user.id: expected text, got nothing'],
    ['user.name', undefined, 'publicKey.user.name: expected text, got nothing'],
    ['user.displayName', undefined, 'publicKey.user.displayName: expected text, got nothing'],
    ['pubKeyCredParams', undefined, 'publicKey.pubKeyCredParams: expected an array, got nothing'],
    ['pubKeyCredParams', {}, 'publicKey.pubKeyCredParams: expected an array, got an object'],
    ['pubKeyCredParams', [{ type: 'public-key' }], 'publicKey.pubKeyCredParams[0].alg: expected a whole number'],
    ['pubKeyCredParams', [{ alg: -7 }], 'publicKey.pubKeyCredParams[0].type: expected text, got nothing'],
    ['timeout', '60000', 'publicKey.timeout: expected a whole number from 0 to 4294967295, got the text "60000"'],
    ['timeout', -1, 'publicKey.timeout: expected a whole number from 0 to 4294967295, got the number -1'],
    ['excludeCredentials', null, 'publicKey.excludeCredentials: expected an array, got null'],
    ['excludeCredentials', [{ type: 'public-key' }], 'publicKey.excludeCredentials[0].id: expected text, got nothing'],
    ['authenticatorSelection.requireResidentKey', 'yes', 'requireResidentKey: expected true or false, got the text'],
    ['attestation', 1, 'publicKey.attestation: expected text, got the number 1'],
    ['extensions', [], 'publicKey.extensions: expected an object, got an array'],
    ['extensions.credProps', 1, 'publicKey.extensions.credProps: expected true or false, got the number 1'],
    ['extensions.prf.eval', {}, 'publicKey.extensions.prf.eval.first: expected text, got nothing'],
  ])('throws a TypeError for %s as %j', (path, value, message) => {
    const parse = () => parseCreationOptionsFromJSON(faulty(creation(), path, value));
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(message);
  });

  it.each([
    ['challenge', 'a+b/'],
    ['challenge', 'AAA='],
    ['challenge', 'A'],
    ['challenge', 'AA\nAA'],
    ['user.id', 'not base64url!'],
    ['excludeCredentials', [{ type: 'public-key', id: '*' }]],
    ['extensions.prf.eval', { first: '%' }],
  ])('throws an EncodingError for %s as %j', (path, value) => {
    expect(() => parseCreationOptionsFromJSON(faulty(creation(), path, value))).toThrow(
      domException('EncodingError', /^publicKey\./) as Error,
    );
  });

  it.each([
    ['an unknown attestation is none', { attestation: 'other' }, { attestation: 'none' }],
    [
      'unknown values of authenticatorSelection are the defaults',
      { authenticatorSelection: { authenticatorAttachment: 'x', residentKey: 'x', userVerification: 'x' } },
      { authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' } },
    ],
    [
      'requireResidentKey counts where residentKey is absent',
      { authenticatorSelection: { requireResidentKey: true } },
      { authenticatorSelection: { residentKey: 'required' } },
    ],
    [
      'residentKey counts more than requireResidentKey',
      { authenticatorSelection: { requireResidentKey: true, residentKey: 'discouraged' } },
      { authenticatorSelection: { residentKey: 'discouraged' } },
    ],
    ['null is an empty dictionary', { authenticatorSelection: null, extensions: null }, { extensions: {} }],
    [
      'descriptors of an unknown type are left out',
      { excludeCredentials: [{ type: 'other', id: 'AQ' }] },
      { excludeCredentials: [] },
    ],
    ['members that nobody knows are ignored', { future: 1, extensions: { future: {} } }, { extensions: {} }],
    [
      'an unknown policy of credProtect is none',
      { extensions: { credentialProtectionPolicy: 'x' } },
      { extensions: { credentialProtectionPolicy: undefined } },
    ],
  ])('%s', (_, more, expected) => {
    const json = { ...creation(), ...more } as PublicKeyCredentialCreationOptionsJSON;
    expect(parseCreationOptionsFromJSON(json)).toMatchObject(expected);
  });
});

describe('parseRequestOptionsFromJSON', () => {
  it('fills in the defaults of the specification', () => {
    expect(parseRequestOptionsFromJSON({ challenge: 'AQ' })).toEqual({
      challenge: Uint8Array.of(1),
      timeout: undefined,
      rpId: undefined,
      allowCredentials: undefined,
      userVerification: 'preferred',
      hints: [],
      extensions: {},
    });
  });

  it('tells no list from a list without a known type', () => {
    const parse = (allowCredentials: PublicKeyCredentialRequestOptionsJSON['allowCredentials']) =>
      parseRequestOptionsFromJSON(request({ allowCredentials })).allowCredentials;
    expect(parse([])).toBeUndefined();
    expect(parse([{ type: 'other', id: 'AQ' }])).toEqual([]);
    expect(parse([{ type: 'public-key', id: 'AQ' }])).toHaveLength(1);
  });

  it('reads prf for each credential', () => {
    const { extensions } = parseRequestOptionsFromJSON(
      request({ extensions: { prf: { evalByCredential: { AQ: { first: 'Ag' } } } } }),
    );
    expect(extensions.prf?.evalByCredential?.get('AQ')).toEqual({ first: Uint8Array.of(2), second: undefined });
  });

  it.each([
    ['challenge', undefined, 'publicKey.challenge: expected text, got nothing'],
    ['rpId', null, 'publicKey.rpId: expected text, got null'],
    ['allowCredentials', 'AQ', 'publicKey.allowCredentials: expected an array, got the text "AQ"'],
    ['allowCredentials', [7], 'publicKey.allowCredentials[0]: expected an object, got the number 7'],
    ['hints', [1], 'publicKey.hints[0]: expected text, got the number 1'],
    ['extensions.appid', true, 'publicKey.extensions.appid: expected text, got the boolean true'],
  ])('throws a TypeError for %s as %j', (path, value, message) => {
    const parse = () => parseRequestOptionsFromJSON(faulty(request(), path, value));
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(message);
  });

  it('throws a TypeError for what is no object at all', () => {
    for (const value of ['text', 5, [], undefined]) {
      expect(() => parseRequestOptionsFromJSON(value as never)).toThrow(/^publicKey: expected an object, got /);
    }
  });
});
