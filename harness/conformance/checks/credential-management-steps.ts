/** What checks of authenticatorCredentialManagement ask for and do over and again. */
import { equalBytes } from '../../../ctap/bytes.ts';
import {
  type CredentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { Status } from '../../../ctap/status.ts';
import { assertionOf, descriptor, getAssertionParameters, isSignedBy, type Registration } from '../ceremony.ts';
import { lenientCbor } from '../lenient-cbor.ts';
import { Management, passkey, RP_A, RP_B, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';

export const needs = { pin: true, options: ['credMgmt', 'rk'] } as const;
export const ONE = { ...needs, touches: 1 } as const;

/** An RP of credentials that are deleted and changed: no other check makes any for it. */
export const RP_C = 'c.passkeys.ctaplab.example';
export const NAMED: MakeCredentialRequest['user'] = { ...user('named'), name: 'before', displayName: 'Before' };

/** Two of each, so that the enumeration has a second answer. */
export async function twoOfEach(key: Subject): Promise<void> {
  await passkey(key, RP_A, { user: user('first') });
  await passkey(key, RP_A, { user: user('second') });
  await passkey(key, RP_B);
}

/** True where the key finds a credential of {@link RP_C} by its id, and its key signs: it takes no touch. */
export async function signs(key: Subject, made: Registration): Promise<boolean> {
  const given = { rpId: RP_C, allowList: [descriptor(made)], options: { up: false } };
  const { status, body } = await key.request(
    Command.authenticatorGetAssertion,
    await getAssertionParameters(key, given),
  );
  const answer = status === Status.CTAP2_OK && body.length > 0 ? lenientCbor(body) : undefined;
  return answer instanceof Map && isSignedBy(key, assertionOf(answer), made);
}

/** Makes a credential and deletes it again. @throws CheckFailure where the key refuses */
export async function removed(key: Subject, command?: number): Promise<Registration> {
  const made = await passkey(key, RP_C, { user: NAMED });
  const params = { credentialId: descriptor(made) };
  await (await Management.open(key, command)).accepted(Subcommand.deleteCredential, params);
  return made;
}

/** Gives a credential other details of its user. @throws CheckFailure where the key refuses */
export async function update(key: Subject, made: Registration, user: MakeCredentialRequest['user']): Promise<void> {
  const params = { credentialId: descriptor(made), user };
  await (await Management.open(key)).accepted(Subcommand.updateUserInformation, params);
}

/** What the key tells of the user {@link NAMED}. */
export async function namedUser(key: Subject): Promise<CredentialManagementResponse['user']> {
  const entries = await (await Management.open(key)).credentials(RP_C);
  return entries.find(({ user }) => user !== undefined && equalBytes(user.id, NAMED.id))?.user;
}
