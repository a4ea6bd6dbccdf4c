/** What stateful commands go on with (CTAP 2.3 §6): kept in memory, gone with the next other command or power cycle. */
import type { CredentialManagementResponse } from '../../ctap/commands/credential-management.ts';
import type { LargeBlobRequest } from '../../ctap/extensions/large-blob.ts';
import type { Credential } from './credentials.ts';
import type { UserVerification } from './uvm.ts';

/** Milliseconds within which the platform has to go on with a stateful command. */
export const NEXT_COMMAND_LIMIT = 30_000;

/** Makes a credential's encrypted output of the salts that the platform sent (hmac-secret, §12.7). */
export type HmacSecret = (credentialId: Uint8Array, userVerified: boolean) => Uint8Array;

/** What the platform asked of an assertion. */
export interface AssertionExtensions {
  readonly hmacSecret?: HmacSecret | undefined;
  readonly credBlob: boolean;
  readonly largeBlob: LargeBlobRequest | undefined;
  readonly largeBlobKey: boolean;
  readonly thirdPartyPayment: boolean;
  readonly uvm: boolean;
}

/** What stays the same for every credential of one authenticatorGetAssertion. */
export interface AssertionContext {
  readonly rpIdHash: Uint8Array;
  readonly clientDataHash: Uint8Array;
  readonly up: boolean;
  /** True where an allow list named the credential. */
  readonly named: boolean;
  readonly verification: UserVerification;
  readonly extensions: AssertionExtensions | undefined;
}

/** What every stateful command keeps of its beginning. */
export interface StatefulCommand {
  /** The pinUvAuthToken that authorized it, which it ends with; undefined where none did, or the persistent one. */
  readonly token: object | undefined;
  /** Clock time of the last answer, in milliseconds. */
  since: number;
}

/** What authenticatorGetNextAssertion goes on with. */
export interface RememberedAssertions extends StatefulCommand {
  readonly context: AssertionContext;
  readonly credentials: readonly Credential[];
  /** Index of the credential that comes next. */
  next: number;
}

/** What an enumeration of authenticatorCredentialManagement still has to give. */
export interface RememberedEnumeration extends StatefulCommand {
  readonly subcommand: number;
  readonly answers: Iterator<CredentialManagementResponse>;
}

/** A fingerprint enrolment under way; a power cycle, a cancel or another one ends it. */
export interface Enrollment {
  readonly templateId: Uint8Array;
  /** The finger of the good samples so far. */
  finger: string | undefined;
  remainingSamples: number;
}
