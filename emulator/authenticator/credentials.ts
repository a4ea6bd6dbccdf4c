/**
 * The credentials of a key. Discoverable ones are records in the store; the others travel sealed in their own
 * credential id, bound to the RP ID by the associated data.
 */
import { concat, equalBytes, utf8 } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import type { Signer } from '../../ctap/crypto.ts';
import type { CredProtectLevel } from '../../ctap/extensions/cred-protect.ts';
import { Flag } from '../../ctap/flags.ts';
import type { Environment, Store, StoreChange } from '../environment.ts';
import {
  type DiscoverableCredential,
  discoverableCredential,
  type KeptCredential,
  keptCredential,
  RECORD_VERSION,
  readDiscoverable,
  readKept,
  type SealedCredential,
  sealedCredential,
} from './credential-records.ts';
import type { Secrets } from './secrets.ts';

const DIRECTORY = 'credential/';
const KEPT_DIRECTORY = 'keptCredential/';
const SEQUENCE_PATH = 'credentialSequence';
/** Discoverable credentials have ids of this length, and no sealed one is as short. */
export const DISCOVERABLE_ID_LENGTH = 32;
const NO_SEQUENCE = new Uint8Array(4);
const SEAL_VERSION = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
/** Signers, opened credential ids and hashed RP IDs that are kept, each. */
const MAX_KEPT = 1024;

export interface Credential extends SealedCredential {
  readonly id: Uint8Array;
  /** Only of discoverable credentials. */
  readonly discoverable?: DiscoverableCredential | undefined;
  /** Only of portable credentials that are not discoverable. */
  readonly kept?: KeptCredential | undefined;
}

function segment(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64url');
}

/** Cheaper than a path's segment, for what stays in memory. */
function mapKey(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** Remembers a value; the oldest goes where there are too many. */
function keep<T>(kept: Map<string, T>, name: string, value: T): void {
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(name, value);
}

export class Credentials {
  readonly #environment: Environment;
  #secrets: Secrets;
  readonly #keepsAll: boolean;
  readonly #signers = new Map<string, Signer>();
  readonly #readySigners = new WeakMap<Credential, Signer>();
  /** Credentials that travel in their ids, opened; an id never changes its meaning until a reset. */
  readonly #opened = new Map<string, { readonly rpIdHash: Uint8Array; readonly credential: Credential }>();
  readonly #rpIdHashes = new Map<string, Uint8Array>();

  /** @param keepsAll true where credentials are portable: their ids may be of any length, and none travels in its id */
  constructor(environment: Environment, secrets: Secrets, keepsAll = false) {
    this.#environment = environment;
    this.#secrets = secrets;
    this.#keepsAll = keepsAll;
  }

  /** How many discoverable credentials there are. */
  get count(): number {
    return this.#environment.store.count(DIRECTORY);
  }

  /** After a reset: new secrets, and nothing remembered of the old ones. */
  forget(secrets: Secrets): void {
    this.#secrets = secrets;
    this.#signers.clear();
    this.#opened.clear();
  }

  /** Seals a credential into a fresh id for one RP. */
  seal(credential: SealedCredential, rpIdHash: Uint8Array): Uint8Array {
    const { crypto, random } = this.#environment;
    const nonce = random.bytes(NONCE_LENGTH);
    const plain = encodeCbor(sealedCredential.encode(credential));
    const sealed = crypto.aesGcmSeal(this.#secrets.wrapKey, nonce, plain, rpIdHash);
    return concat(Uint8Array.of(SEAL_VERSION), nonce, sealed);
  }

  /** The credential of that id if this key made it for that RP, else undefined. */
  find(id: Uint8Array, rpIdHash: Uint8Array): Credential | undefined {
    const name = mapKey(id);
    if (this.#keepsAll) {
      const kept = this.#environment.store.get(this.#path(rpIdHash, id, KEPT_DIRECTORY));
      if (kept) return openKept(kept);
    }
    const opened = this.#opened.get(name);
    if (opened && equalBytes(opened.rpIdHash, rpIdHash)) return opened.credential;
    if (this.#keepsAll || id.length === DISCOVERABLE_ID_LENGTH) {
      const record = this.#environment.store.get(this.#path(rpIdHash, id));
      return record && this.#discoverable(record);
    }
    if (id.length <= 1 + NONCE_LENGTH + TAG_LENGTH || id[0] !== SEAL_VERSION) return undefined;
    const nonce = id.subarray(1, 1 + NONCE_LENGTH);
    const sealed = id.subarray(1 + NONCE_LENGTH);
    const plain = this.#environment.crypto.aesGcmOpen(this.#secrets.wrapKey, nonce, sealed, rpIdHash);
    if (!plain) return undefined;
    const credential = { ...sealedCredential.decode(decodeCbor(plain), 'credential id'), id };
    keep(this.#opened, name, { rpIdHash, credential });
    return credential;
  }

  /** The discoverable credentials of an RP, the newest first. */
  list(rpIdHash: Uint8Array): Credential[] {
    const found: Credential[] = [];
    for (const [, record] of this.#environment.store.list(`${DIRECTORY}${segment(rpIdHash)}/`)) {
      found.push(this.#discoverable(record));
    }
    return found.sort((a, b) => b.discoverable!.sequence - a.discoverable!.sequence);
  }

  /** One discoverable credential of each RP: nothing else of the store is read, however many there are. */
  *onePerRp(): Iterable<DiscoverableCredential> {
    let last = '';
    for (const [path, record] of this.#environment.store.list(DIRECTORY)) {
      const rp = path.slice(0, path.lastIndexOf('/'));
      if (rp !== last) yield this.#discoverable(record).discoverable!;
      last = rp;
    }
  }

  /** The discoverable credential of that id, whatever its RP. */
  findDiscoverable(id: Uint8Array): DiscoverableCredential | undefined {
    const end = `/${segment(id)}`;
    for (const [path, record] of this.#environment.store.list(DIRECTORY)) {
      if (path.endsWith(end)) return this.#discoverable(record).discoverable;
    }
    return undefined;
  }

  /**
   * The place of the next discoverable credential in the order of making, and the change that takes it. Every other
   * change of the credentials takes a place too: the last one taken is the state of the store.
   */
  nextSequence(): { sequence: number; change: StoreChange } {
    const last = this.#lastSequence();
    const sequence = new DataView(last.buffer, last.byteOffset).getUint32(0) + 1;
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, sequence);
    return { sequence, change: { path: SEQUENCE_PATH, value } };
  }

  #lastSequence(): Uint8Array {
    return this.#environment.store.get(SEQUENCE_PATH) ?? NO_SEQUENCE;
  }

  /** 16 bytes that are others after each change of the discoverable credentials. */
  storeState(): Uint8Array {
    const { crypto } = this.#environment;
    return crypto.hmacSha256(this.#secrets.storeStateKey, this.#lastSequence()).subarray(0, 16);
  }

  /** 16 bytes that name the key until its next reset. */
  get deviceIdentifier(): Uint8Array {
    return this.#secrets.deviceIdentifier;
  }

  /** The change that stores a discoverable credential. */
  put(credential: DiscoverableCredential): StoreChange {
    const path = this.#path(this.rpIdHash(credential.rp.id), credential.id);
    return { path, value: encodeCbor(discoverableCredential.encode(credential)) };
  }

  /** The change that deletes a discoverable credential. */
  remove(credential: DiscoverableCredential): StoreChange {
    this.#signers.delete(segment(credential.id));
    return { path: this.#path(this.rpIdHash(credential.rp.id), credential.id), value: undefined };
  }

  /** The change that stores a portable credential that is not discoverable. */
  keep(credential: Omit<KeptCredential, 'version'>): StoreChange {
    const value = encodeCbor(keptCredential.encode({ ...credential, version: RECORD_VERSION }));
    return { path: this.#path(credential.rpIdHash, credential.id, KEPT_DIRECTORY), value };
  }

  /** The change that stores another sign count or other backup flags of a portable credential. */
  update({ discoverable, kept }: Credential, members: Partial<SealedCredential>): StoreChange {
    if (discoverable) return this.put({ ...discoverable, ...members });
    if (kept) return this.keep({ ...kept, ...members });
    throw new RangeError('expected a portable credential, got one that travels in its id');
  }

  /** All portable credentials, in no particular order. */
  *portable(): Iterable<Credential> {
    const { store } = this.#environment;
    for (const [, record] of store.list(DIRECTORY)) yield this.#discoverable(record);
    for (const [, record] of store.list(KEPT_DIRECTORY)) yield openKept(record);
  }

  /** The change that deletes a portable credential. */
  discard({ id, discoverable, kept }: Credential): StoreChange {
    if (discoverable) return this.remove(discoverable);
    if (kept) return { path: this.#path(kept.rpIdHash, id, KEPT_DIRECTORY), value: undefined };
    throw new RangeError('expected a portable credential, got one that travels in its id');
  }

  /** Changes that delete every discoverable credential. */
  removeAll(): StoreChange[] {
    const { store } = this.#environment;
    return [...store.list(DIRECTORY), ...store.list(KEPT_DIRECTORY)].map(([path]) => ({ path, value: undefined }));
  }

  /** The credential's private key, ready to sign; parsing it costs as much as a signature, so it is kept. */
  signer(credential: Credential): Signer {
    // One that travels in its id is the same object each time; a stored one is read anew, and found by its id.
    if (!credential.discoverable && !credential.kept) {
      const ready = this.#readySigners.get(credential) ?? this.#newSigner(credential);
      this.#readySigners.set(credential, ready);
      return ready;
    }
    const name = segment(credential.id);
    const kept = this.#signers.get(name);
    if (kept) return kept;
    const signer = this.#newSigner(credential);
    keep(this.#signers, name, signer);
    return signer;
  }

  #newSigner({ alg, privateKey }: Credential): Signer {
    return this.#environment.crypto.signer(alg, privateKey);
  }

  /** CredRandomWithUV or CredRandomWithoutUV (CTAP 2.3 §12.7), 32 bytes. */
  credRandom(id: Uint8Array, userVerified: boolean): Uint8Array {
    return this.#environment.crypto.hmacSha256(this.#secrets.credRandomKey, Uint8Array.of(userVerified ? 1 : 0), id);
  }

  rpIdHash(rpId: string): Uint8Array {
    const kept = this.#rpIdHashes.get(rpId);
    if (kept) return kept;
    const hash = this.#environment.crypto.sha256(utf8(rpId));
    keep(this.#rpIdHashes, rpId, hash);
    return hash;
  }

  #path(rpIdHash: Uint8Array, id: Uint8Array, directory = DIRECTORY): string {
    return `${directory}${segment(rpIdHash)}/${segment(id)}`;
  }

  #discoverable(record: Uint8Array): Credential {
    const discoverable = readDiscoverable(record);
    return { ...discoverable, discoverable };
  }
}

function openKept(record: Uint8Array): Credential {
  const kept = readKept(record);
  return { ...kept, kept };
}

/** The discoverable credentials of a store, in no particular order. */
export function discoverableCredentialsOf(store: Store): DiscoverableCredential[] {
  return Array.from(store.list(DIRECTORY), ([, record]) => readDiscoverable(record));
}

/** True where a credential may be used: its credProtect level against what is known of the user (CTAP 2.3 §12.1). */
export function isUsable(credential: Credential, userVerified: boolean, named: boolean): boolean {
  const level = credential.credProtect as CredProtectLevel;
  if (level === 3) return userVerified;
  return level === 1 || userVerified || named;
}

/** The backup flags of authenticator data (WebAuthn Level 3 §6.1.3). */
export function backupFlags({ backupEligible, backupState }: Pick<SealedCredential, 'backupEligible' | 'backupState'>) {
  return (backupEligible ? Flag.BE : 0) | (backupState ? Flag.BS : 0);
}
