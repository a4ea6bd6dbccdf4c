/** A person of the relying party. `handle` is the WebAuthn user handle: 32 random bytes, base64url. */
export interface StoredUser {
  readonly username: string;
  readonly handle: string;
  readonly createdAt: number;
}

/** An enrolled credential record (WebAuthn Level 3 §4). Times are milliseconds since 1970; `id` is base64url. */
export interface StoredKey {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** COSE_Key bytes as the authenticator returned them. */
  readonly publicKey: Uint8Array;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly attestationFormat: string;
  /** Whether the registration carried the UV flag. */
  readonly userVerified: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** What came of {@link DuoStore.addKey}. */
export type AddKeyOutcome = 'added' | 'key-taken' | 'user-taken';

/** All that the site keeps. Each method is atomic: the site relies on it against concurrent requests. */
export interface DuoStore {
  findUser(username: string): Promise<StoredUser | undefined>;
  /** Keys of an account in the order of their enrolment; empty for an unknown account. */
  keysOf(username: string): Promise<readonly StoredKey[]>;
  findKey(id: string): Promise<StoredKey | undefined>;
  /**
   * Adds a key, and its user when the account is new. Refuses a credential id that any account has
   * (WebAuthn Level 3 §7.1 step 26) and an account that exists with another user handle.
   */
  addKey(user: StoredUser, key: StoredKey): Promise<AddKeyOutcome>;
  /**
   * Takes a signature counter by WebAuthn Level 3 §7.2 step 22: true and stored when both counters are zero
   * or the new one is greater, otherwise false and nothing changes.
   */
  recordUse(id: string, signCount: number, usedAt: number): Promise<boolean>;
}

/** A store that lives as long as the process. */
export class MemoryStore implements DuoStore {
  readonly #users = new Map<string, StoredUser>();
  readonly #keys = new Map<string, StoredKey>();
  readonly #keyIds = new Map<string, string[]>();

  async findUser(username: string): Promise<StoredUser | undefined> {
    return this.#users.get(username);
  }

  async keysOf(username: string): Promise<readonly StoredKey[]> {
    const ids = this.#keyIds.get(username) ?? [];
    return ids.map((id) => this.#keys.get(id)).filter((key) => key !== undefined);
  }

  async findKey(id: string): Promise<StoredKey | undefined> {
    return this.#keys.get(id);
  }

  async addKey(user: StoredUser, key: StoredKey): Promise<AddKeyOutcome> {
    if (this.#keys.has(key.id)) return 'key-taken';
    const existing = this.#users.get(user.username);
    if (existing !== undefined && existing.handle !== user.handle) return 'user-taken';
    this.#users.set(user.username, existing ?? user);
    this.#keys.set(key.id, key);
    this.#keyIds.set(user.username, [...(this.#keyIds.get(user.username) ?? []), key.id]);
    return 'added';
  }

  async recordUse(id: string, signCount: number, usedAt: number): Promise<boolean> {
    const key = this.#keys.get(id);
    if (key === undefined) return false;
    if ((signCount !== 0 || key.signCount !== 0) && signCount <= key.signCount) return false;
    this.#keys.set(id, { ...key, signCount, lastUsedAt: usedAt });
    return true;
  }
}
