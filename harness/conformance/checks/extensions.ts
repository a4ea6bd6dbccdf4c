/** Extensions in general, and credProtect. CTAP 2.3 §12. */
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import {
  assertion,
  descriptor,
  getAssertionParameters,
  makeCredentialParameters,
  type Registration,
  register,
  unverifiedParameters,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { kebab } from './parameters.ts';
import { refusal } from './refusals.ts';

const MAKE_CREDENTIAL = Command.authenticatorMakeCredential;
const GET_ASSERTION = Command.authenticatorGetAssertion;
const PROTECT = 'CTAP 2.3 §12.1';

/** Inputs of the wrong type, by extension. */
const wrongAtCreation: Readonly<Record<string, CborValue>> = {
  credBlob: 'text',
  credProtect: 'userVerificationRequired',
  'hmac-secret': 1,
  'hmac-secret-mc': true,
  largeBlobKey: 1,
  minPinLength: 1,
  pinComplexityPolicy: 1,
  thirdPartyPayment: 1,
};
const wrongAtAssertion: Readonly<Record<string, CborValue>> = {
  credBlob: 1,
  'hmac-secret': true,
  largeBlobKey: 1,
  thirdPartyPayment: 1,
};

function wrongType(
  ceremony: 'makeCredential' | 'getAssertion',
  name: string,
  parameters: (key: Subject) => Promise<CborMap>,
): Check {
  return refusal(ceremony === 'makeCredential' ? MAKE_CREDENTIAL : GET_ASSERTION, {
    id: `${ceremony}.extensions.${name}.wrongType`,
    section: 'CTAP 2.3 §8.2',
    statement: `An input of ${name} that is of another type is refused.`,
    needs: { extensions: [name], discoverable: true, touches: ceremony === 'makeCredential' ? 0 : 1 },
    faults: [`${kebab(ceremony)}-accepts-wrong-${kebab(name)}`],
    parameters,
  });
}

const level = (value: number) => ({ extensions: { credProtect: value } });

function credProtectOutput(value: 1 | 2 | 3): Check {
  return {
    id: `credProtect.output.${value}`,
    section: PROTECT,
    statement: `A credential of level ${value} is made so, and the output says it.`,
    needs: { extensions: ['credProtect'], touches: 1 },
    faults: [`cred-protect-other-output-for-${value}`],
    async run(key) {
      const { authData } = await register(key, level(value));
      expectEqual(authData.extensions?.get('credProtect'), value, 'the output of credProtect');
    },
  };
}

/** A check of who may use a passkey of some level. */
function protectedBy(
  id: string,
  statement: string,
  fault: string,
  value: 2 | 3,
  named: boolean,
  status: StatusName,
  needs: Needs = {},
): Check {
  return {
    id: `credProtect.${id}`,
    section: PROTECT,
    statement,
    needs: { extensions: ['credProtect'], touches: 2, discoverable: true, ...needs },
    faults: [fault],
    async run(key) {
      const made = await registerPasskey(key, level(value));
      const allowList = named ? [descriptor(made)] : undefined;
      const request = { rpId: ONE_USER, ...(allowList ? { allowList } : {}) };
      const parameters = await (needs.pin ? getAssertionParameters : unverifiedParameters)(key, request);
      expectStatus(await key.request(GET_ASSERTION, parameters), status);
    },
  };
}

function unasked(made: Registration): void {
  const names = [...(made.authData.extensions?.keys() ?? [])].join(', ');
  expect(names === '', 'no extension outputs', names);
}

export const extensionChecks: CheckGroup = {
  name: 'Extensions',
  checks: [
    ...Object.entries(wrongAtCreation).map(([name, value]) =>
      wrongType('makeCredential', name, (key) =>
        makeCredentialParameters(key, {
          rp: { id: ONE_USER },
          options: { rk: true },
          extensions: name === 'hmac-secret-mc' ? { 'hmac-secret': true, [name]: value } : { [name]: value },
        }),
      ),
    ),
    ...Object.entries(wrongAtAssertion).map(([name, value]) =>
      wrongType('getAssertion', name, async (key) => {
        const allowList = [descriptor(await registerPasskey(key))];
        return getAssertionParameters(key, { rpId: ONE_USER, allowList, extensions: { [name]: value } });
      }),
    ),
    {
      id: 'makeCredential.extensions.unknown',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'An extension that the key does not know is ignored.',
      needs: { touches: 1 },
      faults: ['make-credential-answers-unknown-extension'],
      run: async (key) => unasked(await register(key, { extensions: { 'example.unheardOf': true } })),
    },
    {
      id: 'getAssertion.extensions.unknown',
      section: 'CTAP 2.3 §6.2.2',
      statement: 'An extension that the key does not know is ignored.',
      needs: { touches: 2 },
      faults: ['get-assertion-answers-unknown-extension'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const { authData } = await assertion(key, { allowList, extensions: { 'example.unheardOf': true } });
        expect(authData.extensions === undefined, 'no extension outputs');
      },
    },
    {
      id: 'makeCredential.extensions.unasked',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'There are no extension outputs where no extension was asked for.',
      needs: { touches: 1 },
      faults: ['make-credential-unasked-extension'],
      async run(key) {
        const { authData } = await register(key);
        // the level of protection may be said unasked, where it is not the lowest (§12.1)
        const names = [...(authData.extensions?.keys() ?? [])].filter((name) => name !== 'credProtect').join(', ');
        expect(names === '', 'no extension outputs', names);
      },
    },
    ...([1, 2, 3] as const).map(credProtectOutput),
    refusal(MAKE_CREDENTIAL, {
      id: 'credProtect.unknownLevel',
      section: PROTECT,
      statement: 'A level of protection that there is not is refused.',
      severity: 'warning',
      needs: { extensions: ['credProtect'] },
      faults: ['cred-protect-takes-unknown-level'],
      parameters: (key) => makeCredentialParameters(key, level(4)),
    }),
    protectedBy(
      'required.named',
      'A credential of level 3 does not answer without verification, though it is named.',
      'cred-protect-3-served-by-list',
      3,
      true,
      'CTAP2_ERR_NO_CREDENTIALS',
    ),
    protectedBy(
      'required.unnamed',
      'A credential of level 3 does not answer without verification where none is named.',
      'cred-protect-3-served-unnamed',
      3,
      false,
      'CTAP2_ERR_NO_CREDENTIALS',
    ),
    protectedBy(
      'optionalWithList.unnamed',
      'A credential of level 2 does not answer without verification where none is named.',
      'cred-protect-2-served-unnamed',
      2,
      false,
      'CTAP2_ERR_NO_CREDENTIALS',
    ),
    protectedBy(
      'optionalWithList.named',
      'A credential of level 2 answers without verification where it is named.',
      'cred-protect-2-refused-by-list',
      2,
      true,
      'CTAP2_OK',
    ),
    protectedBy(
      'required.verified',
      'A credential of level 3 answers to a verified user.',
      'cred-protect-3-refused-verified',
      3,
      false,
      'CTAP2_OK',
      { pin: true },
    ),
    protectedBy(
      'optionalWithList.verified',
      'A credential of level 2 answers to a verified user where none is named.',
      'cred-protect-2-refused-verified',
      2,
      false,
      'CTAP2_OK',
      { pin: true },
    ),
    {
      id: 'credProtect.required.excluded',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'Without verification an excludeList does not tell that there is a credential of level 3.',
      needs: { extensions: ['credProtect'], touches: 2 },
      faults: ['cred-protect-3-excluded-unverified'],
      async run(key) {
        const { options = {} } = await key.info();
        if (key.state.pin && options.makeCredUvNotRqd !== true) {
          throw new NotApplicable('with a PIN the key makes no credential without verification');
        }
        const excludeList = [descriptor(await register(key, level(3)))];
        const unverified = { excludeList, pinUvAuthParam: undefined };
        const answer = await key.request(MAKE_CREDENTIAL, await makeCredentialParameters(key, unverified));
        expectStatus(answer, 'CTAP2_OK');
      },
    },
  ],
};
