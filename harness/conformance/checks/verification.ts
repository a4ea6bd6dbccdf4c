/** When makeCredential and getAssertion need the user verified: CTAP 2.3 §6.1.2 steps 6 to 8, §6.2.2 step 5, §7.2. */

import type { GetAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { ConfigClient } from '../../client/config.ts';
import { descriptor, getAssertionParameters, makeCredentialParameters, register } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { ONE_USER } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { refusal } from './refusals.ts';

const MAKE_CREDENTIAL = Command.authenticatorMakeCredential;
/** In bytes: what one CTAPHID message carries. */
const LONGEST_MESSAGE = 7609;

const alwaysUv: Needs = { options: ['alwaysUv', 'authnrCfg'], pin: true, spoils: true };

interface Unverified {
  readonly id: string;
  readonly section: string;
  readonly statement: string;
  readonly fault: string;
  readonly needs: Needs;
  readonly status: StatusName;
  readonly before?: (key: Subject) => Promise<unknown>;
}

/** A check of a makeCredential request without pinUvAuthParam. */
function creation({ fault, status, ...rest }: Unverified, given: Partial<MakeCredentialRequest> = {}): Check {
  return {
    ...rest,
    faults: [fault],
    async run(key) {
      const parameters = await makeCredentialParameters(key, { pinUvAuthParam: undefined, ...given });
      expectStatus(await key.request(MAKE_CREDENTIAL, parameters), status);
    },
  };
}

/** A check of a getAssertion request without pinUvAuthParam. */
function signIn({ fault, status, before, ...rest }: Unverified, given: Partial<GetAssertionRequest> = {}): Check {
  return {
    ...rest,
    faults: [fault],
    async run(key) {
      const allowList = [descriptor(await register(key))];
      await before?.(key);
      const parameters = await getAssertionParameters(key, { allowList, ...given }, false);
      expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), status);
    },
  };
}

async function turnOnAlwaysUv(key: Subject): Promise<void> {
  if ((await key.info()).options?.alwaysUv === true) return;
  await new ConfigClient(key.ctap2, await key.token(Permission.authenticatorConfiguration)).toggleAlwaysUv();
}

export const verificationChecks: CheckGroup = {
  name: 'User verification',
  checks: [
    creation(
      {
        id: 'makeCredential.unverified.passkey',
        section: 'CTAP 2.3 §6.1.2',
        statement: 'Where a PIN is set, a discoverable credential takes a pinUvAuthParam.',
        fault: 'make-credential-passkey-unverified',
        needs: { pin: true, options: ['rk'] },
        status: 'CTAP2_ERR_PUAT_REQUIRED',
      },
      { rp: { id: ONE_USER }, options: { rk: true } },
    ),
    creation({
      id: 'makeCredential.unverified.allowed',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'A key with makeCredUvNotRqd makes a credential that is not discoverable without pinUvAuthParam.',
      fault: 'make-credential-wants-unneeded-verification',
      needs: {
        pin: true,
        touches: 1,
        unless: ({ options }) => (options?.makeCredUvNotRqd === true ? undefined : 'makeCredUvNotRqd is not true'),
      },
      status: 'CTAP2_OK',
    }),
    creation({
      id: 'makeCredential.unverified.refused',
      section: 'CTAP 2.3 §6.1.2',
      statement: 'A key without makeCredUvNotRqd wants a pinUvAuthParam where a PIN is set.',
      fault: 'make-credential-unverified-in-spite-of-pin',
      needs: {
        pin: true,
        unless: ({ options }) => (options?.makeCredUvNotRqd === true ? 'makeCredUvNotRqd is true' : undefined),
      },
      status: 'CTAP2_ERR_PUAT_REQUIRED',
    }),
    signIn({
      id: 'getAssertion.unverified',
      section: 'CTAP 2.3 §6.2.2',
      statement: 'An assertion takes no pinUvAuthParam, though a PIN is set.',
      fault: 'get-assertion-wants-unneeded-verification',
      needs: { pin: true, touches: 2 },
      status: 'CTAP2_OK',
    }),
    signIn({
      id: 'getAssertion.alwaysUv',
      section: 'CTAP 2.3 §7.2',
      statement: 'With alwaysUv an assertion takes a pinUvAuthParam.',
      fault: 'always-uv-not-at-get-assertion',
      needs: { ...alwaysUv, touches: 1 },
      status: 'CTAP2_ERR_PUAT_REQUIRED',
      before: turnOnAlwaysUv,
    }),
    signIn(
      {
        id: 'getAssertion.alwaysUv.silent',
        section: 'CTAP 2.3 §6.2.2',
        statement: 'With alwaysUv an assertion without presence takes no pinUvAuthParam.',
        fault: 'always-uv-without-presence-too',
        needs: { ...alwaysUv, touches: 1 },
        status: 'CTAP2_OK',
        before: turnOnAlwaysUv,
      },
      { options: { up: false } },
    ),
    refusal(MAKE_CREDENTIAL, {
      id: 'makeCredential.maxMsgSize',
      section: 'CTAP 2.3 §6.4',
      statement: 'A request of more than maxMsgSize bytes is refused.',
      needs: {
        unless: ({ maxMsgSize = 1024 }) =>
          maxMsgSize < LONGEST_MESSAGE ? undefined : 'maxMsgSize is all that a message can carry',
      },
      faults: ['make-credential-takes-too-large-request'],
      async parameters(key) {
        const { maxMsgSize = 1024 } = await key.info();
        const parameters = await makeCredentialParameters(key);
        return parameters.set(0x17, new Uint8Array(maxMsgSize));
      },
    }),
  ],
};
