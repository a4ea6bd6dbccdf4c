/** authenticatorReset: CTAP 2.3 §6.6. */
import { Command } from '../../../ctap/commands/index.ts';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { Status, statusName } from '../../../ctap/status.ts';
import { ConfigClient } from '../../client/config.ts';
import type { Answer } from '../answer.ts';
import { answerWithin } from '../answer-within.ts';
import {
  CLIENT_DATA_HASH,
  descriptor,
  getAssertionParameters,
  makeCredentialParameters,
  paramsOf,
  RP_ID,
  register,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { Said } from './get-info-steps.ts';

const SECTION = 'CTAP 2.3 §6.6';
const PATIENCE = 120;
/** A key that takes a reset over this carrier only is judged by that alone. */
const OVER_USB: Needs = { carrier: 'hid', powerUp: true };

function resetKey(key: Subject): Promise<Answer> {
  return key.request(Command.authenticatorReset);
}

function reset(
  name: string,
  statement: string,
  faults: readonly string[],
  needs: Needs,
  run: (key: Subject) => Promise<void>,
): Check {
  return { id: `reset.${name}`, section: SECTION, statement, needs: { ...OVER_USB, ...needs }, faults, run };
}

/** What a reset takes away. */
function erases(
  name: string,
  statement: string,
  fault: string | readonly string[],
  needs: Needs,
  run: (key: Subject) => Promise<void>,
): Check {
  return reset(name, statement, [fault].flat(), { spoils: true, ...needs }, run);
}

/** The reset, with power fresh. */
async function afterReset(key: Subject): Promise<void> {
  await key.replug();
  expectOk(await resetKey(key));
}

/** A reset of a key whose enterprise attestation was enabled. */
async function resetWithEnterprise(key: Subject): Promise<void> {
  const token = await key.token(Permission.authenticatorConfiguration);
  await new ConfigClient(key.ctap2, token).enableEnterpriseAttestation();
  await afterReset(key);
}

const ENTERPRISE: Needs = { touches: 1, pin: true, options: ['ep', 'authnrCfg'] };

export const resetChecks: CheckGroup = {
  name: 'authenticatorReset',
  checks: [
    reset(
      'touched',
      'A reset within ten seconds of power, with a touch, is answered with CTAP2_OK.',
      ['reset-answers-with-map'],
      { touches: 1, spoils: true },
      async (key) => {
        const { status, body } = await resetKey(key);
        expectEqual(statusName(status), 'CTAP2_OK', 'the status');
        expectEqual(body.length, 0, 'the length of the response');
      },
    ),
    reset(
      'late',
      'A reset more than ten seconds after power came is refused with CTAP2_ERR_NOT_ALLOWED.',
      ['reset-at-any-time'],
      { touches: 1, spoils: true, seconds: 11 },
      async (key) => {
        await key.wait(11_000);
        expectStatus(await resetKey(key), 'CTAP2_ERR_NOT_ALLOWED');
      },
    ),
    reset(
      'waits',
      'A reset is not done before there is a touch.',
      ['reset-without-touch'],
      { user: 'absent', spoils: true },
      async (key) => {
        const { wire } = key;
        const channel = await wire.open();
        await wire.send(...encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorReset)));
        const heard = await wire.next(channel, 1000);
        const answered = heard !== undefined && heard[4] === (HidCommand.CBOR | 0x80);
        expect(!answered, 'no answer without a touch', answered ? statusName(heard[7]!) : undefined);
      },
    ),
    reset(
      'refused',
      'A user who says no answers a reset with CTAP2_ERR_OPERATION_DENIED.',
      ['reset-says-timeout-for-no', 'reset-without-touch'],
      { user: 'refuses' },
      async (key) => expectStatus(await resetKey(key), 'CTAP2_ERR_OPERATION_DENIED'),
    ),
    reset(
      'timeout',
      'A reset that nobody touches ends with CTAP2_ERR_USER_ACTION_TIMEOUT.',
      ['reset-times-out-as-denied', 'reset-without-touch'],
      { user: 'absent', seconds: PATIENCE, spoils: true },
      async (key) => {
        const answer = await answerWithin(key, resetKey(key), PATIENCE);
        expect(answer !== undefined, `an answer within ${PATIENCE} s`, 'none');
        expectStatus(answer, 'CTAP2_ERR_USER_ACTION_TIMEOUT');
      },
    ),
    erases(
      'credentials',
      'After a reset credentials whose identifiers platforms keep are unknown.',
      'reset-keeps-credentials',
      { touches: 2, pin: false },
      async (key) => {
        const made = await register(key);
        await afterReset(key);
        const parameters = await getAssertionParameters(key, { allowList: [descriptor(made)] });
        expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), 'CTAP2_ERR_NO_CREDENTIALS');
      },
    ),
    erases(
      'passkeys',
      'After a reset the key has no passkeys.',
      'reset-keeps-passkeys',
      { touches: 2, pin: false, options: ['rk'] },
      async (key) => {
        await register(key, { options: { rk: true } });
        await afterReset(key);
        const parameters = await getAssertionParameters(key);
        expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), 'CTAP2_ERR_NO_CREDENTIALS');
      },
    ),
    erases('pin', 'After a reset no PIN is set.', 'reset-keeps-pin', { touches: 1, pin: true }, async (key) => {
      await afterReset(key);
      expectEqual((await Said.of(key)).options.get('clientPin'), false, 'clientPin');
    }),
    erases(
      'retries',
      'After a reset all attempts of the PIN are there again.',
      'reset-keeps-spent-attempts',
      { touches: 1, pin: true, attempts: 1 },
      async (key) => {
        const { retries } = await key.pin.getPinRetries();
        const wrong = key.pin.getPinUvAuthToken({
          pin: 'surely another',
          permissions: Permission.getAssertion,
          rpId: RP_ID,
        });
        await wrong.catch(() => undefined); // that is what it is for
        await afterReset(key);
        await key.pin.setPin(key.bench.pin);
        expectEqual((await key.pin.getPinRetries()).retries, retries, 'the attempts left');
      },
    ),
    erases(
      'token',
      'A pinUvAuthToken of before a reset is worth nothing after it.',
      'reset-leaves-token',
      { touches: 2, pin: true },
      async (key) => {
        await key.replug();
        const token = await key.token(Permission.getAssertion, RP_ID);
        expectOk(await resetKey(key));
        await key.pin.setPin(key.bench.pin);
        const parameters = await getAssertionParameters(key, paramsOf(token, CLIENT_DATA_HASH));
        const answer = await key.request(Command.authenticatorGetAssertion, parameters);
        expectStatus(answer, 'CTAP2_ERR_PIN_AUTH_INVALID');
      },
    ),
    erases(
      'alwaysUv',
      'After a reset alwaysUv is as the key was made.',
      'reset-keeps-always-uv',
      { touches: 1, pin: true, options: ['alwaysUv', 'authnrCfg'] },
      async (key) => {
        const before = (await Said.of(key)).options.get('alwaysUv');
        const token = await key.token(Permission.authenticatorConfiguration);
        await new ConfigClient(key.ctap2, token).toggleAlwaysUv();
        await afterReset(key);
        expectEqual((await Said.of(key)).options.get('alwaysUv'), before, 'alwaysUv');
      },
    ),
    erases(
      'enterpriseAttestation',
      'After a reset enterprise attestation is not enabled.',
      'reset-keeps-enterprise-attestation',
      ENTERPRISE,
      async (key) => {
        await resetWithEnterprise(key);
        expectEqual((await Said.of(key)).options.get('ep'), false, 'ep');
      },
    ),
    erases(
      'enterpriseAttestation.refused',
      'After a reset requests for enterprise attestation are refused.',
      ['enterprise-attestation-outlives-reset', 'attestation-takes-enterprise-2'],
      ENTERPRISE,
      async (key) => {
        await resetWithEnterprise(key);
        const { options } = await key.ctap2.getInfo();
        if (options?.ep === true) return; // another check judges that
        const bare = { enterpriseAttestation: 2, pinUvAuthParam: undefined };
        const parameters = await makeCredentialParameters(key, bare);
        const answer = await key.request(Command.authenticatorMakeCredential, parameters);
        expectStatus(answer, 'CTAP1_ERR_INVALID_PARAMETER');
      },
    ),
    erases(
      'fingers',
      'After a reset no finger is enrolled.',
      'reset-keeps-fingers',
      { touches: 1, finger: true },
      async (key) => {
        await afterReset(key);
        expectEqual((await Said.of(key)).options.get('bioEnroll'), false, 'bioEnroll');
      },
    ),
    {
      id: 'reset.transport',
      section: SECTION,
      statement: 'A key whose transportsForReset leaves a transport out refuses a reset over it.',
      needs: {
        carrier: 'card',
        powerUp: true,
        touches: 1,
        spoils: true,
        unless: ({ transportsForReset: allowed }) =>
          allowed !== undefined && !allowed.includes('nfc') ? undefined : 'transportsForReset does not leave nfc out',
      },
      faults: ['reset-over-any-transport'],
      async run(key) {
        const { status } = await resetKey(key);
        expect(status !== Status.CTAP2_OK, 'a refusal', 'CTAP2_OK');
      },
    },
  ],
};
