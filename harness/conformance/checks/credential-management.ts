/** authenticatorCredentialManagement and its prototype, reading: CTAP 2.3 §6.8.2 to §6.8.4. */
import { toHex } from '../../../ctap/bytes.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import {
  credentialManagementRequest,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import type { AuthenticatorOption } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { entriesOf, MAX_ANSWERS, Management, passkey, RP_A, RP_B, rpIdHash, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';
import { readingChecks } from './credential-management-reading.ts';

import { needs, twoOfEach } from './credential-management-steps.ts';
import { parameterChecks } from './parameters.ts';

interface Variant {
  readonly name: string;
  readonly fault: string;
  readonly command: number;
  readonly option: AuthenticatorOption;
}

const command: Variant = {
  name: 'credentialManagement',
  fault: 'credential-management',
  command: Command.authenticatorCredentialManagement,
  option: 'credMgmt',
};

const prototype: Variant = {
  name: 'credentialManagementPreview',
  fault: 'credential-management-preview',
  command: Command.prototypeAuthenticatorCredentialManagement,
  option: 'credentialMgmtPreview',
};

/** What both have. */
function sharedChecks({ name, fault, command: byte, option }: Variant): Check[] {
  const needs = { pin: true, options: [option, 'rk'] as const };
  const open = (key: Subject) => Management.open(key, byte);
  return [
    ...parameterChecks({
      name,
      command: byte,
      section: 'CTAP 2.3 §6.8',
      table: credentialManagementRequest,
      members: ['subCommand', 'subCommandParams'],
      needs,
      parameters: async (key) => (await open(key)).parameters(Subcommand.getCredsMetadata),
    }),
    {
      id: `${name}.metadata.existing`,
      section: 'CTAP 2.3 §6.8.2',
      statement: 'existingResidentCredentialsCount grows by one with a discoverable credential.',
      needs: { ...needs, touches: 1 },
      faults: [`${fault}-misses-new-credential`],
      async run(key) {
        const { existing } = await (await open(key)).counts();
        await passkey(key, RP_A, { user: user(`${Date.now()}`) });
        expectEqual((await (await open(key)).counts()).existing, existing + 1, 'existingResidentCredentialsCount');
      },
    },
    {
      id: `${name}.rps.id`,
      section: 'CTAP 2.3 §6.8.3',
      statement: 'enumerateRPs tells the RP ID of a credential as it was given.',
      needs: { ...needs, touches: 1 },
      faults: [`${fault}-writes-rp-ids-large`],
      async run(key) {
        await passkey(key);
        const [entry] = entriesOf(key, await (await open(key)).rps(), RP_A);
        expectEqual(entry?.rp?.id, RP_A, 'rp.id');
      },
    },
    {
      id: `${name}.rps.total`,
      section: 'CTAP 2.3 §6.8.3',
      statement: 'totalRPs is the number of RPs that the enumeration tells.',
      needs: { ...needs, touches: 2 },
      faults: [`${fault}-tells-other-total-of-rps`],
      async run(key) {
        await passkey(key);
        await passkey(key, RP_B);
        const rps = await (await open(key)).rps();
        expectEqual(rps[0]?.totalRPs, rps.length, 'totalRPs');
      },
    },
    {
      id: `${name}.credentials.credentialId`,
      section: 'CTAP 2.3 §6.8.4',
      statement: 'enumerateCredentials tells the credential ID of the registration.',
      needs: { ...needs, touches: 1 },
      faults: [`${fault}-tells-other-credential-id`],
      async run(key) {
        const { credentialId } = await passkey(key);
        const ids = (await (await open(key)).credentials()).map((entry) =>
          toHex(entry.credentialId?.id ?? new Uint8Array()),
        );
        expect(ids.includes(toHex(credentialId)), toHex(credentialId), ids.join(', '));
      },
    },
    {
      id: `${name}.credentials.total`,
      section: 'CTAP 2.3 §6.8.4',
      statement: 'totalCredentials is the number of credentials that the enumeration tells.',
      needs: { ...needs, touches: 2 },
      faults: [`${fault}-tells-other-total-of-credentials`],
      async run(key) {
        await passkey(key, RP_A, { user: user('first') });
        await passkey(key, RP_A, { user: user('second') });
        const credentials = await (await open(key)).credentials();
        expectEqual(credentials[0]?.totalCredentials, credentials.length, 'totalCredentials');
      },
    },
    {
      id: `${name}.credentials.none`,
      section: 'CTAP 2.3 §6.8.4',
      statement: 'Without a credential for that RP enumerateCredentials answers CTAP2_ERR_NO_CREDENTIALS.',
      needs,
      faults: [`${fault}-enumerates-credentials-of-nobody`],
      async run(key) {
        const params = { rpIDHash: rpIdHash(key, 'nobody.passkeys.ctaplab.example') };
        const answer = await (await open(key)).request(Subcommand.enumerateCredentialsBegin, params);
        expectStatus(answer, 'CTAP2_ERR_NO_CREDENTIALS');
      },
    },
  ];
}

/** A command that changes nothing, and that no other check of this group sends in between. */
const RETRIES = clientPinRequest.encode({ subCommand: ClientPinSubcommand.getPINRetries });

interface Continuation {
  readonly name: string;
  readonly fault: string;
  readonly section: string;
  readonly begin: (management: Management) => Promise<unknown>;
  readonly next: number;
}

const continuations: readonly Continuation[] = [
  {
    name: 'rps',
    fault: 'next-rp',
    section: 'CTAP 2.3 §6.8.3',
    begin: (management) => management.accepted(Subcommand.enumerateRPsBegin),
    next: Subcommand.enumerateRPsGetNextRP,
  },
  {
    name: 'credentials',
    fault: 'next-credential',
    section: 'CTAP 2.3 §6.8.4',
    begin: (management) =>
      management.accepted(Subcommand.enumerateCredentialsBegin, { rpIDHash: rpIdHash(management.key, RP_A) }),
    next: Subcommand.enumerateCredentialsGetNextCredential,
  },
];

const continuationChecks = continuations.flatMap(({ name, fault, section, begin, next }): Check[] => [
  {
    id: `credentialManagement.${name}.next.withoutBegin`,
    section,
    statement: `What goes on with an enumeration of ${name} is refused where none has begun.`,
    needs,
    faults: [`${fault}-without-begin`],
    async run(key) {
      expectStatus(await (await Management.open(key)).next(next), 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
  {
    id: `credentialManagement.${name}.next.afterLast`,
    section,
    statement: `After the last of an enumeration of ${name} there is no further one.`,
    needs: { ...needs, touches: 1 },
    faults: [`${fault}-after-the-last`],
    async run(key) {
      await passkey(key);
      const management = await Management.open(key);
      await begin(management);
      let answer = await management.next(next);
      for (let told = 2; told < MAX_ANSWERS && answer.body.length > 0; told++) answer = await management.next(next);
      expectStatus(answer, 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
  {
    id: `credentialManagement.${name}.next.afterOther`,
    section: `${section}, §6`,
    statement: `Another subcommand in between ends an enumeration of ${name}.`,
    needs: { ...needs, touches: 3 },
    faults: [`${fault}-after-another-subcommand`],
    async run(key) {
      await twoOfEach(key);
      const management = await Management.open(key);
      await begin(management);
      await management.counts();
      expectStatus(await management.next(next), 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
  {
    id: `credentialManagement.${name}.next.afterOtherCommand`,
    section: `${section}, §6`,
    statement: `Another command in between ends an enumeration of ${name}.`,
    needs: { ...needs, touches: 3 },
    faults: [`${fault}-after-another-command`],
    async run(key) {
      await twoOfEach(key);
      const management = await Management.open(key);
      await begin(management);
      await key.request(Command.authenticatorClientPIN, RETRIES);
      expectStatus(await management.next(next), 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
  {
    id: `credentialManagement.${name}.next.powerCycle`,
    section: `${section}, §6`,
    statement: `An enumeration of ${name} ends with the power.`,
    needs: { ...needs, touches: 3 },
    faults: [`${fault}-after-power-cycle`],
    async run(key) {
      await twoOfEach(key);
      const management = await Management.open(key);
      await begin(management);
      await key.replug();
      expectStatus(await management.next(next), 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
  {
    id: `credentialManagement.${name}.next.late`,
    section: `${section}, §6`,
    statement: `An enumeration of ${name} that nobody has gone on with for 30 seconds is over.`,
    needs: { ...needs, touches: 3, seconds: 32 },
    faults: [`${fault}-after-30-seconds`],
    async run(key) {
      await twoOfEach(key);
      const management = await Management.open(key);
      await begin(management);
      await key.wait(31_000);
      expectStatus(await management.next(next), 'CTAP2_ERR_NOT_ALLOWED');
    },
  },
]);

export const credentialManagementChecks: CheckGroup = {
  name: 'authenticatorCredentialManagement',
  checks: [...sharedChecks(command), ...sharedChecks(prototype), ...readingChecks, ...continuationChecks],
};
