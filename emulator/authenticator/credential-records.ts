/** How credentials are written: into the store, and into their own ids. */
import { decodeCbor } from '../../ctap/cbor.ts';
import { publicKeyCredentialRpEntity, publicKeyCredentialUserEntity } from '../../ctap/commands/entities.ts';
import { LARGE_BLOB_KEY_LENGTH } from '../../ctap/extensions/large-blob-key.ts';
import { bool, bytes, type Infer, int, message, optional, required, text, uint } from '../../ctap/schema.ts';

/** The layout of the records; a store of another one is refused rather than misread. */
export const RECORD_VERSION = 1;

/** What every credential has. */
const credentialCore = {
  alg: required(1, int),
  privateKey: required(2, bytes()),
  credProtect: required(3, uint),
  hmacSecret: required(4, bool),
  credBlob: optional(5, bytes()),
  thirdPartyPayment: optional(6, bool),
  /** True where the key keeps a large blob for it (§12.4). */
  largeBlob: optional(13, bool),
  /** Of portable credentials, as are the next two (WebAuthn Level 3 §11.2). */
  backupEligible: optional(14, bool),
  backupState: optional(15, bool),
  /** Of the last signature. */
  signCount: optional(16, uint),
};

/** What travels in the id of a credential that is not discoverable. */
export const sealedCredential = message('sealed credential', credentialCore);
export type SealedCredential = Infer<typeof sealedCredential>;

/** A portable credential that is not discoverable. */
export const keptCredential = message('kept credential', {
  version: required(0, uint),
  ...credentialCore,
  id: required(7, bytes()),
  /** Unknown where it was made by U2F, which tells no more than the hash. */
  rpId: optional(8, text),
  rpIdHash: required(9, bytes(32)),
});
export type KeptCredential = Infer<typeof keptCredential>;

export const discoverableCredential = message('discoverable credential', {
  version: required(0, uint),
  ...credentialCore,
  id: required(7, bytes()),
  rp: required(8, publicKeyCredentialRpEntity),
  user: required(9, publicKeyCredentialUserEntity),
  /** Grows with each credential made: the newest is offered first. */
  sequence: required(10, uint),
  publicKey: required(11, bytes()),
  largeBlobKey: optional(12, bytes(LARGE_BLOB_KEY_LENGTH)),
});
export type DiscoverableCredential = Infer<typeof discoverableCredential>;

/** @throws RangeError for a record of another layout */
export function readDiscoverable(record: Uint8Array): DiscoverableCredential {
  const discoverable = discoverableCredential.decode(decodeCbor(record), 'credential');
  if (discoverable.version === RECORD_VERSION) return discoverable;
  throw new RangeError(`credential record: expected version ${RECORD_VERSION}, got ${discoverable.version}`);
}

export function readKept(record: Uint8Array): KeptCredential {
  return keptCredential.decode(decodeCbor(record), 'credential');
}
