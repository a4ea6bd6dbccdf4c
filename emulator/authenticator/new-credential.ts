/** What becomes of a new credential that is not discoverable, and how the signatures of any new one begin to count. */
import type { StoreChange } from '../environment.ts';
import type { Authenticator } from './authenticator.ts';
import type { SealedCredential } from './credential-records.ts';
import { DISCOVERABLE_ID_LENGTH } from './credentials.ts';

export interface ServerSideCredential extends SealedCredential {
  readonly id: Uint8Array;
  /** What stores it; nothing where it travels in its id. */
  readonly changes: readonly StoreChange[];
}

/** The members that portable credentials alone have. */
export function portableMembers({ model }: Authenticator): Partial<SealedCredential> {
  const defaults = model.portableCredentials;
  if (defaults === undefined) return {};
  return { backupEligible: defaults.backupEligibility, backupState: defaults.backupState, signCount: 1 };
}

/**
 * A credential for which the relying party keeps the id: sealed in it, or in the store of a key with portable ones.
 * @param rpId undefined where U2F tells no more than its hash
 */
export function serverSideCredential(
  authenticator: Authenticator,
  core: SealedCredential,
  rpIdHash: Uint8Array,
  rpId?: string,
): ServerSideCredential {
  const { credentials, environment, model } = authenticator;
  if (model.portableCredentials) {
    const kept = { ...core, id: environment.random.bytes(DISCOVERABLE_ID_LENGTH), rpId, rpIdHash };
    return { ...kept, changes: [credentials.keep(kept)] };
  }
  const id = credentials.seal(core, rpIdHash);
  if (id.length <= model.maxCredentialIdLength || !core.credBlob) return { ...core, id, changes: [] };
  const bare = { ...core, credBlob: undefined }; // its blob stays behind where the id would grow too long
  return { ...bare, id: credentials.seal(bare, rpIdHash), changes: [] };
}

/** The counter of the signature that attests a new credential, and what stores it. */
export function firstSignCount(
  authenticator: Authenticator,
  { signCount }: SealedCredential,
): { readonly signCount: number; readonly changes: readonly StoreChange[] } {
  if (signCount !== undefined) return { signCount, changes: [] };
  const next = authenticator.nextSignCount();
  return { signCount: next.signCount, changes: [next.change] };
}
