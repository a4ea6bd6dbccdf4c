/** What makeCredential and getAssertion do about the user's touch: CTAP 2.3 §6.1.2 step 14, §6.2.2 step 9. */
import type { CborMap } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { answerWithin } from '../answer-within.ts';
import { assertion, descriptor, getAssertionParameters, makeCredentialParameters, register } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectStatus } from '../expect.ts';
import { ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { untouched } from '../touch.ts';
import { kebab } from './parameters.ts';

/** Longer than any key waits for a touch, in seconds. */
const PATIENCE = 120;
/** A key that does not ask is judged by another check. */
const UNASKED = 'CTAP2_OK';

interface Ceremony {
  readonly name: string;
  readonly command: number;
  readonly section: string;
  /** A request that asks for a touch. */
  readonly parameters: (key: Subject) => Promise<CborMap>;
  /** Touches that it takes to get there. */
  readonly touches: number;
}

async function assertionRequest(key: Subject): Promise<CborMap> {
  key.user('touches');
  await registerPasskey(key);
  return getAssertionParameters(key, { rpId: ONE_USER });
}

const ceremonies: readonly Ceremony[] = [
  {
    name: 'makeCredential',
    command: Command.authenticatorMakeCredential,
    section: 'CTAP 2.3 §6.1.2',
    parameters: (key) => makeCredentialParameters(key, { rp: { id: ONE_USER }, options: { rk: true } }),
    touches: 0,
  },
  {
    name: 'getAssertion',
    command: Command.authenticatorGetAssertion,
    section: 'CTAP 2.3 §6.2.2',
    parameters: assertionRequest,
    touches: 1,
  },
];

function presenceChecks({ name, command, section, parameters, touches }: Ceremony): Check[] {
  const fault = (what: string) => [`${kebab(name)}-${what}`];
  return [
    {
      id: `${name}.presence.asked`,
      section,
      statement: 'The key asks for a touch.',
      needs: { carrier: 'hid', discoverable: true, touches },
      faults: fault('without-touch'),
      async run(key) {
        const { asked } = await untouched(key, command, await parameters(key));
        expect(asked, 'a keepalive that asks for a touch');
      },
    },
    {
      id: `${name}.presence.refused`,
      section,
      statement: 'Where the user refuses, the operation is denied.',
      needs: { carrier: 'hid', discoverable: true, touches, user: 'refuses' },
      faults: fault('refusal-as-timeout'),
      async run(key) {
        const request = await parameters(key);
        key.user('refuses');
        expectStatus(await key.request(command, request), 'CTAP2_ERR_OPERATION_DENIED', UNASKED);
      },
    },
    {
      id: `${name}.presence.absent`,
      section,
      statement:
        'Where nobody comes, the key gives up by itself, and says that the operation was denied or took too long.',
      needs: { carrier: 'hid', discoverable: true, touches, seconds: PATIENCE },
      faults: fault('absence-as-other-error'),
      async run(key) {
        const request = await parameters(key);
        key.user('absent');
        expectStatus(
          await patiently(key, command, request),
          'CTAP2_ERR_OPERATION_DENIED',
          'CTAP2_ERR_USER_ACTION_TIMEOUT',
          'CTAP2_ERR_ACTION_TIMEOUT',
          'CTAP1_ERR_TIMEOUT',
          UNASKED,
        );
      },
    },
    {
      id: `${name}.presence.afterCancel`,
      section: 'CTAP 2.3 §11.2.9.1.5',
      statement: 'After a request that was cancelled the key takes the next one.',
      needs: { carrier: 'hid', discoverable: true, touches: touches + 1 },
      faults: fault('busy-after-cancel'),
      async run(key) {
        const request = await parameters(key);
        await untouched(key, command, request);
        expectStatus(await key.request(command, request), 'CTAP2_OK');
      },
    },
  ];
}

/** Sends a request and lets time pass until the key answers. */
async function patiently(key: Subject, command: number, parameters: CborMap) {
  const answer = key.request(command, parameters);
  await answerWithin(key, answer, PATIENCE);
  return answer;
}

export const userPresenceChecks: CheckGroup = {
  name: 'User presence',
  checks: [
    ...ceremonies.flatMap(presenceChecks),
    {
      id: 'getAssertion.up.false.silent',
      section: 'CTAP 2.3 §6.2.2',
      statement: 'An assertion without presence asks for no touch.',
      needs: { carrier: 'hid', touches: 1 },
      faults: ['get-assertion-touch-without-up'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        key.user('absent');
        const request = await getAssertionParameters(key, { allowList, options: { up: false } });
        const { asked } = await untouched(key, Command.authenticatorGetAssertion, request);
        expect(!asked, 'no keepalive that asks for a touch');
      },
    },
    {
      id: 'getAssertion.up.false.flag',
      section: 'WebAuthn Level 3 §6.1',
      statement: 'The flag UP is not set in an assertion without presence.',
      needs: { touches: 1 },
      faults: ['get-assertion-up-flag-without-touch'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const { authData } = await assertion(key, { allowList, options: { up: false } });
        expect((authData.flags & 1) === 0, 'the flag UP clear', authData.flags);
      },
    },
  ],
};
