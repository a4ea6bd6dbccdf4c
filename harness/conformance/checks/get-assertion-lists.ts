/** authenticatorGetAssertion: which credential answers. CTAP 2.3 §6.2.2 steps 7 and 13. */
import { toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import {
  type Assertion,
  assertion,
  assertionOf,
  descriptor,
  getAssertionParameters,
  RP_ID,
  register,
  unverifiedParameters,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { NO_USER, ONE_USER, registerPasskey, registerThree, THREE_USERS, USERS } from '../passkeys.ts';
import type { Subject } from '../subject.ts';

const SECTION = 'CTAP 2.3 §6.2.2';
const LONGEST_LIST = 32;

type Request = Parameters<typeof getAssertionParameters>[1];

const unknown = { type: 'public-key', id: utf8('no credential of this key') };

/** A check that such a request is answered so. */
function located(
  id: string,
  statement: string,
  fault: string,
  status: StatusName,
  needs: Needs,
  request: (key: Subject) => Promise<Request>,
): Check {
  return {
    id: `getAssertion.${id}`,
    section: SECTION,
    statement,
    needs,
    faults: [fault],
    async run(key) {
      const parameters = await getAssertionParameters(key, await request(key));
      expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), status);
    },
  };
}

/** A check of the answer where three passkeys answer. */
function ofThree(
  id: string,
  statement: string,
  fault: string,
  needs: Needs,
  judge: (made: Assertion) => void,
  section = SECTION,
): Check {
  return {
    id: `getAssertion.${id}`,
    section,
    statement,
    needs: { touches: 4, discoverable: true, ...needs },
    faults: [fault],
    async run(key) {
      await registerThree(key);
      const request = { rpId: THREE_USERS };
      const parameters = await (needs.pin ? getAssertionParameters : unverifiedParameters)(key, request);
      judge(assertionOf(await key.accepted(Command.authenticatorGetAssertion, parameters)));
    },
  };
}

const limited: Needs = {
  touches: 2,
  unless: ({ maxCredentialCountInList: most }) => {
    if (most === undefined) return 'getInfo has no maxCredentialCountInList';
    return most > LONGEST_LIST ? `maxCredentialCountInList is more than ${LONGEST_LIST}` : undefined;
  },
};

/** A list that ends with the credential, `beyond` entries longer than the key says that it takes. */
async function endingWith(key: Subject, beyond: number): Promise<Request> {
  const { maxCredentialCountInList = 1 } = await key.info();
  const others = Array.from({ length: maxCredentialCountInList - 1 + beyond }, (_, index) => ({
    type: 'public-key',
    id: new Uint8Array(16).fill(index),
  }));
  return { allowList: [...others, descriptor(await register(key))] };
}

export const getAssertionListChecks: CheckGroup = {
  name: 'authenticatorGetAssertion: credentials',
  checks: [
    located(
      'noCredentials.rp',
      'Where the key has discoverable credentials of other RP IDs alone, it says that there is none.',
      'get-assertion-no-passkey-as-other-error',
      'CTAP2_ERR_NO_CREDENTIALS',
      { touches: 1, discoverable: true },
      async (key) => {
        await registerPasskey(key);
        return { rpId: NO_USER };
      },
    ),
    located(
      'allowList.unknown',
      'Where the allowList names no credential of this key, it says that there is none.',
      'get-assertion-takes-unknown-credential',
      'CTAP2_ERR_NO_CREDENTIALS',
      {},
      async () => ({ allowList: [unknown] }),
    ),
    located(
      'allowList.otherRp',
      'A credential of another RP ID does not answer.',
      'get-assertion-serves-other-rp',
      'CTAP2_ERR_NO_CREDENTIALS',
      { touches: 1 },
      async (key) => ({ rpId: NO_USER, allowList: [descriptor(await register(key))] }),
    ),
    located(
      'allowList.changed',
      'An id of this key with a bit turned over names no credential.',
      'get-assertion-takes-changed-id',
      'CTAP2_ERR_NO_CREDENTIALS',
      { touches: 1 },
      async (key) => {
        const { id, type } = descriptor(await register(key));
        return { allowList: [{ type, id: id.map((byte, index) => (index === id.length - 1 ? byte ^ 1 : byte)) }] };
      },
    ),
    located(
      'allowList.unknownType',
      'A descriptor of a type that the key does not know names no credential.',
      'get-assertion-takes-any-type',
      'CTAP2_ERR_NO_CREDENTIALS',
      { touches: 1 },
      async (key) => ({ allowList: [{ ...descriptor(await register(key)), type: 'unheard-of' }] }),
    ),
    located(
      'allowList.last',
      'The credential may be the last of the allowList.',
      'get-assertion-minds-first-allowed-alone',
      'CTAP2_OK',
      { touches: 2 },
      async (key) => ({ allowList: [unknown, descriptor(await register(key))] }),
    ),
    located(
      'allowList.limit',
      'An allowList of maxCredentialCountInList entries is taken.',
      'get-assertion-refuses-longest-allow-list',
      'CTAP2_OK',
      limited,
      (key) => endingWith(key, 0),
    ),
    {
      ...located(
        'allowList.beyondLimit',
        'An allowList of more than maxCredentialCountInList entries is refused as too long.',
        'get-assertion-takes-longer-allow-list',
        'CTAP2_ERR_LIMIT_EXCEEDED',
        { ...limited, touches: 1 },
        (key) => endingWith(key, 1),
      ),
      severity: 'warning',
    },
    {
      ...located(
        'allowList.empty',
        'An empty allowList is as good as none.',
        'get-assertion-refuses-empty-allow-list',
        'CTAP2_OK',
        { touches: 2, discoverable: true },
        async (key) => {
          await registerPasskey(key);
          return { rpId: ONE_USER, allowList: [] };
        },
      ),
      severity: 'warning',
    },
    {
      id: 'getAssertion.allowList.several',
      section: SECTION,
      statement: 'Where several credentials of the allowList would do, one of them answers, and is named.',
      needs: { touches: 3 },
      faults: ['get-assertion-does-not-say-which'],
      async run(key) {
        const made = [await register(key), await register(key)];
        const { response } = await assertion(key, { allowList: made.map(descriptor) });
        const ids = made.map(({ credentialId }) => toHex(credentialId));
        const { id } = response.credential ?? { id: new Uint8Array(0) };
        expect(ids.includes(toHex(id)), 'the id of one of the credentials', id);
      },
    },
    {
      id: 'getAssertion.numberOfCredentials.allowList',
      section: SECTION,
      statement: 'There is no numberOfCredentials where an allowList came.',
      needs: { touches: 4, discoverable: true },
      faults: ['get-assertion-counts-allow-list'],
      async run(key) {
        const allowList = (await registerThree(key)).map(descriptor);
        const { response } = await assertion(key, { rpId: THREE_USERS, allowList });
        expect(response.numberOfCredentials === undefined, 'no numberOfCredentials', response.numberOfCredentials);
      },
    },
    {
      id: 'getAssertion.numberOfCredentials.one',
      section: SECTION,
      statement: 'There is no numberOfCredentials above one where one credential answers.',
      needs: { touches: 2, discoverable: true },
      faults: ['get-assertion-miscounts-one'],
      async run(key) {
        await registerPasskey(key);
        const { response } = await assertion(key, { rpId: ONE_USER });
        expectEqual(response.numberOfCredentials ?? 1, 1, 'numberOfCredentials');
      },
    },
    ofThree(
      'numberOfCredentials.several',
      'numberOfCredentials says how many discoverable credentials there are.',
      'get-assertion-miscounts-passkeys',
      {},
      ({ response }) => expectEqual(response.numberOfCredentials, USERS.length, 'numberOfCredentials'),
    ),
    ofThree(
      'user.id.several',
      'The user of a discoverable credential is named by the id that was given.',
      'get-assertion-other-user-id',
      {},
      ({ response }) => {
        const ids = USERS.map(({ id }) => toHex(id));
        expect(ids.includes(toHex(response.user?.id ?? new Uint8Array(0))), 'the id of a user', response.user?.id);
      },
    ),
    ofThree(
      'user.names.unverified',
      'Names of users do not leave the key where nobody verified the user.',
      'get-assertion-names-unverified-user',
      {},
      ({ response: { user } }) =>
        expect(user?.name === undefined && user?.displayName === undefined, 'no names of the user', user?.name),
    ),
    ofThree(
      'user.names.verified',
      'Where the user is verified and has a choice, the key says the names that were given.',
      'get-assertion-withholds-names',
      { pin: true },
      ({ response: { user } }) =>
        expect(
          USERS.some(({ name }) => name === user?.name),
          'the name of a user',
          user?.name,
        ),
    ),
    ofThree(
      'credential.passkey',
      'The credential of a user who was not named is named in the answer.',
      'get-assertion-does-not-name-passkey',
      {},
      ({ response }) => expect(response.credential !== undefined, 'a credential in the answer'),
    ),
    {
      id: 'getAssertion.order.newestFirst',
      section: SECTION,
      statement: 'Of the discoverable credentials the newest answers first.',
      needs: { touches: 3, discoverable: true },
      faults: ['get-assertion-oldest-first'],
      async run(key) {
        const newest = (await registerThree(key)).at(-1);
        const { response } = await assertion(key, { rpId: THREE_USERS, options: { up: false } });
        expectEqual(response.credential?.id, newest?.credentialId, 'the credential that answers');
      },
    },
    {
      id: 'getAssertion.passkey.named',
      section: SECTION,
      statement: 'A discoverable credential answers where the allowList names it, too.',
      needs: { touches: 2, discoverable: true },
      faults: ['get-assertion-does-not-take-passkey-from-list'],
      async run(key) {
        const made = await registerPasskey(key);
        const { response } = await assertion(key, { rpId: ONE_USER, allowList: [descriptor(made)] });
        const id = response.credential?.id ?? made.credentialId;
        expectEqual(id, made.credentialId, 'the credential that answers');
      },
    },
    {
      id: 'getAssertion.rp.other.passkey',
      section: SECTION,
      statement: 'A discoverable credential does not answer to another RP ID.',
      needs: { touches: 1, discoverable: true },
      faults: ['get-assertion-passkey-serves-subdomain'],
      async run(key) {
        await registerPasskey(key);
        const parameters = await getAssertionParameters(key, { rpId: `below.${ONE_USER}` });
        const answer = await key.request(Command.authenticatorGetAssertion, parameters);
        expectStatus(answer, 'CTAP2_ERR_NO_CREDENTIALS');
      },
    },
    {
      id: 'getAssertion.survives.powerCycle',
      section: SECTION,
      statement: 'A credential signs after a power cycle, too.',
      needs: { touches: 2 },
      faults: ['get-assertion-forgets-at-power-cycle'],
      async run(key) {
        const made = await register(key);
        await key.replug();
        const parameters = await getAssertionParameters(key, { rpId: RP_ID, allowList: [descriptor(made)] });
        expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), 'CTAP2_OK');
      },
    },
  ],
};
