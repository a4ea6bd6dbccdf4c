/** The passkeys of a key, listed, made and deleted without its user: what lies in its store, not what a host may see. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import { type DiscoverableCredential, RECORD_VERSION } from '../authenticator/credential-records.ts';
import { DISCOVERABLE_ID_LENGTH, discoverableCredentialsOf } from '../authenticator/credentials.ts';
import { portableMembers } from '../authenticator/new-credential.ts';
import type { Exclusively } from '../portable-credentials.ts';

/** What a new passkey is to be; the key makes the rest. */
export interface NewPasskey {
  readonly rp: { readonly id: string; readonly name?: string | undefined };
  readonly user: {
    readonly id: Uint8Array;
    readonly name?: string | undefined;
    readonly displayName?: string | undefined;
  };
  /** COSE algorithm. Default: the one that the model likes best. */
  readonly alg?: number | undefined;
  /** credProtect level; default 1. */
  readonly credProtect?: 1 | 2 | 3 | undefined;
}

/** The key has no room for it, or cannot make it. */
export class PasskeyRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PasskeyRefused';
  }
}

export class KeyPasskeys {
  readonly #authenticator: Authenticator;
  readonly #exclusively: Exclusively;

  constructor(authenticator: Authenticator, exclusively: Exclusively) {
    this.#authenticator = authenticator;
    this.#exclusively = exclusively;
  }

  get count(): number {
    return this.#authenticator.credentials.count;
  }

  /** All of them, the oldest first. */
  list(): DiscoverableCredential[] {
    const found = discoverableCredentialsOf(this.#authenticator.environment.store);
    return found.sort((a, b) => a.sequence - b.sequence);
  }

  /** @returns false where there is none of that id */
  delete(id: Uint8Array): Promise<boolean> {
    return this.#exclusively(async () => {
      const { blobs, credentials, environment } = this.#authenticator;
      const found = credentials.findDiscoverable(id);
      if (found === undefined) return false;
      await environment.store.commit([
        credentials.remove(found),
        ...blobs.removal(found),
        credentials.nextSequence().change, // the state of the store is another then
      ]);
      return true;
    });
  }

  /**
   * Makes a passkey; one of the same user at the same site is replaced.
   * @throws PasskeyRefused where the model has none, no such algorithm, or no room
   */
  add({ rp, user, alg: wanted, credProtect = 1 }: NewPasskey): Promise<DiscoverableCredential> {
    return this.#exclusively(async () => {
      const { blobs, credentials, environment, model } = this.#authenticator;
      if (!this.#authenticator.supports('rk')) throw new PasskeyRefused(`the model ${model.name} keeps no passkeys`);
      const alg = wanted ?? model.algorithms[0];
      if (alg === undefined || !model.algorithms.includes(alg)) {
        throw new PasskeyRefused(`alg: expected one of ${model.algorithms.join(', ')}, got ${alg}`);
      }
      const replaced = credentials
        .list(credentials.rpIdHash(rp.id))
        .find(({ discoverable }) => equalBytes(discoverable!.user.id, user.id));
      if (replaced === undefined && credentials.count >= model.maxDiscoverableCredentials) {
        throw new PasskeyRefused(`all ${model.maxDiscoverableCredentials} places of the key are taken`);
      }
      const { crypto, random } = environment;
      const { privateKey, publicKey } = await crypto.generateKeyPair(alg, (length) => random.bytes(length));
      const { change, sequence } = credentials.nextSequence();
      const made: DiscoverableCredential = {
        version: RECORD_VERSION,
        id: random.bytes(DISCOVERABLE_ID_LENGTH),
        alg,
        privateKey,
        publicKey,
        rp,
        user,
        sequence,
        credProtect,
        hmacSecret: model.extensions.includes('hmac-secret'),
        ...portableMembers(this.#authenticator),
      };
      const removal = replaced ? [credentials.remove(replaced.discoverable!), ...blobs.removal(replaced)] : [];
      await environment.store.commit([change, ...removal, credentials.put(made)]);
      return made;
    });
  }
}
