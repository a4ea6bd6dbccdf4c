/** Credentials taken out of a key and put into it: what WebDriver asks of a virtual authenticator (WebAuthn Level 3 §11.2). */
import { equalBytes } from '../ctap/bytes.ts';
import type { Authenticator } from './authenticator/authenticator.ts';
import { RECORD_VERSION } from './authenticator/credential-records.ts';
import type { Credential } from './authenticator/credentials.ts';
import type { StoreChange } from './environment.ts';

export interface PortableCredential {
  readonly id: Uint8Array;
  readonly isDiscoverable: boolean;
  /** Undefined where it was made by U2F, which tells no more than the hash. */
  readonly rpId: string | undefined;
  /** The user handle; of discoverable credentials alone. */
  readonly userHandle?: Uint8Array | undefined;
  readonly userName?: string | undefined;
  readonly userDisplayName?: string | undefined;
  /** COSE algorithm. */
  readonly alg: number;
  /** Shaped as in GeneratedKeyPair. */
  readonly privateKey: Uint8Array;
  /** Shaped as in GeneratedKeyPair. */
  readonly publicKey: Uint8Array;
  /** Of the last signature. */
  readonly signCount: number;
  readonly backupEligibility: boolean;
  readonly backupState: boolean;
  /** As the platform has compressed it. */
  readonly largeBlob?: { readonly blob: Uint8Array; readonly originalSize: number } | undefined;
}

export interface ExportedPortableCredential extends Omit<PortableCredential, 'publicKey'> {
  readonly rpIdHash: Uint8Array;
}

/** Runs while no command does. */
export type Exclusively = <T>(action: () => Promise<T>) => Promise<T>;

export class PortableCredentials {
  readonly #authenticator: Authenticator;
  readonly #exclusively: Exclusively;

  constructor(authenticator: Authenticator, exclusively: Exclusively) {
    this.#authenticator = authenticator;
    this.#exclusively = exclusively;
  }

  /** All credentials of the key, the discoverable ones first. */
  list(): Promise<ExportedPortableCredential[]> {
    return this.#exclusively(async () =>
      Array.from(this.#authenticator.credentials.portable(), (credential) => this.#exported(credential)),
    );
  }

  /** Puts a credential into the key; one with the same id and RP ID is replaced, and so is a passkey of the same user. */
  add(credential: PortableCredential & { readonly rpId: string }): Promise<void> {
    return this.#exclusively(async () => {
      const { credentials, environment } = this.#authenticator;
      const { id, rpId, userHandle } = credential;
      const rpIdHash = credentials.rpIdHash(rpId);
      const replaced = [...credentials.portable()].filter(({ discoverable, kept, ...other }) => {
        const sameRp = discoverable ? discoverable.rp.id === rpId : equalBytes(kept!.rpIdHash, rpIdHash);
        const sameUser =
          credential.isDiscoverable && discoverable && userHandle && equalBytes(discoverable.user.id, userHandle);
        return sameRp && (equalBytes(other.id, id) || sameUser);
      });
      await environment.store.commit([
        ...replaced.flatMap((old) => this.#removal(old)),
        ...this.#insertion(credential, rpIdHash),
      ]);
    });
  }

  /** @returns false where there is no credential of that id */
  remove(id: Uint8Array): Promise<boolean> {
    return this.#exclusively(async () => {
      const found = this.#find(id);
      if (found) await this.#authenticator.environment.store.commit(this.#removal(found));
      return found !== undefined;
    });
  }

  removeAll(): Promise<void> {
    return this.#exclusively(async () => {
      const { credentials, environment } = this.#authenticator;
      await environment.store.commit([...credentials.portable()].flatMap((credential) => this.#removal(credential)));
    });
  }

  /**
   * Changes what a credential says of itself from now on.
   * @returns false where there is no credential of that id
   */
  update(
    id: Uint8Array,
    members: {
      readonly backupEligible?: boolean;
      readonly backupState?: boolean;
      readonly signCount?: number;
      /** Of discoverable credentials alone. */
      readonly userName?: string;
      readonly userDisplayName?: string;
    },
  ): Promise<boolean> {
    return this.#exclusively(async () => {
      const { credentials, environment } = this.#authenticator;
      const found = this.#find(id);
      const { userName, userDisplayName, ...more } = members;
      const user = found?.discoverable?.user;
      const named = user && {
        user: { ...user, name: userName ?? user.name, displayName: userDisplayName ?? user.displayName },
      };
      if (found) await environment.store.commit([credentials.update(found, { ...more, ...named })]);
      return found !== undefined;
    });
  }

  #find(id: Uint8Array): Credential | undefined {
    for (const credential of this.#authenticator.credentials.portable()) {
      if (equalBytes(credential.id, id)) return credential;
    }
    return undefined;
  }

  #removal(credential: Credential): StoreChange[] {
    const { blobs, credentials } = this.#authenticator;
    return [credentials.discard(credential), ...blobs.removal(credential)];
  }

  #insertion(credential: PortableCredential & { readonly rpId: string }, rpIdHash: Uint8Array): StoreChange[] {
    const { blobs, credentials, model } = this.#authenticator;
    const { id, rpId, alg, privateKey, publicKey, signCount, largeBlob } = credential;
    const core = {
      id,
      alg,
      privateKey,
      credProtect: 1,
      hmacSecret: model.extensions.includes('hmac-secret'),
      largeBlob: model.extensions.includes('largeBlob') || undefined,
      backupEligible: credential.backupEligibility,
      backupState: credential.backupState,
      signCount,
    };
    const stored = largeBlob ? [blobs.write(id, largeBlob)] : [];
    if (!credential.isDiscoverable) return [credentials.keep({ ...core, rpId, rpIdHash }), ...stored];
    const { userHandle = new Uint8Array(0), userName, userDisplayName } = credential;
    const { sequence, change } = credentials.nextSequence();
    const user = { id: userHandle, name: userName, displayName: userDisplayName };
    const record = { ...core, version: RECORD_VERSION, rp: { id: rpId }, user, sequence, publicKey };
    return [change, credentials.put(record), ...stored];
  }

  #exported(credential: Credential): ExportedPortableCredential {
    const { id, discoverable, kept, alg, privateKey, signCount, backupEligible, backupState } = credential;
    return {
      id,
      isDiscoverable: discoverable !== undefined,
      rpId: discoverable?.rp.id ?? kept?.rpId,
      rpIdHash: kept?.rpIdHash ?? this.#authenticator.credentials.rpIdHash(discoverable?.rp.id ?? ''),
      userHandle: discoverable?.user.id,
      userName: discoverable?.user.name,
      userDisplayName: discoverable?.user.displayName,
      alg,
      privateKey,
      signCount: signCount ?? 0,
      backupEligibility: backupEligible ?? false,
      backupState: backupState ?? false,
      largeBlob: this.#authenticator.blobs.get(id),
    };
  }
}
