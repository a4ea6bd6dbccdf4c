/** The persistentPinUvAuthToken, which reads credentials and does nothing else: CTAP 2.3 §6.5.5.7, §6.8. */
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { CLIENT_DATA_HASH, descriptor, getAssertionParameters, paramsOf } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectEqual, expectOk, expectRefused, expectStatus } from '../expect.ts';
import { Management, passkey, rpIdHash } from '../passkey-ceremony.ts';
import { changePinParameters, NEW_PIN } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { NAMED, RP_C } from './credential-management-steps.ts';
import { persistentTokenSecretChecks } from './persistent-token-secrets.ts';

const PCMR = Permission.persistentCredentialManagementReadOnly;
const SECTION = 'CTAP 2.3 §6.5.5.7';
const PIN_AUTH_INVALID = 'CTAP2_ERR_PIN_AUTH_INVALID';
const needs: Needs = { pin: true, options: ['perCredMgmtRO', 'credMgmt', 'rk', 'pinUvAuthToken'] };
/** More than the maximum usage time period of other tokens, in seconds. */
const LONG = 660;

const open = (key: Subject) => Management.open(key, Command.authenticatorCredentialManagement, { permissions: PCMR });

/** It reads. */
const reading = (
  [
    ['metadata', 'CTAP 2.3 §6.8.2', (management: Management) => management.request(Subcommand.getCredsMetadata)],
    ['rps', 'CTAP 2.3 §6.8.3', (management: Management) => management.request(Subcommand.enumerateRPsBegin)],
    [
      'credentials',
      'CTAP 2.3 §6.8.4',
      (management: Management) =>
        management.request(Subcommand.enumerateCredentialsBegin, { rpIDHash: rpIdHash(management.key, RP_C) }),
    ],
  ] as const
).map(
  ([name, section, read]): Check => ({
    id: `persistentToken.${name}`,
    section,
    statement: 'A token with the permission pcmr is taken for what only reads.',
    needs: { ...needs, touches: 1 },
    faults: [`persistent-token-does-not-read-${name}`],
    async run(key) {
      await passkey(key, RP_C, { user: NAMED });
      expectOk(await read(await open(key)));
    },
  }),
);

/** It changes nothing. */
const changing = (
  [
    ['delete', 'CTAP 2.3 §6.8.5', Subcommand.deleteCredential, {}],
    ['update', 'CTAP 2.3 §6.8.6', Subcommand.updateUserInformation, { user: { ...NAMED, name: 'after' } }],
  ] as const
).map(
  ([name, section, subcommand, params]): Check => ({
    id: `persistentToken.${name}`,
    section,
    statement: 'A token with the permission pcmr is not taken for what changes a credential.',
    needs: { ...needs, touches: 1 },
    faults: [`persistent-token-${name}s`],
    async run(key) {
      const credentialId = descriptor(await passkey(key, RP_C, { user: NAMED }));
      expectStatus(await (await open(key)).request(subcommand, { credentialId, ...params }), PIN_AUTH_INVALID);
    },
  }),
);

interface Ending {
  readonly name: string;
  readonly statement: string;
  readonly fault: string;
  readonly needs?: Needs;
  /** What comes between the giving of the token and its use. */
  readonly between: (key: Subject) => Promise<unknown>;
}

const outlived: readonly Ending[] = [
  {
    name: 'survivesPowerCycle',
    statement: 'It is taken when the key has been without power.',
    fault: 'persistent-token-ends-with-power',
    between: (key) => key.replug(),
  },
  {
    name: 'otherToken',
    statement: 'It is taken once another token has been given.',
    fault: 'persistent-token-ends-with-another',
    between: (key) => key.token(Permission.credentialManagement),
  },
  {
    name: 'again',
    statement: 'It is taken once it has been given again.',
    fault: 'persistent-token-drawn-anew',
    between: (key) => key.token(PCMR),
  },
  {
    name: 'old',
    statement: 'It is taken when it is older than any other token gets.',
    fault: 'persistent-token-grows-old',
    needs: { seconds: LONG },
    between: (key) => key.wait(LONG * 1000),
  },
];

const outliving = outlived.map(
  ({ name, statement, fault, needs: more = {}, between }): Check => ({
    id: `persistentToken.${name}`,
    section: SECTION,
    statement,
    needs: { ...needs, ...more },
    faults: [fault],
    async run(key) {
      const management = await open(key);
      await between(key);
      expectOk(await management.request(Subcommand.getCredsMetadata));
    },
  }),
);

const ending: readonly Check[] = [
  {
    id: 'persistentToken.changePIN',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN ends it.',
    needs: { ...needs, spoils: true },
    faults: ['persistent-token-outlives-its-pin'],
    async run(key) {
      const management = await open(key);
      expectOk(await key.request(Command.authenticatorClientPIN, await changePinParameters(key, NEW_PIN)));
      expectStatus(await management.request(Subcommand.enumerateRPsBegin), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'persistentToken.reset',
    section: 'CTAP 2.3 §6.6',
    statement: 'A reset ends it.',
    needs: { ...needs, carrier: 'hid', powerUp: true, touches: 1, spoils: true },
    faults: ['persistent-token-outlives-reset'],
    async run(key) {
      const management = await open(key);
      await key.replug();
      expectOk(await key.request(Command.authenticatorReset));
      await key.pin.setPin(key.bench.pin);
      expectRefused(await management.request(Subcommand.enumerateRPsBegin));
    },
  },
  {
    id: 'persistentToken.getAssertion',
    section: 'CTAP 2.3 §6.2.2',
    statement: 'It is not taken by getAssertion.',
    needs,
    faults: ['persistent-token-signs'],
    async run(key) {
      const token = await key.token(PCMR);
      const given = { rpId: RP_C, options: { up: false }, ...paramsOf(token, CLIENT_DATA_HASH) };
      const answer = await key.request(Command.authenticatorGetAssertion, await getAssertionParameters(key, given));
      expectStatus(answer, PIN_AUTH_INVALID);
    },
  },
  {
    id: 'persistentToken.otherToken.kept',
    section: SECTION,
    statement: 'Giving it leaves the token in use as good as it was.',
    needs,
    faults: ['persistent-token-ends-the-one-in-use'],
    async run(key) {
      const management = await Management.open(key);
      await key.token(PCMR);
      expectEqual((await management.request(Subcommand.getCredsMetadata)).status, 0, 'the status');
    },
  },
];

export const persistentTokenChecks: CheckGroup = {
  name: 'persistentPinUvAuthToken',
  checks: [...reading, ...changing, ...outliving, ...ending, ...persistentTokenSecretChecks],
};
