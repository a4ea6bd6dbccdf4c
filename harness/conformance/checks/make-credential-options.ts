/** authenticatorMakeCredential: options, and the authenticator data of the new credential. CTAP 2.3 §6.1. */
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import { assertion, makeCredentialParameters, type Registration, register } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectRefused } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { NO_USER, ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { refusal } from './refusals.ts';

const SECTION = 'CTAP 2.3 §6.1.2';
const MAKE_CREDENTIAL = Command.authenticatorMakeCredential;
const SINCE_21 = ['FIDO_2_1', 'FIDO_2_2', 'FIDO_2_3'];
/** Bits of the flags that have no meaning (WebAuthn Level 3 §6.1). */
const RESERVED = 0x22;
/** In bytes: with less there is no room for 100 bits of entropy and what else an id has to carry (WebAuthn Level 3 §4). */
const SHORTEST_ID = 16;
const LONGEST_USER_ID = 64;

function optionTaken(name: string, value: boolean, fault: string, needs: Needs, statement: string): Check {
  return {
    id: `makeCredential.options.${name}.${value}`,
    section: SECTION,
    statement,
    needs: { touches: 1, ...needs },
    faults: [fault],
    async run(key) {
      const parameters = await makeCredentialParameters(key, { options: { [name]: value } });
      expectOk(await key.request(MAKE_CREDENTIAL, parameters));
    },
  };
}

/** A check of the authenticator data of a credential that nothing special was asked for. */
function ofAuthData(
  id: string,
  statement: string,
  fault: string,
  judge: (made: Registration, key: Subject) => void | Promise<void>,
  section = 'WebAuthn Level 3 §6.1',
): Check {
  return {
    id: `makeCredential.authData.${id}`,
    section,
    statement,
    needs: { touches: 1 },
    faults: [fault],
    run: async (key) => judge(await register(key), key),
  };
}

export const makeCredentialOptionChecks: CheckGroup = {
  name: 'authenticatorMakeCredential: options and authenticator data',
  checks: [
    refusal(MAKE_CREDENTIAL, {
      id: 'makeCredential.options.up.false',
      section: SECTION,
      statement: 'A credential without presence is refused as an invalid option.',
      needs: { versions: SINCE_21 },
      faults: ['make-credential-accepts-up-false'],
      statuses: ['CTAP2_ERR_INVALID_OPTION'],
      parameters: (key) => makeCredentialParameters(key, { options: { up: false } }),
    }),
    refusal(MAKE_CREDENTIAL, {
      id: 'makeCredential.options.uv.unsupported',
      section: SECTION,
      statement: 'The option uv is refused as invalid where nothing built in can verify the user.',
      needs: { unless: ({ options }) => (options?.uv === true ? 'the key can verify the user itself' : undefined) },
      faults: ['make-credential-accepts-uv-without-sensor'],
      statuses: ['CTAP2_ERR_INVALID_OPTION', 'CTAP2_ERR_UNSUPPORTED_OPTION'],
      parameters: (key) => makeCredentialParameters(key, { options: { uv: true }, pinUvAuthParam: undefined }),
    }),
    optionTaken(
      'up',
      true,
      'make-credential-refuses-up-true',
      { versions: SINCE_21 },
      'The option up may be there where it is true.',
    ),
    optionTaken('rk', false, 'make-credential-refuses-rk-false', {}, 'The option rk may be there where it is false.'),
    optionTaken('uv', false, 'make-credential-refuses-uv-false', {}, 'The option uv may be there where it is false.'),
    optionTaken(
      'unheardOf',
      true,
      'make-credential-refuses-unknown-option',
      {},
      'An option that the key does not know is ignored.',
    ),
    {
      id: 'makeCredential.options.rk.false.notDiscoverable',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'A credential that is not wanted discoverable does not answer where no credential is named.',
      needs: { touches: 1, unless: alwaysDiscoverable },
      faults: ['make-credential-discoverable-unasked'],
      async run(key) {
        // a key that refuses rk false is judged by another check
        const parameters = await makeCredentialParameters(key, { rp: { id: NO_USER }, options: { rk: false } });
        await key.request(MAKE_CREDENTIAL, parameters);
        const answer = await key.request(
          Command.authenticatorGetAssertion,
          new Map<number, string | Uint8Array>([
            [0x01, NO_USER],
            [0x02, new Uint8Array(32)],
          ]),
        );
        expectRefused(answer);
      },
    },
    {
      id: 'makeCredential.options.rk.withoutName',
      section: 'CTAP 2.3 §6.1',
      statement: 'A user needs no name for a discoverable credential.',
      needs: { touches: 2, discoverable: true },
      faults: ['make-credential-not-discoverable-without-name'],
      async run(key) {
        const { credentialId } = await registerPasskey(key, { user: { id: utf8('a user') } });
        const { response } = await assertion(key, { rpId: ONE_USER });
        expectEqual(response.credential?.id, credentialId, 'the credential that answers');
      },
    },
    {
      id: 'makeCredential.options.uv.flag',
      section: SECTION,
      statement: 'The flag UV is set where the key itself has verified the user.',
      needs: { touches: 1, finger: true },
      faults: ['make-credential-no-uv-flag-after-finger'],
      async run(key) {
        key.bench.finger('enrolled');
        const given = { options: { uv: true }, pinUvAuthParam: undefined };
        const { authData } = await register(key, given);
        expect((authData.flags & Flag.UV) !== 0, 'the flag UV set', authData.flags);
      },
    },
    ofAuthData('up', 'The flag UP is set.', 'make-credential-no-up-flag', ({ authData: { flags } }) =>
      expect((flags & Flag.UP) !== 0, 'the flag UP set', flags),
    ),
    ofAuthData(
      'uv',
      'The flag UV is not set where nobody verified the user.',
      'make-credential-uv-flag-unverified',
      ({ authData: { flags } }, key) => {
        if (key.state.pin) throw new NotApplicable('the PIN of the key has verified the user');
        expect((flags & Flag.UV) === 0, 'the flag UV clear', flags);
      },
    ),
    ofAuthData(
      'reserved',
      'Flags without a meaning are not set.',
      'make-credential-reserved-flag',
      ({ authData: { flags } }) => expect((flags & RESERVED) === 0, 'the flags 1 and 5 clear', flags),
    ),
    ofAuthData(
      'backup',
      'The flag BS is set only where BE is: what cannot be backed up is not backed up.',
      'make-credential-backed-up-uneligible',
      ({ authData: { flags } }) =>
        expect((flags & Flag.BE) !== 0 || (flags & Flag.BS) === 0, 'no flag BS without BE', flags),
      'WebAuthn Level 3 §6.1.3',
    ),
    ofAuthData(
      'aaguid',
      'The AAGUID of a credential with packed attestation is that of getInfo.',
      'make-credential-other-aaguid',
      async ({ authData, response }, key) => {
        const aaguid = (await key.accepted(Command.authenticatorGetInfo)).get(0x03);
        // what is no AAGUID, or a format that knows none, is judged elsewhere
        if (!(aaguid instanceof Uint8Array) || aaguid.length !== 16 || response.fmt !== 'packed') return;
        expectEqual(authData.attestedCredentialData?.aaguid, aaguid, 'the AAGUID');
      },
      'WebAuthn Level 3 §6.5.1',
    ),
    {
      id: 'makeCredential.credentialId.longest',
      section: 'CTAP 2.3 §6.4',
      statement: 'A credential id is no longer than maxCredentialIdLength, however long the id of the user.',
      needs: {
        touches: 1,
        unless: ({ maxCredentialIdLength }) =>
          maxCredentialIdLength === undefined ? 'getInfo has no maxCredentialIdLength' : undefined,
      },
      faults: ['make-credential-long-credential-id'],
      async run(key) {
        const { maxCredentialIdLength = 0 } = await key.info();
        const user = { id: new Uint8Array(LONGEST_USER_ID).fill(0x55), name: 'user@example.com' };
        const { length } = (await register(key, { user })).credentialId;
        expect(length <= maxCredentialIdLength, `a credential id of at most ${maxCredentialIdLength} bytes`, length);
      },
    },
    {
      id: 'makeCredential.credentialId.shortest',
      section: 'WebAuthn Level 3 §4',
      statement: `A credential id is of at least ${SHORTEST_ID} bytes.`,
      needs: { touches: 1 },
      faults: ['make-credential-short-credential-id'],
      async run(key) {
        const { length } = (await register(key, { user: { id: Uint8Array.of(1), name: 'u' } })).credentialId;
        expect(length >= SHORTEST_ID, `a credential id of at least ${SHORTEST_ID} bytes`, length);
      },
    },
  ],
};

/** A key may make every credential discoverable (§6.1.2 step 17); one that shows rk false makes none so. */
function alwaysDiscoverable({ options }: { options?: Readonly<Record<string, boolean>> | undefined }) {
  return options?.rk === true ? undefined : 'the key has no discoverable credentials';
}
