/** updateUserInformation of authenticatorCredentialManagement: CTAP 2.3 §6.8.6. */
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { assertion, descriptor } from '../ceremony.ts';
import type { Check, CheckGroup, Severity } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { Management, passkey, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';
import { NAMED, namedUser, needs, ONE, RP_C, signs, update } from './credential-management-steps.ts';

const SECTION = 'CTAP 2.3 §6.8.6';
const { id } = NAMED;
const OTHER_USER = user('other');

type User = MakeCredentialRequest['user'];

/** A credential whose user has got other details, and what is told of it then. */
async function updated(key: Subject, details: User, between?: (key: Subject) => Promise<void>) {
  await update(key, await passkey(key, RP_C, { user: NAMED }), details);
  await between?.(key);
  return namedUser(key);
}

interface Change {
  readonly name: string;
  readonly statement: string;
  readonly fault: string;
  readonly user: User;
  readonly member: 'name' | 'displayName';
  readonly between?: (key: Subject) => Promise<void>;
}

const changes: readonly Change[] = [
  {
    name: 'name',
    statement: 'The new user.name is told.',
    fault: 'keeps-name',
    user: { ...NAMED, name: 'after' },
    member: 'name',
  },
  {
    name: 'displayName',
    statement: 'The new user.displayName is told, where the key keeps it.',
    fault: 'keeps-display-name',
    user: { ...NAMED, displayName: 'After' },
    member: 'displayName',
  },
  {
    name: 'name.absent',
    statement: 'A user.name that is left out is removed.',
    fault: 'keeps-name-left-out',
    user: { id, displayName: 'After' },
    member: 'name',
  },
  {
    name: 'displayName.absent',
    statement: 'A user.displayName that is left out is removed.',
    fault: 'keeps-display-name-left-out',
    user: { id, name: 'after' },
    member: 'displayName',
  },
  {
    name: 'name.empty',
    statement: 'A user.name that is empty is removed.',
    fault: 'keeps-name-for-empty-one',
    user: { ...NAMED, name: '' },
    member: 'name',
  },
  {
    name: 'displayName.empty',
    statement: 'A user.displayName that is empty is removed.',
    fault: 'keeps-display-name-for-empty-one',
    user: { ...NAMED, displayName: '' },
    member: 'displayName',
  },
  {
    name: 'survivesPowerCycle',
    statement: 'The new details are kept when the key has been without power.',
    fault: 'forgets-name-without-power',
    user: { ...NAMED, name: 'after' },
    member: 'name',
    between: (key) => key.replug(),
  },
];

const severityOf = (member: Change['member']): Severity => (member === 'displayName' ? 'warning' : 'error');

const changeChecks = changes.map(
  ({ name, statement, fault, user: details, member, between }): Check => ({
    id: `credentialManagement.update.${name}`,
    section: SECTION,
    statement,
    severity: severityOf(member),
    needs: ONE,
    faults: [`credential-management-update-${fault}`],
    async run(key) {
      const told = await updated(key, details, between);
      expect(told !== undefined, 'the credential among those that are told', 'none');
      expectEqual(told[member] || undefined, details[member] || undefined, `user.${member}`);
    },
  }),
);

const otherChecks: readonly Check[] = [
  {
    id: 'credentialManagement.update.user.missing',
    section: SECTION,
    statement: 'updateUserInformation without user is refused as one with a parameter missing.',
    needs: ONE,
    faults: ['credential-management-update-needs-no-user'],
    async run(key) {
      const credentialId = descriptor(await passkey(key, RP_C, { user: NAMED }));
      const answer = await (await Management.open(key)).request(Subcommand.updateUserInformation, { credentialId });
      expectStatus(answer, 'CTAP2_ERR_MISSING_PARAMETER');
    },
  },
  {
    id: 'credentialManagement.update.user.id.other',
    section: SECTION,
    statement: 'A user.id that is not that of the credential is refused as an invalid parameter.',
    needs: ONE,
    faults: ['credential-management-update-takes-other-user-id'],
    async run(key) {
      expectStatus(await updateForOther(key), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  {
    id: 'credentialManagement.update.user.id.unchanged',
    section: SECTION,
    statement: 'An update that is refused for its user.id changes nothing.',
    needs: ONE,
    faults: ['credential-management-update-refused-but-done'],
    async run(key) {
      await updateForOther(key);
      expectEqual((await namedUser(key))?.name, NAMED.name, 'user.name');
    },
  },
  {
    id: 'credentialManagement.update.getAssertion.user',
    section: `${SECTION}, §6.2.2`,
    statement: 'Where getAssertion tells the name of the user, it is the new one.',
    needs: { ...needs, touches: 3 },
    faults: ['credential-management-update-leaves-name-of-assertions'],
    async run(key) {
      await passkey(key, RP_C, { user: OTHER_USER }); // names are told to choose between several
      await update(key, await passkey(key, RP_C, { user: NAMED }), { ...NAMED, name: 'after' });
      const { name = 'after' } = (await assertion(key, { rpId: RP_C })).response.user ?? {};
      expectEqual(name, 'after', 'user.name');
    },
  },
  {
    id: 'credentialManagement.update.getAssertion.order',
    section: `${SECTION}, §6.2.2`,
    statement: 'An update makes a credential no newer: the one that was made last still answers first.',
    needs: { ...needs, touches: 3 },
    faults: ['credential-management-update-makes-newest'],
    async run(key) {
      const older = await passkey(key, RP_C, { user: NAMED });
      const newer = await passkey(key, RP_C, { user: OTHER_USER });
      await update(key, older, { ...NAMED, name: 'after' });
      const { credential } = (await assertion(key, { rpId: RP_C })).response;
      if (credential !== undefined) expectEqual(credential.id, newer.credentialId, 'the credential that answers first');
    },
  },
  {
    id: 'credentialManagement.update.getAssertion.signature',
    section: SECTION,
    statement: 'After an update the credential signs by the same key.',
    needs: ONE,
    faults: ['credential-management-update-loses-credential'],
    async run(key) {
      const made = await passkey(key, RP_C, { user: NAMED });
      const signed = await signs(key, made);
      await update(key, made, { ...NAMED, name: 'after' });
      expect((await signs(key, made)) || !signed, 'an assertion by the key of the registration', 'none');
    },
  },
  {
    id: 'credentialManagement.update.existing',
    section: `${SECTION}, §6.8.2`,
    statement: 'An update changes nothing about existingResidentCredentialsCount.',
    needs: ONE,
    faults: ['credential-management-update-counts-as-new'],
    async run(key) {
      const made = await passkey(key, RP_C, { user: NAMED });
      const { existing } = await (await Management.open(key)).counts();
      await update(key, made, { ...NAMED, name: 'after' });
      const after = (await (await Management.open(key)).counts()).existing;
      expectEqual(after, existing, 'existingResidentCredentialsCount');
    },
  },
];

/** An update that brings another user.id than that of the credential; its answer. */
async function updateForOther(key: Subject) {
  const credentialId = descriptor(await passkey(key, RP_C, { user: NAMED }));
  const params = { credentialId, user: { ...OTHER_USER, name: 'after' } };
  return (await Management.open(key)).request(Subcommand.updateUserInformation, params);
}

export const credentialManagementUpdateChecks: CheckGroup = {
  name: 'authenticatorCredentialManagement: updateUserInformation',
  checks: [...changeChecks, ...otherChecks],
};
