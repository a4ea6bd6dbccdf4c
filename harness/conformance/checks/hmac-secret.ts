/** hmac-secret and hmac-secret-mc: CTAP 2.3 §12.7, §12.8. */
import { concat, equalBytes } from '../../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { HMAC_SECRET } from '../../../ctap/extensions/hmac-secret.ts';
import { HMAC_SECRET_MC } from '../../../ctap/extensions/hmac-secret-mc.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { assertion, descriptor, getAssertionParameters, register, withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { hmacSecretFor, OTHER_SALT, opened, registerWithSecret, SALT, secretsOf } from '../hmac-secret.ts';
import type { Subject } from '../subject.ts';
import { refusal } from './refusals.ts';

const SECTION = 'CTAP 2.3 §12.7';
const GET_ASSERTION = Command.authenticatorGetAssertion;
const needs: Needs = { extensions: [HMAC_SECRET], touches: 2 };

function lengthOf(protocol: 1 | 2, salts: 1 | 2): Check {
  return {
    id: `hmacSecret.protocol${protocol}.salts${salts}`,
    section: SECTION,
    statement: `By protocol ${protocol} ${salts === 1 ? 'a salt gives' : 'two salts give'} ${32 * salts} bytes.`,
    needs: { ...needs, protocols: [protocol] },
    faults: [`hmac-secret-short-by-protocol-${protocol}-for-${salts}`],
    async run(key) {
      const made = await registerWithSecret(key);
      const shared = await key.pinBy(protocol).sharedSecret();
      const input = hmacSecretFor(shared, salts === 1 ? SALT : concat(SALT, OTHER_SALT));
      expectEqual((await secretsOf(key, made, shared, input)).length, 32 * salts, 'the length of the output');
    },
  };
}

/** A check that an input is refused. */
function refused(
  id: string,
  statement: string,
  fault: string,
  statuses: readonly StatusName[] | undefined,
  input: (key: Subject) => Promise<CborMap>,
  options?: Record<string, boolean>,
): Check {
  return refusal(GET_ASSERTION, {
    id: `hmacSecret.${id}`,
    section: SECTION,
    statement,
    needs: { ...needs, touches: 1 },
    faults: [fault],
    ...(statuses ? { statuses } : {}),
    async parameters(key) {
      const allowList = [descriptor(await registerWithSecret(key))];
      const extensions: Record<string, CborValue> = { [HMAC_SECRET]: await input(key) };
      return getAssertionParameters(key, { allowList, extensions, ...(options ? { options } : {}) });
    },
  });
}

/** Secrets agree as far as both go: how long they are, is judged by checks of its own. */
function expectAlike(got: Uint8Array, wanted: Uint8Array, what: string): void {
  const length = Math.min(got.length, wanted.length);
  expectEqual(got.slice(0, length), wanted.slice(0, length), what);
}

/** A good input with salts of that many bytes, as far as the channel goes. */
async function salted(key: Subject, length: number): Promise<CborMap> {
  return hmacSecretFor(await key.pin.sharedSecret(), new Uint8Array(length));
}

export const hmacSecretChecks: CheckGroup = {
  name: 'hmac-secret',
  checks: [
    {
      id: 'hmacSecret.created',
      section: SECTION,
      statement: 'A credential that is made with hmac-secret says so.',
      needs: { ...needs, touches: 1 },
      faults: ['hmac-secret-denied-at-creation'],
      async run(key) {
        const { authData } = await registerWithSecret(key);
        expectEqual(authData.extensions?.get(HMAC_SECRET), true, 'the output of hmac-secret');
      },
    },
    lengthOf(1, 1),
    lengthOf(1, 2),
    lengthOf(2, 1),
    lengthOf(2, 2),
    {
      id: 'hmacSecret.stable',
      section: SECTION,
      statement: 'A salt gives the same secret each time.',
      needs: { ...needs, touches: 3 },
      faults: ['hmac-secret-other-each-time'],
      async run(key) {
        const made = await registerWithSecret(key);
        const shared = await key.pin.sharedSecret();
        const input = hmacSecretFor(shared, SALT);
        const first = await secretsOf(key, made, shared, input);
        expectEqual(await secretsOf(key, made, shared, input), first, 'the second secret');
      },
    },
    {
      id: 'hmacSecret.salts.differ',
      section: SECTION,
      statement: 'Another salt gives another secret.',
      needs: { ...needs, touches: 3 },
      faults: ['hmac-secret-one-for-all-salts'],
      async run(key) {
        const made = await registerWithSecret(key);
        const shared = await key.pin.sharedSecret();
        const first = await secretsOf(key, made, shared, hmacSecretFor(shared, SALT));
        const second = await secretsOf(key, made, shared, hmacSecretFor(shared, OTHER_SALT));
        expect(!equalBytes(first, second), 'unlike secrets for unlike salts');
      },
    },
    {
      id: 'hmacSecret.credentials.differ',
      section: SECTION,
      statement: 'Another credential gives another secret.',
      needs: { ...needs, touches: 4 },
      faults: ['hmac-secret-one-for-all-credentials'],
      async run(key) {
        const made = [await registerWithSecret(key), await registerWithSecret(key)] as const;
        const shared = await key.pin.sharedSecret();
        const input = hmacSecretFor(shared, SALT);
        const first = await secretsOf(key, made[0], shared, input);
        expect(!equalBytes(first, await secretsOf(key, made[1], shared, input)), 'unlike secrets of two credentials');
      },
    },
    {
      id: 'hmacSecret.verification.differs',
      section: SECTION,
      statement: 'The secret of a verified user is another than that of one who is only present.',
      needs: { ...needs, pin: true, touches: 3 },
      faults: [
        'hmac-secret-same-without-verification',
        'key-agreement-two-long-coordinate',
        'key-agreement-two-off-curve',
      ],
      async run(key) {
        const made = await registerWithSecret(key);
        const shared = await key.pin.sharedSecret();
        const input = hmacSecretFor(shared, SALT);
        const present = await secretsOf(key, made, shared, input, false);
        expect(
          !equalBytes(present, await secretsOf(key, made, shared, input)),
          'unlike secrets with and without the PIN',
        );
      },
    },
    {
      id: 'hmacSecret.protocols.agree',
      section: SECTION,
      statement: 'Both protocols give the same secret.',
      needs: { ...needs, protocols: [1, 2], touches: 3 },
      faults: ['hmac-secret-other-by-protocol-1'],
      async run(key) {
        const made = await registerWithSecret(key);
        const [one, two] = [await key.pinBy(1).sharedSecret(), await key.pinBy(2).sharedSecret()];
        const first = await secretsOf(key, made, one, hmacSecretFor(one, SALT));
        expectAlike(first, await secretsOf(key, made, two, hmacSecretFor(two, SALT)), 'the secret by protocol 1');
      },
    },
    {
      id: 'hmacSecret.salts.independent',
      section: SECTION,
      statement: 'The second of two salts gives the secret that it gives alone.',
      needs: { ...needs, touches: 3 },
      faults: ['hmac-secret-spoils-second-salt'],
      async run(key) {
        const made = await registerWithSecret(key);
        const shared = await key.pin.sharedSecret();
        const alone = await secretsOf(key, made, shared, hmacSecretFor(shared, OTHER_SALT));
        const both = await secretsOf(key, made, shared, hmacSecretFor(shared, concat(SALT, OTHER_SALT)));
        expectAlike(both.slice(32), alone, 'the second secret');
      },
    },
    {
      id: 'hmacSecret.notEnabled',
      section: SECTION,
      statement: 'A credential that was made without hmac-secret gives no secret.',
      severity: 'warning',
      needs,
      faults: ['hmac-secret-for-all'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const extensions = { [HMAC_SECRET]: hmacSecretFor(await key.pin.sharedSecret(), SALT) };
        const { authData } = await assertion(key, { allowList, extensions });
        expect(authData.extensions?.get(HMAC_SECRET) === undefined, 'no output of hmac-secret');
      },
    },
    refused(
      'saltAuth.wrong',
      'Salts that saltAuth does not authenticate are refused.',
      'hmac-secret-takes-wrong-salt-auth',
      ['CTAP2_ERR_PIN_AUTH_INVALID'],
      async (key) => withMember(await salted(key, 32), 0x03, new Uint8Array(32)),
    ),
    refused(
      'keyAgreement.missing',
      'An input without keyAgreement is refused.',
      'hmac-secret-takes-no-key-agreement',
      undefined,
      async (key) => withMember(await salted(key, 32), 0x01, undefined),
    ),
    refused(
      'saltEnc.missing',
      'An input without saltEnc is refused.',
      'hmac-secret-takes-no-salt',
      undefined,
      async (key) => withMember(await salted(key, 32), 0x02, undefined),
    ),
    ...[16, 48, 96].map((length) =>
      refused(
        `salts.length${length}`,
        `Salts of ${length} bytes are refused.`,
        `hmac-secret-takes-${length}-bytes`,
        undefined,
        (key) => salted(key, length),
      ),
    ),
    refused(
      'withoutPresence',
      'There is no secret without presence.',
      'hmac-secret-without-presence',
      undefined,
      (key) => salted(key, 32),
      { up: false },
    ),
    {
      id: 'hmacSecretMc.output',
      section: 'CTAP 2.3 §12.8',
      statement: 'A salt at makeCredential gives the secret that it gives at getAssertion.',
      needs: { extensions: [HMAC_SECRET, HMAC_SECRET_MC], touches: 2 },
      faults: ['hmac-secret-mc-other-than-later'],
      async run(key) {
        const shared = await key.pin.sharedSecret();
        const input = hmacSecretFor(shared, SALT);
        const made = await register(key, { extensions: { [HMAC_SECRET]: true, [HMAC_SECRET_MC]: input } });
        const early = opened(shared, made.authData.extensions?.get(HMAC_SECRET_MC));
        expectAlike(early, await secretsOf(key, made, shared, input), 'the secret of makeCredential');
      },
    },
  ],
};
