/** authenticatorGetAssertion: parameters, options and the authenticator data. CTAP 2.3 §6.2. */
import { utf8 } from '../../../ctap/bytes.ts';
import { type CborMap, decodeCbor } from '../../../ctap/cbor.ts';
import { getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import {
  type Assertion,
  assertion,
  CLIENT_DATA_HASH,
  descriptor,
  getAssertionParameters,
  RP_ID,
  register,
  withMember,
} from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual, expectOk } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { nestedChecks } from './nested.ts';
import { parameterChecks } from './parameters.ts';
import { refusal } from './refusals.ts';

const SECTION = 'CTAP 2.3 §6.2.2';
const GET_ASSERTION = Command.authenticatorGetAssertion;
const RESERVED = 0x22;
const OPTIONS = 0x05;

/** A request whose allowList names a credential that nobody has: what is wrong with it is found before. */
function unknownCredential(key: Subject): Promise<CborMap> {
  return getAssertionParameters(key, { allowList: [{ type: 'public-key', id: utf8('no credential of this key') }] });
}

/** A check of an assertion that nothing special was asked for. */
function ofAuthData(
  id: string,
  statement: string,
  fault: string,
  judge: (made: Assertion, key: Subject) => void,
): Check {
  return {
    id: `getAssertion.authData.${id}`,
    section: 'WebAuthn Level 3 §6.1',
    statement,
    needs: { touches: 2 },
    faults: [fault],
    run: async (key) => judge(await assertion(key, { allowList: [descriptor(await register(key))] }), key),
  };
}

/** A check that the answer to an assertion of a credential is one canonical item. */
function canonical(
  id: string,
  statement: string,
  fault: string,
  parameters: (key: Subject) => Promise<CborMap>,
): Check {
  return {
    id: `getAssertion.cbor.${id}`,
    section: 'CTAP 2.3 §8',
    statement,
    needs: { touches: 2, discoverable: id === 'passkey' },
    faults: [fault],
    async run(key) {
      const answer = await key.request(GET_ASSERTION, await parameters(key));
      expectOk(answer);
      expect(decodeCbor(answer.body) instanceof Map, 'a CBOR map in the answer');
    },
  };
}

function optionTaken(name: string, value: boolean, fault: string, statement: string): Check {
  return {
    id: `getAssertion.options.${name}.${value}`,
    section: SECTION,
    statement,
    needs: { touches: 2 },
    faults: [fault],
    async run(key) {
      const allowList = [descriptor(await register(key))];
      const parameters = await getAssertionParameters(key, { allowList, options: { [name]: value } });
      expectOk(await key.request(GET_ASSERTION, parameters));
    },
  };
}

export const getAssertionChecks: CheckGroup = {
  name: 'authenticatorGetAssertion',
  checks: [
    ...parameterChecks({
      name: 'getAssertion',
      command: GET_ASSERTION,
      section: SECTION,
      table: getAssertionRequest,
      parameters: unknownCredential,
    }),
    ...nestedChecks({
      name: 'getAssertion',
      command: GET_ASSERTION,
      section: SECTION,
      parameters: async (key) =>
        getAssertionParameters(key, { allowList: [descriptor(await register(key))], options: { up: true } }),
      members: [
        { name: 'allowList.element', path: [0x03, 0], required: false },
        { name: 'allowList.id', path: [0x03, 0, 'id'], required: true },
        { name: 'allowList.type', path: [0x03, 0, 'type'], required: true },
      ],
    }).map((check) => ({ ...check, needs: { touches: 1 } })),
    refusal(GET_ASSERTION, {
      id: 'getAssertion.options.number',
      section: 'CTAP 2.3 §8.2',
      statement: 'A request with a number for the option up is refused.',
      needs: { touches: 1 },
      faults: ['get-assertion-accepts-number-for-option'],
      async parameters(key) {
        const parameters = await getAssertionParameters(key, { allowList: [descriptor(await register(key))] });
        return withMember(parameters, OPTIONS, new Map([['up', 1]]));
      },
    }),
    refusal(GET_ASSERTION, {
      id: 'getAssertion.clientDataHash.short',
      section: SECTION,
      statement: 'A clientDataHash of 31 bytes is refused.',
      needs: { touches: 1 },
      faults: ['get-assertion-accepts-short-client-data-hash'],
      async parameters(key) {
        const parameters = await getAssertionParameters(key, { allowList: [descriptor(await register(key))] });
        return withMember(parameters, 0x02, CLIENT_DATA_HASH.slice(1));
      },
    }),
    refusal(GET_ASSERTION, {
      id: 'getAssertion.clientDataHash.long',
      section: SECTION,
      statement: 'A clientDataHash of 33 bytes is refused.',
      needs: { touches: 1 },
      faults: ['get-assertion-accepts-long-client-data-hash'],
      async parameters(key) {
        const parameters = await getAssertionParameters(key, { allowList: [descriptor(await register(key))] });
        return withMember(parameters, 0x02, new Uint8Array(33));
      },
    }),
    refusal(GET_ASSERTION, {
      id: 'getAssertion.options.rk',
      section: SECTION,
      statement: 'The option rk, which is none of getAssertion, is refused.',
      needs: { touches: 1 },
      faults: ['get-assertion-accepts-rk'],
      statuses: ['CTAP2_ERR_UNSUPPORTED_OPTION', 'CTAP2_ERR_INVALID_OPTION'],
      parameters: async (key) =>
        getAssertionParameters(key, { allowList: [descriptor(await register(key))], options: { rk: true } }),
    }),
    refusal(GET_ASSERTION, {
      id: 'getAssertion.options.uv.unsupported',
      section: SECTION,
      statement: 'The option uv is refused as invalid where nothing built in can verify the user.',
      needs: {
        touches: 1,
        unless: ({ options }) => (options?.uv === true ? 'the key can verify the user itself' : undefined),
      },
      faults: ['get-assertion-accepts-uv-without-sensor'],
      statuses: ['CTAP2_ERR_INVALID_OPTION', 'CTAP2_ERR_UNSUPPORTED_OPTION'],
      parameters: async (key) =>
        getAssertionParameters(key, { allowList: [descriptor(await register(key))], options: { uv: true } }, false),
    }),
    optionTaken('up', true, 'get-assertion-refuses-up-true', 'The option up may be there where it is true.'),
    optionTaken('uv', false, 'get-assertion-refuses-uv-false', 'The option uv may be there where it is false.'),
    optionTaken(
      'unheardOf',
      true,
      'get-assertion-refuses-unknown-option',
      'An option that the key does not know is ignored.',
    ),
    {
      id: 'getAssertion.options.uv.flag',
      section: SECTION,
      statement: 'The flag UV is set where the key itself has verified the user.',
      needs: { touches: 2, finger: true },
      faults: ['get-assertion-no-uv-flag-after-finger'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        key.bench.finger('enrolled');
        const { authData } = await assertion(key, { allowList, options: { uv: true }, pinUvAuthParam: undefined });
        expect((authData.flags & Flag.UV) !== 0, 'the flag UV set', authData.flags);
      },
    },
    ofAuthData('rpIdHash', 'It begins with the SHA-256 of the RP ID.', 'get-assertion-other-rp-id-hash', (made, key) =>
      expectEqual(made.authData.rpIdHash, key.bench.crypto.sha256(utf8(RP_ID)), 'rpIdHash'),
    ),
    ofAuthData('up', 'The flag UP is set.', 'get-assertion-no-up-flag', ({ authData: { flags } }) =>
      expect((flags & Flag.UP) !== 0, 'the flag UP set', flags),
    ),
    ofAuthData(
      'uv',
      'The flag UV is not set where nobody verified the user.',
      'get-assertion-uv-flag-unverified',
      ({ authData: { flags } }, key) => {
        if (key.state.pin) throw new NotApplicable('the PIN of the key has verified the user');
        expect((flags & Flag.UV) === 0, 'the flag UV clear', flags);
      },
    ),
    ofAuthData(
      'reserved',
      'Flags without a meaning are not set.',
      'get-assertion-reserved-flag',
      ({ authData: { flags } }) => expect((flags & RESERVED) === 0, 'the flags 1 and 5 clear', flags),
    ),
    ofAuthData(
      'attested',
      'There are no attested credential data in an assertion.',
      'get-assertion-attested-credential-data',
      ({ authData }) => expect(authData.attestedCredentialData === undefined, 'no attested credential data'),
    ),
    ofAuthData(
      'noExtensions',
      'There are no extension data where no extension was asked for.',
      'get-assertion-unasked-extension',
      ({ authData }) => expect(authData.extensions === undefined, 'no extension data'),
    ),
    {
      id: 'getAssertion.signCount.increases',
      section: 'WebAuthn Level 3 §6.1.1',
      statement: 'The signature counter increases with each assertion, or is always zero.',
      needs: { touches: 3 },
      faults: ['wrong-sign-count'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const first = (await assertion(key, { allowList })).authData.signCount;
        const second = (await assertion(key, { allowList })).authData.signCount;
        const both = `more than ${first}, or zero in both`;
        expect(second > first || (first === 0 && second === 0), `a signature counter of ${both}`, second);
      },
    },
    canonical(
      'serverSide',
      'The answer is one canonical CBOR map and nothing after it.',
      'get-assertion-trailing-byte',
      async (key) => getAssertionParameters(key, { allowList: [descriptor(await register(key))] }),
    ),
    canonical(
      'passkey',
      'The answer that names a user is one canonical CBOR map, whole to its last byte.',
      'truncated-cbor',
      async (key) => {
        await registerPasskey(key);
        return getAssertionParameters(key, { rpId: ONE_USER });
      },
    ),
  ],
};
