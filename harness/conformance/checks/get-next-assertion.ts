/** authenticatorGetNextAssertion: CTAP 2.3 §6.3. */
import { toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import {
  type Assertion,
  assertion,
  assertionOf,
  getAssertionParameters,
  isSignedBy,
  type Registration,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { registerThree, THREE_USERS, USERS } from '../passkeys.ts';
import type { Subject } from '../subject.ts';

const SECTION = 'CTAP 2.3 §6.3';
/** Longer than a key goes on after an assertion, in seconds. */
const LIMIT = 31;

const three: Needs = { touches: 4, discoverable: true };

async function next(key: Subject): Promise<Assertion> {
  return assertionOf(await key.accepted(Command.authenticatorGetNextAssertion));
}

/** A check of the first assertion after the first. */
function following(
  id: string,
  section: string,
  statement: string,
  fault: string | readonly string[],
  judge: (key: Subject, second: Assertion, first: Assertion, made: readonly Registration[]) => void,
  needs: Needs = {},
): Check {
  return {
    id: `getNextAssertion.${id}`,
    section,
    statement,
    needs: { ...three, ...needs },
    faults: [fault].flat(),
    async run(key) {
      const made = await registerThree(key);
      const first = await assertion(key, { rpId: THREE_USERS });
      judge(key, await next(key), first, made);
    },
  };
}

/** A check that there is nothing to go on with. */
function notAllowed(
  id: string,
  statement: string,
  fault: string,
  needs: Needs,
  before: (key: Subject) => Promise<unknown>,
): Check {
  return {
    id: `getNextAssertion.notAllowed.${id}`,
    section: SECTION,
    statement,
    needs,
    faults: [fault],
    async run(key) {
      await before(key);
      expectStatus(await key.request(Command.authenticatorGetNextAssertion), 'CTAP2_ERR_NOT_ALLOWED');
    },
  };
}

async function begun(key: Subject): Promise<void> {
  await registerThree(key);
  await key.accepted(Command.authenticatorGetAssertion, await getAssertionParameters(key, { rpId: THREE_USERS }));
}

export const getNextAssertionChecks: CheckGroup = {
  name: 'authenticatorGetNextAssertion',
  checks: [
    {
      id: 'getNextAssertion.all',
      section: SECTION,
      statement: 'Each discoverable credential answers once.',
      needs: three,
      faults: ['get-next-assertion-repeats-itself'],
      async run(key) {
        const made = await registerThree(key);
        const answers = [await assertion(key, { rpId: THREE_USERS }), await next(key), await next(key)];
        // an answer that does not say whose it is, is judged elsewhere
        const ids = answers.map(({ response }) => response.credential?.id).filter((id) => id !== undefined);
        const named = new Set(ids.map(toHex));
        expectEqual(named.size, ids.length, 'the number of credentials that answered');
        const known = made.filter(({ credentialId }) => named.has(toHex(credentialId)));
        expectEqual(known.length, ids.length, 'the number of credentials that were made for the RP ID');
      },
    },
    {
      id: 'getNextAssertion.order',
      section: 'CTAP 2.3 §6.2.2',
      statement: 'The credential that was made just before the newest is the next to answer.',
      needs: three,
      faults: ['get-next-assertion-out-of-order'],
      async run(key) {
        const made = await registerThree(key);
        await assertion(key, { rpId: THREE_USERS });
        const { response } = await next(key);
        expectEqual(response.credential?.id, made[1]?.credentialId, 'the credential that answers next');
      },
    },
    following(
      'signature',
      SECTION,
      'The answer is signed by the key of the credential that it names.',
      'get-next-assertion-bad-signature',
      (key, second, _, made) => {
        const id = toHex(second.response.credential?.id ?? new Uint8Array(0));
        const own = made.find(({ credentialId }) => toHex(credentialId) === id);
        expect(own !== undefined && isSignedBy(key, second, own), 'a signature that the public key verifies');
      },
    ),
    following(
      'numberOfCredentials',
      SECTION,
      'There is no numberOfCredentials in the answer.',
      'get-next-assertion-counts-again',
      (_, { response }) =>
        expect(response.numberOfCredentials === undefined, 'no numberOfCredentials', response.numberOfCredentials),
    ),
    following(
      'rpIdHash',
      SECTION,
      'The authenticator data are of the RP ID of the first assertion.',
      'get-next-assertion-other-rp-id-hash',
      (key, { authData }) => expectEqual(authData.rpIdHash, key.bench.crypto.sha256(utf8(THREE_USERS)), 'rpIdHash'),
    ),
    following(
      'up',
      SECTION,
      'The flag UP is that of the first assertion.',
      'get-next-assertion-no-up-flag',
      (_, { authData }) => expect((authData.flags & Flag.UP) !== 0, 'the flag UP set', authData.flags),
    ),
    following(
      'uv',
      SECTION,
      'The flag UV is that of the first assertion.',
      'get-next-assertion-no-uv-flag',
      (_, { authData }) => expect((authData.flags & Flag.UV) !== 0, 'the flag UV set', authData.flags),
      { pin: true },
    ),
    following(
      'signCount',
      'WebAuthn Level 3 §6.1.1',
      'The answer has a signature counter beyond that of the first assertion, or both are zero.',
      ['get-next-assertion-does-not-count', 'wrong-sign-count'],
      (_, { authData: second }, { authData: first }) => {
        const increases = second.signCount > first.signCount || (second.signCount === 0 && first.signCount === 0);
        expect(increases, `a signature counter of more than ${first.signCount}, or zero in both`, second.signCount);
      },
    ),
    following(
      'user',
      SECTION,
      'The user of the credential is named by the id that was given.',
      'get-next-assertion-no-user',
      (_, { response }) => {
        const ids = USERS.map(({ id }) => toHex(id));
        expect(ids.includes(toHex(response.user?.id ?? new Uint8Array(0))), 'the id of a user', response.user?.id);
      },
    ),
    notAllowed(
      'without',
      'There is no next assertion where there was no first one.',
      'get-next-assertion-without-first',
      {},
      async () => undefined,
    ),
    notAllowed(
      'beyond',
      'There is no next assertion after the last credential has answered.',
      'get-next-assertion-beyond-end',
      three,
      async (key) => {
        await begun(key);
        await key.request(Command.authenticatorGetNextAssertion);
        await key.request(Command.authenticatorGetNextAssertion);
      },
    ),
    notAllowed(
      'afterOther',
      'Another command ends what could have been gone on with.',
      'get-next-assertion-after-other-command',
      three,
      async (key) => {
        await begun(key);
        await key.request(Command.authenticatorGetInfo);
      },
    ),
    notAllowed(
      'late',
      'After thirty seconds there is no next assertion.',
      'get-next-assertion-after-long-pause',
      { ...three, seconds: LIMIT },
      async (key) => {
        await begun(key);
        await key.wait(LIMIT * 1000);
      },
    ),
    notAllowed(
      'powerCycle',
      'After a power cycle there is no next assertion.',
      'get-next-assertion-after-power-cycle',
      three,
      async (key) => {
        await begun(key);
        await key.replug();
      },
    ),
  ],
};
