/** Option sets as relying parties send them, and as no relying party should: the same ones each time. */
import fc from 'fast-check';
import { toBase64Url } from '../../../../ctap/bytes.ts';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '../../../../harness/webauthn/json.ts';

/** Stands in an option set for the ID of a credential that the key at hand has for the relying party. */
export const OWN = 'OWN';
/** The same, of a credential that the key finds without its ID. */
export const OWN_DISCOVERABLE = 'OWN_DISCOVERABLE';

export type OptionSet =
  | { readonly type: 'create'; readonly options: PublicKeyCredentialCreationOptionsJSON }
  | { readonly type: 'get'; readonly options: PublicKeyCredentialRequestOptionsJSON };

/** What the stack under test must be spared: what it asks a person, or has no means for. */
export interface Limits {
  /** Share in percent of the sets that lead to a dialog which somebody has to close. */
  readonly dialogs: number;
  /** Whether the key verifies its user; else none of the sets demands it. */
  readonly userVerification: boolean;
  /** The extensions of the key and of the stack before it. */
  readonly extensions: readonly ('credBlob' | 'hmacCreateSecret' | 'largeBlob' | 'minPinLength' | 'prf')[];
}

const SEED = 20_231_128;
/** Milliseconds: nobody is to run out of it. */
const TIMEOUT = 300_000;

/** `count` option sets, about two registrations for each sign-in. */
export function optionSets(count: number, limits: Limits): OptionSet[] {
  const arbitrary = fc.oneof(
    { weight: 2, arbitrary: creation(limits).map((options): OptionSet => ({ type: 'create', options })) },
    { weight: 1, arbitrary: request(limits).map((options): OptionSet => ({ type: 'get', options })) },
  );
  return fc.sample(arbitrary, { numRuns: count, seed: SEED });
}

/** Mostly `usual`, else `odd`. */
const mostly = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>, percent = 8): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 100 - percent, arbitrary: usual }, { weight: percent, arbitrary: odd });

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map(toBase64Url);

/** A member that may be left out. */
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const oddRpId = fc.constantFrom(
  'localhost',
  'Example.com',
  'example.com:443',
  'https://example.com',
  'com',
  'ample.com',
  '',
);

const name = fc.oneof(
  fc.constantFrom('alice@example.com', '', 'Ålice 🔑', 'a'.repeat(64)),
  fc.string({ maxLength: 20 }),
);

const transports = maybe(
  fc.subarray(['nfc', 'ble', 'internal', 'hybrid', 'pigeon']).map((others) => [...others, 'usb']),
);

/** As the key said them, more or less; where USB is missing a browser looks for the credential elsewhere. */
const ownTransports = fc.constantFrom(undefined, [], ['usb'], ['nfc', 'usb'], ['pigeon', 'usb']);

const unknownId = fc.oneof(bytes(16, 16), bytes(64, 64), bytes(1, 8));

const ownDescriptor = fc.record({
  type: fc.constant('public-key'),
  id: fc.constantFrom(OWN, OWN_DISCOVERABLE),
  transports: ownTransports,
});
const unknownDescriptor = fc.record({
  type: mostly(fc.constant('public-key'), fc.constant('other')),
  id: unknownId,
  transports,
});

const challenge = mostly(bytes(16, 64), fc.constantFrom('', '%%%', 'Y2hhbGxlbmdl=='), 4);

const hints = maybe(fc.subarray(['security-key', 'client-device', 'hybrid', 'a hint of something'], { maxLength: 2 }));

const userVerification = (limits: Limits) =>
  mostly(
    fc.constantFrom(undefined, 'preferred', 'discouraged', 'sometimes'),
    fc.constant(limits.userVerification ? 'required' : 'discouraged'),
    30,
  );

const prfValues = fc.record({ first: bytes(0, 40), second: maybe(bytes(32, 32)) });

function known(limits: Limits, members: Record<string, fc.Arbitrary<object>>): fc.Arbitrary<object>[] {
  return Object.entries(members)
    .filter(([extension]) => (limits.extensions as readonly string[]).includes(extension))
    .map(([, arbitrary]) => arbitrary);
}

/** One extension or two. */
const some = (extensions: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
  fc
    .tuple(fc.oneof(...extensions), fc.oneof(fc.constant({}), ...extensions))
    .map(([first, second]) => ({ ...first, ...second }));

function creationExtensions(limits: Limits): fc.Arbitrary<object> {
  return some([
    fc.record({ credProps: fc.boolean() }),
    fc.record({
      credentialProtectionPolicy: fc.constantFrom(
        'userVerificationOptional',
        'userVerificationOptionalWithCredentialIDList',
        ...(limits.userVerification ? ['userVerificationRequired'] : []),
        'userVerificationWhenever',
      ),
      enforceCredentialProtectionPolicy: maybe(fc.boolean()),
    }),
    fc.record({ appid: fc.constant('https://example.com/app-id') }),
    fc.record({
      appidExclude: fc.constantFrom(
        '',
        'https://example.com/app-id',
        'https://example.org/',
        'http://example.com/',
        'no URL',
      ),
    }),
    fc.record({ somethingElse: fc.constant(true) }),
    ...known(limits, {
      minPinLength: fc.record({ minPinLength: fc.boolean() }),
      credBlob: fc.record({ credBlob: bytes(0, 40) }),
      largeBlob: fc.record({ largeBlob: fc.record({ support: fc.constantFrom(undefined, 'preferred', 'maybe') }) }),
      hmacCreateSecret: fc.record({ hmacCreateSecret: fc.boolean() }),
      prf: fc.record({
        prf: mostly(
          fc.record({ eval: maybe(prfValues) }),
          fc.record({ evalByCredential: fc.record({ [OWN]: prfValues }) }),
          15,
        ),
      }),
    }),
  ]);
}

function creation(limits: Limits): fc.Arbitrary<PublicKeyCredentialCreationOptionsJSON> {
  return fc.record({
    rp: fc.record({ id: mostly(fc.constantFrom('example.com', undefined, 'login.example.com'), oddRpId), name }),
    user: fc.record({
      id: mostly(bytes(1, 64), fc.constantFrom('', 'A'.repeat(87), '??'), 5),
      name,
      displayName: name,
    }),
    challenge,
    pubKeyCredParams: mostly(
      fc
        .array(
          fc.record({ type: fc.constant('public-key'), alg: fc.constantFrom(-7, -7, -8, -257, -35, -37, -65_535, 99) }),
          { minLength: 1, maxLength: 4 },
        )
        .map((parameters) => [...parameters, { type: 'public-key', alg: -7 }]),
      fc.oneof(
        fc.constant([]),
        fc.constant([{ type: 'other', alg: -7 }]),
        fc.constant([
          { type: 'other', alg: -8 },
          { type: 'public-key', alg: -7 },
        ]),
      ),
    ),
    timeout: fc.constant(TIMEOUT),
    excludeCredentials: mostly(
      maybe(fc.array(unknownDescriptor, { maxLength: 3 })),
      fc.tuple(ownDescriptor, unknownDescriptor),
      limits.dialogs,
    ),
    authenticatorSelection: maybe(
      fc.record({
        authenticatorAttachment: fc.constantFrom(undefined, 'cross-platform', 'elsewhere'),
        residentKey: fc.constantFrom(undefined, 'discouraged', 'preferred', 'required', 'perhaps'),
        requireResidentKey: maybe(fc.boolean()),
        userVerification: userVerification(limits),
      }),
    ),
    hints,
    attestation: mostly(
      fc.constantFrom(undefined, 'none', 'none of that'),
      fc.constantFrom('indirect', 'direct'),
      limits.dialogs,
    ),
    attestationFormats: maybe(fc.subarray(['packed', 'fido-u2f', 'none'])),
    extensions: maybe(creationExtensions(limits)),
  });
}

function requestExtensions(limits: Limits): fc.Arbitrary<object> {
  return some([
    fc.record({
      appid: fc.constantFrom('', 'https://example.com/app-id', 'https://example.org/', 'http://example.com/', 'no URL'),
    }),
    fc.record({ credProps: fc.constant(true) }),
    fc.record({ appidExclude: fc.constant('https://example.com/app-id') }),
    fc.record({ somethingElse: fc.constant(1) }),
    ...known(limits, {
      credBlob: fc.record({ getCredBlob: fc.boolean() }),
      largeBlob: fc.record({
        largeBlob: fc.constantFrom<object>(
          { read: true },
          { read: false },
          {},
          { support: 'preferred' },
          { read: true, write: 'AAAA' },
        ),
      }),
      prf: fc.record({
        prf: fc.oneof(
          fc.record({ eval: maybe(prfValues) }),
          fc.record({ evalByCredential: fc.record({ [OWN]: prfValues }), eval: maybe(prfValues) }),
          fc.record({ evalByCredential: fc.constant({ 'not base64url!': { first: 'AAAA' } }) }),
        ),
      }),
    }),
  ]);
}

function request(limits: Limits): fc.Arbitrary<PublicKeyCredentialRequestOptionsJSON> {
  return fc.record({
    challenge,
    timeout: fc.constant(TIMEOUT),
    // The credentials are of this one.
    rpId: mostly(fc.constant('example.com'), oddRpId),
    allowCredentials: mostly(
      fc.tuple(ownDescriptor, fc.array(unknownDescriptor, { maxLength: 3 })).map(([own, others]) => [...others, own]),
      fc.oneof(fc.constant(undefined), fc.constant([]), fc.array(unknownDescriptor, { minLength: 1, maxLength: 2 })),
      limits.dialogs,
    ),
    userVerification: userVerification(limits),
    hints,
    extensions: maybe(requestExtensions(limits)),
  });
}

/** The set with the IDs of real credentials in their places. */
export function withOwn<T extends OptionSet>(set: T, ids: { readonly own: string; readonly discoverable: string }): T {
  const text = JSON.stringify(set);
  return JSON.parse(
    text.replaceAll(`"${OWN}"`, `"${ids.own}"`).replaceAll(`"${OWN_DISCOVERABLE}"`, `"${ids.discoverable}"`),
  );
}
