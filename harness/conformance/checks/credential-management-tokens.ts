/** The pinUvAuthParam of each subcommand of authenticatorCredentialManagement: CTAP 2.3 §6.8.2 to §6.8.6. */
import {
  type CredentialManagementParams,
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { Answer } from '../answer.ts';
import { paramsOf } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { Management, passkey, RP_B, rpIdHash } from '../passkey-ceremony.ts';
import { random } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { unlessMcGaByPin } from '../token-commands.ts';
import { NAMED, needs, RP_C } from './credential-management-steps.ts';

interface Target {
  /** Of ids, as `delete`. */
  readonly name: string;
  /** Of faults. */
  readonly fault: string;
  readonly subcommand: number;
  readonly section: string;
}

/** Subcommands that change a credential. */
interface Changing extends Target {
  readonly params: (credentialId: Uint8Array) => CredentialManagementParams;
}

const changing: readonly Changing[] = [
  {
    name: 'delete',
    fault: 'delete',
    subcommand: Subcommand.deleteCredential,
    section: 'CTAP 2.3 §6.8.5',
    params: (id) => ({ credentialId: { type: 'public-key', id } }),
  },
  {
    name: 'update',
    fault: 'update',
    subcommand: Subcommand.updateUserInformation,
    section: 'CTAP 2.3 §6.8.6',
    params: (id) => ({ credentialId: { type: 'public-key', id }, user: { ...NAMED, name: 'after' } }),
  },
];

const command = Command.authenticatorCredentialManagement;
const UNKNOWN = random(32);
const INVALID = 'CTAP2_ERR_PIN_AUTH_INVALID';

interface Attempt {
  readonly name: string;
  readonly statement: string;
  readonly fault: string;
  readonly status: StatusName;
  readonly needs?: Check['needs'];
  readonly send: (key: Subject, target: Changing, params: CredentialManagementParams) => Promise<Answer>;
}

/** Sends a subcommand by a token, with a pinUvAuthParam over another message than its own. */
async function misauthenticated(
  key: Subject,
  subCommand: number,
  params: CredentialManagementParams,
  message: Uint8Array,
): Promise<Answer> {
  const token = await key.token(Permission.credentialManagement);
  const subCommandParams = credentialManagementParams.encode(params);
  const request = credentialManagementRequest.encode({ subCommand, subCommandParams, ...paramsOf(token, message) });
  return key.request(command, request);
}

const byToken = (permissions: number, rpId: string): Attempt['send'] =>
  async function send(key, { subcommand }, params) {
    return (await Management.open(key, command, { permissions, rpId })).request(subcommand, params);
  };

const attempts: readonly Attempt[] = [
  {
    name: 'pinUvAuthParam.missing',
    statement: 'Without a pinUvAuthParam it asks for one.',
    fault: 'needs-no-token',
    status: 'CTAP2_ERR_PUAT_REQUIRED',
    send: (key, { subcommand: subCommand }, params) => {
      const subCommandParams = credentialManagementParams.encode(params);
      return key.request(command, credentialManagementRequest.encode({ subCommand, subCommandParams }));
    },
  },
  {
    name: 'pinUvAuthParam.otherSubcommand',
    statement: 'A pinUvAuthParam of another subcommand is not taken.',
    fault: 'takes-param-of-other-subcommand',
    status: INVALID,
    send: (key, { subcommand }, params) => {
      const other = credentialManagementAuthMessage(
        Subcommand.enumerateCredentialsBegin,
        credentialManagementParams.encode(params),
      );
      return misauthenticated(key, subcommand, params, other);
    },
  },
  {
    name: 'pinUvAuthParam.withoutParams',
    statement: 'A pinUvAuthParam that leaves subCommandParams out is not taken.',
    fault: 'takes-param-without-params',
    status: INVALID,
    send: (key, { subcommand }, params) =>
      misauthenticated(key, subcommand, params, credentialManagementAuthMessage(subcommand, undefined)),
  },
  {
    name: 'withoutPermission',
    statement: 'A token without the permission cm is not taken.',
    fault: 'takes-token-without-permission',
    status: INVALID,
    needs: { unless: unlessMcGaByPin },
    send: byToken(Permission.getAssertion, RP_C),
  },
  {
    name: 'otherRp',
    statement: 'A token that is bound to another RP ID is not taken.',
    fault: 'takes-token-of-other-rp',
    status: INVALID,
    send: byToken(Permission.credentialManagement, RP_B),
  },
  {
    name: 'ownRp',
    statement: 'A token that is bound to the RP ID of the credential is taken.',
    fault: 'refuses-token-of-own-rp',
    status: 'CTAP2_OK',
    send: byToken(Permission.credentialManagement, RP_C),
  },
];

const attemptChecks = changing.flatMap((target) =>
  attempts.map(
    ({ name, statement, fault, status, needs: more = {}, send }): Check => ({
      id: `credentialManagement.${target.name}.${name}`,
      section: target.section,
      statement,
      needs: { ...needs, options: ['credMgmt', 'rk', 'pinUvAuthToken'], touches: 1, ...more },
      faults: [`credential-management-${target.fault}-${fault}`],
      async run(key) {
        const { credentialId } = await passkey(key, RP_C, { user: NAMED });
        expectStatus(await send(key, target, target.params(credentialId)), status);
      },
    }),
  ),
);

const parameterChecks = changing.flatMap(({ name, fault, subcommand, section, params }): Check[] => [
  {
    id: `credentialManagement.${name}.credentialId.missing`,
    section,
    statement: 'Without credentialId it is refused as one with a parameter missing.',
    needs,
    faults: [`credential-management-${fault}-needs-no-credential-id`],
    async run(key) {
      const { credentialId, ...rest } = params(UNKNOWN);
      expectStatus(await (await Management.open(key)).request(subcommand, rest), 'CTAP2_ERR_MISSING_PARAMETER');
    },
  },
]);

const unknownUpdate: Check = {
  id: 'credentialManagement.update.unknown',
  section: 'CTAP 2.3 §6.8.6',
  statement: 'updateUserInformation of a credential that there is not answers CTAP2_ERR_NO_CREDENTIALS.',
  needs,
  faults: ['credential-management-updates-unknown'],
  async run(key) {
    const params = { credentialId: { type: 'public-key', id: UNKNOWN }, user: NAMED };
    const answer = await (await Management.open(key)).request(Subcommand.updateUserInformation, params);
    expectStatus(answer, 'CTAP2_ERR_NO_CREDENTIALS');
  },
};

const BOUND = { ...needs, options: ['credMgmt', 'rk', 'pinUvAuthToken'] } as const;

/** What tells of every RP takes no token that is for one. */
const boundChecks = (
  [
    ['metadata', Subcommand.getCredsMetadata, 'CTAP 2.3 §6.8.2'],
    ['rps', Subcommand.enumerateRPsBegin, 'CTAP 2.3 §6.8.3'],
  ] as const
).map(
  ([name, subcommand, section]): Check => ({
    id: `credentialManagement.${name}.boundToken`,
    section,
    statement: 'A token that is bound to an RP ID is not taken for what tells of every RP.',
    needs: BOUND,
    faults: [`credential-management-${name}-takes-bound-token`],
    async run(key) {
      const permissions = Permission.credentialManagement;
      const management = await Management.open(key, command, { permissions, rpId: RP_C });
      expectStatus(await management.request(subcommand), INVALID);
    },
  }),
);

const enumerating: readonly Check[] = [
  {
    id: 'credentialManagement.credentials.otherRp',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'enumerateCredentials takes no token that is bound to another RP ID.',
    needs: BOUND,
    faults: ['credential-management-enumerates-by-token-of-other-rp'],
    run: async (key) => expectStatus(await enumerated(key, RP_B), INVALID),
  },
  {
    id: 'credentialManagement.credentials.ownRp',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'enumerateCredentials takes a token that is bound to that RP ID.',
    needs: { ...BOUND, touches: 1 },
    faults: ['credential-management-enumerates-by-no-bound-token'],
    async run(key) {
      await passkey(key, RP_C, { user: NAMED });
      expectStatus(await enumerated(key, RP_C), 'CTAP2_OK');
    },
  },
];

async function enumerated(key: Subject, bound: string): Promise<Answer> {
  const permissions = Permission.credentialManagement;
  const management = await Management.open(key, command, { permissions, rpId: bound });
  return management.request(Subcommand.enumerateCredentialsBegin, { rpIDHash: rpIdHash(key, RP_C) });
}

export const credentialManagementTokenChecks: CheckGroup = {
  name: 'authenticatorCredentialManagement: tokens',
  checks: [...attemptChecks, ...parameterChecks, unknownUpdate, ...boundChecks, ...enumerating],
};
