/** Each algorithm of getInfo: the key that makeCredential makes, and what getAssertion signs with it. */
import { concat } from '../../../ctap/bytes.ts';
import type { CborMap } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { assertion, descriptor, makeCredentialParameters, type Registration, register } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { CheckFailure } from '../check-failure.ts';
import { expect, expectEqual } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { refusal } from './refusals.ts';

interface Form {
  readonly alg: number;
  /** COSE key type. */
  readonly kty: 1 | 2 | 3 | 7;
  /** COSE elliptic curve, for the key types that have one. */
  readonly curve?: number;
}

/** RFC 9053 §7.1, RFC 8230 §4, RFC 9864, RFC 9964 (ML-DSA). */
const forms: Readonly<Record<keyof typeof Algorithm, Form>> = {
  ES256: { alg: Algorithm.ES256, kty: 2, curve: 1 },
  EdDSA: { alg: Algorithm.EdDSA, kty: 1, curve: 6 },
  ESP256: { alg: Algorithm.ESP256, kty: 2, curve: 1 },
  Ed25519: { alg: Algorithm.Ed25519, kty: 1, curve: 6 },
  ES384: { alg: Algorithm.ES384, kty: 2, curve: 2 },
  ES512: { alg: Algorithm.ES512, kty: 2, curve: 3 },
  ML_DSA_44: { alg: Algorithm.ML_DSA_44, kty: 7 },
  ML_DSA_65: { alg: Algorithm.ML_DSA_65, kty: 7 },
  ML_DSA_87: { alg: Algorithm.ML_DSA_87, kty: 7 },
  ESP384: { alg: Algorithm.ESP384, kty: 2, curve: 2 },
  ESP512: { alg: Algorithm.ESP512, kty: 2, curve: 3 },
  Ed448: { alg: Algorithm.Ed448, kty: 1, curve: 7 },
  RS256: { alg: Algorithm.RS256, kty: 3 },
};

const CURVED: readonly number[] = [1, 2];
/** Members of a COSE_Key of each key type, all of them; others must not be there (WebAuthn Level 3 §6.5.1). */
const MEMBERS: Readonly<Record<Form['kty'], readonly number[]>> = {
  1: [1, 3, -1, -2],
  2: [1, 3, -1, -2, -3],
  3: [1, 3, -1, -2],
  7: [1, 3, -1],
};

function registerBy(key: Subject, alg: number): Promise<Registration> {
  // without attestation: how that is signed is not judged here
  return register(key, { pubKeyCredParams: [{ type: 'public-key', alg }], attestationFormatsPreference: ['none'] });
}

/** The key's bytes, whatever it says of its type and curve. */
function bytesOf(publicKey: CborMap, { alg, kty, curve }: Form): Uint8Array {
  const borne = new Map(publicKey).set(1, kty).set(3, alg);
  if (curve !== undefined) borne.set(-1, curve);
  return decodeCoseKey(borne).publicKey;
}

function ofAlgorithm(name: string, form: Form): Check[] {
  const { alg, kty, curve } = form;
  const [lower, needs] = [name.toLowerCase().replaceAll('_', '-'), { algorithms: [alg], touches: 1 }];
  return [
    {
      id: `makeCredential.algorithm.${name}`,
      section: 'WebAuthn Level 3 §6.5.1',
      statement: `Where ${name} alone is offered, the public key is a COSE_Key of that algorithm with the members that it owes.`,
      needs,
      faults: [`${lower}-key-of-other-curve`],
      async run(key) {
        const { publicKey } = await registerBy(key, alg);
        expectEqual(publicKey.get(3), alg, 'alg (3)');
        expectEqual(publicKey.get(1), kty, 'kty (1)');
        if (CURVED.includes(kty)) expectEqual(publicKey.get(-1), curve, 'crv (-1)');
        const members = [...publicKey.keys()].join(', ');
        expectEqual(members, MEMBERS[kty].join(', '), 'the members of the COSE_Key');
      },
    },
    {
      id: `getAssertion.algorithm.${name}`,
      section: 'WebAuthn Level 3 §6.3.3',
      statement: `An assertion of a credential of ${name} is signed by its key, over the authenticator data and the hash.`,
      needs: { ...needs, touches: 2 },
      faults: [`get-assertion-bad-${lower}-signature`],
      async run(key) {
        const made = await registerBy(key, alg);
        const { response, clientDataHash } = await assertion(key, { allowList: [descriptor(made)] });
        const message = concat(response.authData, clientDataHash);
        const { crypto } = key.bench;
        await crypto.load([alg]);
        const good = crypto.verify(alg, bytesOf(made.publicKey, form), message, response.signature);
        if (!good) throw new CheckFailure(`expected a signature by ${name} that the public key verifies`);
      },
    },
  ];
}

export const algorithmChecks: CheckGroup = {
  name: 'Algorithms',
  checks: [
    ...Object.entries(forms).flatMap(([name, form]) => ofAlgorithm(name, form)),
    {
      id: 'makeCredential.algorithm.first',
      section: 'CTAP 2.3 §6.1.2',
      statement:
        'Of the algorithms that are offered the first that the key has is taken, though it is not its favourite.',
      needs: {
        touches: 1,
        unless: ({ algorithms = [] }) => (algorithms.length > 1 ? undefined : 'the key has one algorithm'),
      },
      faults: ['make-credential-favourite-algorithm'],
      async run(key) {
        const { algorithms = [] } = await key.info();
        const offered = algorithms.filter(({ alg }) => alg !== Algorithm.RS256).reverse(); // RSA keys take their time
        const { publicKey } = await register(key, { pubKeyCredParams: offered });
        expectEqual(publicKey.get(3), offered[0]?.alg, 'alg (3)');
      },
    },
    {
      id: 'makeCredential.algorithm.skipsUnknown',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'Algorithms and types that the key does not know are passed over.',
      needs: { touches: 1 },
      faults: ['make-credential-refuses-list-with-unknown-algorithm'],
      async run(key) {
        const pubKeyCredParams = [
          { type: 'public-key', alg: -65_537 },
          { type: 'unheard-of', alg: Algorithm.ES256 },
          { type: 'public-key', alg: Algorithm.ES256 },
        ];
        const { publicKey } = await register(key, { pubKeyCredParams });
        expectEqual(publicKey.get(3), Algorithm.ES256, 'alg (3)');
      },
    },
    {
      id: 'makeCredential.algorithm.twice',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'An algorithm may be offered twice.',
      needs: { touches: 1 },
      faults: ['make-credential-refuses-repeated-algorithm'],
      async run(key) {
        const es256 = { type: 'public-key', alg: Algorithm.ES256 };
        const { publicKey } = await register(key, { pubKeyCredParams: [es256, es256] });
        expect(publicKey.get(3) === Algorithm.ES256, 'a key of ES256', publicKey.get(3));
      },
    },
    refusal(Command.authenticatorMakeCredential, {
      id: 'makeCredential.algorithm.notListed',
      section: 'CTAP 2.3 §6.4',
      statement: 'An algorithm that getInfo does not list is not taken.',
      needs: {
        unless: ({ algorithms }) =>
          algorithms === undefined || unlisted(algorithms) === undefined
            ? 'getInfo lists them all, or none'
            : undefined,
      },
      faults: ['make-credential-takes-unlisted-algorithm', 'get-info-hides-es256'],
      statuses: ['CTAP2_ERR_UNSUPPORTED_ALGORITHM'],
      async parameters(key) {
        const alg = unlisted((await key.info()).algorithms ?? []) ?? 0;
        return makeCredentialParameters(key, { pubKeyCredParams: [{ type: 'public-key', alg }] });
      },
    }),
  ],
};

/** An algorithm that keys may have, and this one does not. */
function unlisted(listed: readonly { readonly alg: number }[]): number | undefined {
  return Object.values(Algorithm).find((known) => !listed.some(({ alg }) => alg === known));
}
