/** deleteCredential of authenticatorCredentialManagement and its prototype: CTAP 2.3 §6.8.5. */
import { equalBytes } from '../../../ctap/bytes.ts';
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import type { AuthenticatorOption } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { descriptor, getAssertionParameters } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { entriesOf, Management, passkey } from '../passkey-ceremony.ts';
import { random } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { NAMED, needs, ONE, RP_C, removed, signs } from './credential-management-steps.ts';

const SECTION = 'CTAP 2.3 §6.8.5';
const EXISTING = 'existingResidentCredentialsCount';
const OTHER_USER = { ...NAMED, id: random(8) };

interface Variant {
  readonly name: string;
  readonly fault: string;
  readonly command: number;
  readonly option: AuthenticatorOption;
}

const variants: readonly Variant[] = [
  {
    name: 'credentialManagement',
    fault: 'credential-management',
    command: Command.authenticatorCredentialManagement,
    option: 'credMgmt',
  },
  {
    name: 'credentialManagementPreview',
    fault: 'credential-management-preview',
    command: Command.prototypeAuthenticatorCredentialManagement,
    option: 'credentialMgmtPreview',
  },
];

/** What both commands have. */
function sharedChecks({ name, fault, command, option }: Variant): Check[] {
  const needs = { pin: true, options: [option, 'rk'] as const };
  return [
    {
      id: `${name}.delete.enumerated`,
      section: SECTION,
      statement: 'A credential that was deleted is not told by enumerateCredentials.',
      needs: { ...needs, touches: 1 },
      faults: [`${fault}-still-tells-deleted`],
      async run(key) {
        const { credentialId } = await removed(key, command);
        const told = await (await Management.open(key, command)).credentials(RP_C);
        const found = told.some((entry) => entry.credentialId && equalBytes(entry.credentialId.id, credentialId));
        expect(!found, 'the credential gone', credentialId);
      },
    },
    {
      id: `${name}.delete.signs`,
      section: SECTION,
      statement: 'A credential that was deleted is not found by getAssertion that names it.',
      needs: { ...needs, touches: 2 },
      faults: [`${fault}-deleted-signs-by-id`],
      run: async (key) => expectGone(key, { allowList: [descriptor(await removed(key, command))] }),
    },
    {
      id: `${name}.delete.unknown`,
      section: SECTION,
      statement: 'deleteCredential of a credential that there is not answers CTAP2_ERR_NO_CREDENTIALS.',
      needs,
      faults: [`${fault}-deletes-unknown`],
      async run(key) {
        const credentialId = { type: 'public-key', id: random(32) };
        const answer = await (await Management.open(key, command)).request(Subcommand.deleteCredential, {
          credentialId,
        });
        expectStatus(answer, 'CTAP2_ERR_NO_CREDENTIALS');
      },
    },
  ];
}

async function expectGone(key: Subject, given: Parameters<typeof getAssertionParameters>[1]): Promise<void> {
  const parameters = await getAssertionParameters(key, { rpId: RP_C, ...given });
  expectStatus(await key.request(Command.authenticatorGetAssertion, parameters), 'CTAP2_ERR_NO_CREDENTIALS');
}

const ownChecks: readonly Check[] = [
  {
    id: 'credentialManagement.delete.discovered',
    section: SECTION,
    statement: 'A credential that was deleted is not discovered by getAssertion.',
    needs: { ...needs, touches: 2 },
    faults: ['credential-management-deleted-is-discovered'],
    async run(key) {
      await removed(key);
      await expectGone(key, {});
    },
  },
  {
    id: 'credentialManagement.delete.survivesPowerCycle',
    section: SECTION,
    statement: 'A credential that was deleted is gone when the key has been without power, too.',
    needs: { ...needs, touches: 2 },
    faults: ['credential-management-deleted-is-back-with-power'],
    async run(key) {
      const made = await removed(key);
      await key.replug();
      await expectGone(key, { allowList: [descriptor(made)] });
    },
  },
  {
    id: 'credentialManagement.delete.rps',
    section: `${SECTION}, §6.8.3`,
    statement: 'An RP whose last credential was deleted is not told by enumerateRPs.',
    needs: ONE,
    faults: ['credential-management-still-tells-rp-of-deleted'],
    async run(key) {
      await removed(key);
      const told = entriesOf(key, await (await Management.open(key)).rps(), RP_C);
      expectEqual(told.length, 0, `the number of entries of ${RP_C}`);
    },
  },
  {
    id: 'credentialManagement.delete.existing',
    section: `${SECTION}, §6.8.2`,
    statement: 'Once a credential is deleted, existingResidentCredentialsCount is what it was before it was made.',
    needs: ONE,
    faults: ['credential-management-counts-deleted'],
    async run(key) {
      const { existing } = await (await Management.open(key)).counts();
      await removed(key);
      expectEqual((await (await Management.open(key)).counts()).existing, existing, EXISTING);
    },
  },
  {
    id: 'credentialManagement.delete.remaining',
    section: `${SECTION}, §6.8.2`,
    statement: 'Once a credential is deleted there is as much room as before it was made.',
    severity: 'warning',
    needs: ONE,
    faults: ['credential-management-gives-no-room-back'],
    async run(key) {
      const { remaining } = await (await Management.open(key)).counts();
      await removed(key);
      const after = (await (await Management.open(key)).counts()).remaining;
      expect(after >= remaining, `maxPossibleRemainingResidentCredentialsCount of at least ${remaining}`, after);
    },
  },
  {
    id: 'credentialManagement.delete.others',
    section: SECTION,
    statement: 'Other credentials of the same RP stay.',
    needs: { ...needs, touches: 2 },
    faults: ['credential-management-deletes-all-of-the-rp'],
    async run(key) {
      const other = await passkey(key, RP_C, { user: OTHER_USER });
      const found = await signs(key, other);
      await removed(key);
      expect((await signs(key, other)) || !found, 'an assertion by the other credential', 'none');
    },
  },
];

export const credentialManagementDeleteChecks: CheckGroup = {
  name: 'authenticatorCredentialManagement: deleteCredential',
  checks: [...variants.flatMap(sharedChecks), ...ownChecks],
};
