/** authenticatorMakeCredential: excludeList, what a new passkey replaces, and names. CTAP 2.3 §6.1.2 steps 12, 17. */
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { assertion, descriptor, getAssertionParameters, makeCredentialParameters, register } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { untouched } from '../touch.ts';

const SECTION = 'CTAP 2.3 §6.1.2';
const MAKE_CREDENTIAL = Command.authenticatorMakeCredential;
/** Longer lists would be more than 64 KB of traffic with some keys, and more than some keys take at once. */
const LONGEST_LIST = 32;
const NAMES = ['rp.name', 'user.name', 'user.displayName'] as const;
/** In bytes; what every key takes of a name (WebAuthn Level 3 §6.4.1). */
const NAME_LENGTH = 64;

type Descriptor = NonNullable<MakeCredentialRequest['excludeList']>[number];

const unknown: Descriptor = { type: 'public-key', id: utf8('no credential of this key') };

function excluding(
  id: string,
  statement: string,
  fault: string,
  status: StatusName,
  needs: Needs,
  list: (key: Subject) => Promise<Partial<MakeCredentialRequest>>,
): Check {
  return {
    id: `makeCredential.excludeList.${id}`,
    section: SECTION,
    statement,
    needs: { touches: 2, ...needs },
    faults: [fault],
    async run(key) {
      expectStatus(await key.request(MAKE_CREDENTIAL, await makeCredentialParameters(key, await list(key))), status);
    },
  };
}

const limited: Needs = {
  touches: 1,
  unless: ({ maxCredentialCountInList: most }) => {
    if (most === undefined) return 'getInfo has no maxCredentialCountInList';
    return most > LONGEST_LIST ? `maxCredentialCountInList is more than ${LONGEST_LIST}` : undefined;
  },
};

async function listOf(key: Subject, beyond: number): Promise<Descriptor[]> {
  const { maxCredentialCountInList = 0 } = await key.info();
  return Array.from({ length: maxCredentialCountInList + beyond }, (_, index) => ({
    type: 'public-key',
    id: new Uint8Array(16).fill(index),
  }));
}

function longName(path: (typeof NAMES)[number]): Check {
  const name = 'n'.repeat(NAME_LENGTH);
  const user = { id: utf8('a user'), name: 'user@example.com', displayName: 'A User' };
  const given: Record<(typeof NAMES)[number], Partial<MakeCredentialRequest>> = {
    'rp.name': { rp: { id: ONE_USER, name } },
    'user.name': { user: { ...user, name } },
    'user.displayName': { user: { ...user, displayName: name } },
  };
  return {
    id: `makeCredential.${path}.long`,
    section: 'WebAuthn Level 3 §6.4.1',
    statement: `A ${path} of ${NAME_LENGTH} bytes is taken.`,
    needs: { touches: 1 },
    faults: [`make-credential-refuses-long-${path.replace('.', '-').replace('N', '-n')}`],
    async run(key) {
      expectOk(await key.request(MAKE_CREDENTIAL, await makeCredentialParameters(key, given[path])));
    },
  };
}

export const makeCredentialListChecks: CheckGroup = {
  name: 'authenticatorMakeCredential: lists and names',
  checks: [
    excluding(
      'hit',
      'A credential of this key in the excludeList ends the request as excluded.',
      'make-credential-ignores-exclude-list',
      'CTAP2_ERR_CREDENTIAL_EXCLUDED',
      {},
      async (key) => ({ excludeList: [descriptor(await register(key))] }),
    ),
    excluding(
      'last',
      'Each credential of the excludeList counts, not its first alone.',
      'make-credential-minds-first-excluded-alone',
      'CTAP2_ERR_CREDENTIAL_EXCLUDED',
      {},
      async (key) => ({ excludeList: [unknown, descriptor(await register(key))] }),
    ),
    excluding(
      'passkey',
      'A discoverable credential in the excludeList ends the request as excluded.',
      'make-credential-does-not-exclude-passkeys',
      'CTAP2_ERR_CREDENTIAL_EXCLUDED',
      { discoverable: true },
      async (key) => ({ rp: { id: ONE_USER }, excludeList: [descriptor(await registerPasskey(key))] }),
    ),
    excluding(
      'otherRp',
      'A credential of another RP ID excludes nothing.',
      'make-credential-excludes-for-other-rp',
      'CTAP2_OK',
      {},
      async (key) => ({ rp: { id: ONE_USER }, excludeList: [descriptor(await register(key))] }),
    ),
    excluding(
      'unknown',
      'A credential that is not of this key excludes nothing.',
      'make-credential-excludes-unknown-credential',
      'CTAP2_OK',
      { touches: 1 },
      async () => ({ excludeList: [unknown, { ...unknown, id: utf8('nor this') }] }),
    ),
    excluding(
      'unknownType',
      'A descriptor of a type that the key does not know excludes nothing.',
      'make-credential-excludes-by-any-type',
      'CTAP2_OK',
      {},
      async (key) => ({ excludeList: [{ ...descriptor(await register(key)), type: 'unheard-of' }] }),
    ),
    excluding(
      'limit',
      'An excludeList of maxCredentialCountInList entries is taken.',
      'make-credential-refuses-longest-exclude-list',
      'CTAP2_OK',
      limited,
      async (key) => ({ excludeList: await listOf(key, 0) }),
    ),
    {
      ...excluding(
        'beyondLimit',
        'An excludeList of more than maxCredentialCountInList entries is refused as too long.',
        'make-credential-takes-longer-exclude-list',
        'CTAP2_ERR_LIMIT_EXCEEDED',
        limited,
        async (key) => ({ excludeList: await listOf(key, 1) }),
      ),
      severity: 'warning',
    },
    {
      id: 'makeCredential.excludeList.touch',
      section: SECTION,
      statement: 'The key asks for a touch before it says that a credential is excluded: nobody probes it unseen.',
      needs: { carrier: 'hid', touches: 1 },
      faults: ['make-credential-excludes-without-touch'],
      async run(key) {
        const excludeList = [descriptor(await register(key))];
        const { asked } = await untouched(key, MAKE_CREDENTIAL, await makeCredentialParameters(key, { excludeList }));
        expect(asked, 'a keepalive that asks for a touch');
      },
    },
    {
      id: 'makeCredential.passkey.replaced',
      section: SECTION,
      statement: 'A new discoverable credential replaces that of the same user and RP.',
      needs: { touches: 3, discoverable: true },
      faults: ['make-credential-keeps-replaced-passkey'],
      async run(key) {
        const allowList = [descriptor(await registerPasskey(key))];
        await registerPasskey(key);
        const parameters = await getAssertionParameters(key, { rpId: ONE_USER, allowList });
        expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), 'CTAP2_ERR_NO_CREDENTIALS');
      },
    },
    {
      id: 'makeCredential.passkey.serverSideBeside',
      section: SECTION,
      statement: 'A credential that is not discoverable leaves the discoverable one of the same user where it is.',
      needs: { touches: 3, discoverable: true },
      faults: ['make-credential-server-side-replaces-passkey'],
      async run(key) {
        const { credentialId } = await registerPasskey(key);
        await register(key, { rp: { id: ONE_USER } });
        const { response } = await assertion(key, { rpId: ONE_USER });
        expectEqual(response.credential?.id, credentialId, 'the credential that answers');
      },
    },
    ...NAMES.map(longName),
  ],
};
