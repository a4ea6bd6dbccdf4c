/**
 * The persistentPinUvAuthToken: CTAP 2.3 §6.5.5.7. It survives power cycles, only reads credentials, and is another one
 * after a change of the PIN or a reset. Who holds it can read two members of getInfo that nobody else can.
 */
import { concat, utf8 } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { bool, bytes, type Infer, message, required } from '../../ctap/schema.ts';
import type { Environment, StoreChange } from '../environment.ts';

const PATH = 'persistentToken';
const TOKEN_LENGTH = 32;
const IV_LENGTH = 16;
const KEY_LENGTH = 16;
const NO_SALT = new Uint8Array(32);

const persistentTokenRecord = message('persistent token record', {
  token: required(1, bytes(TOKEN_LENGTH)),
  /** True once a platform has it. */
  granted: required(2, bool),
});
type PersistentTokenRecord = Infer<typeof persistentTokenRecord>;

export class PersistentToken {
  readonly #environment: Environment;
  readonly #keys = new Map<string, Uint8Array>();
  #record: PersistentTokenRecord | undefined;
  #next: PersistentTokenRecord | undefined;

  private constructor(environment: Environment, record: PersistentTokenRecord | undefined) {
    this.#environment = environment;
    this.#record = record;
  }

  /** Reads the token or draws the first one. Models that lack the feature have none. */
  static async open(environment: Environment, supported: boolean): Promise<PersistentToken> {
    if (!supported) return new PersistentToken(environment, undefined);
    const stored = environment.store.get(PATH);
    if (stored) return new PersistentToken(environment, persistentTokenRecord.decode(decodeCbor(stored), PATH));
    const fresh = new PersistentToken(environment, draw(environment));
    await environment.store.commit(fresh.#changes(fresh.#record!));
    return fresh;
  }

  /** The bytes of the token, for faults that know who has it; undefined where there is none. */
  get value(): Uint8Array | undefined {
    return this.#record?.token;
  }

  /** The token for a platform that may have it. */
  async grant(): Promise<Uint8Array> {
    const record = this.#record;
    if (!record) throw new Error('this model has no persistent token');
    if (!record.granted) {
      const granted = { ...record, granted: true };
      await this.#environment.store.commit(this.#changes(granted));
      this.#record = granted;
    }
    return record.token;
  }

  /** True where `parameter` was made of `message` with the token, and a platform has it. */
  verify(protocol: PinUvAuthProtocol, message: Uint8Array, parameter: Uint8Array): boolean {
    return this.#record?.granted === true && protocol.verify(this.#record.token, message, parameter);
  }

  /** The changes that put a fresh token in the place of this one; call {@link refresh} once they are stored. */
  renewal(): StoreChange[] {
    if (!this.#record) return [];
    this.#next = draw(this.#environment);
    return this.#changes(this.#next);
  }

  refresh(): void {
    this.#record = this.#next ?? this.#record;
    this.#next = undefined;
    this.#keys.clear();
  }

  /**
   * Encrypts 16 bytes for the token's holder: a fresh IV, then AES-128-CBC under HKDF-SHA-256 of the token with `info`
   * (§6.4 encIdentifier, encCredStoreState). Undefined on models without the token, which are not asked for the bytes.
   */
  seal(info: string, plain: () => Uint8Array): Uint8Array | undefined {
    if (!this.#record) return undefined;
    const { crypto, random } = this.#environment;
    let key = this.#keys.get(info);
    if (!key) {
      key = crypto.hkdfSha256(this.#record.token, NO_SALT, utf8(info), KEY_LENGTH);
      this.#keys.set(info, key);
    }
    const iv = random.bytes(IV_LENGTH);
    return concat(iv, crypto.aesCbcEncrypt(key, iv, plain()));
  }

  #changes(record: PersistentTokenRecord): StoreChange[] {
    return [{ path: PATH, value: encodeCbor(persistentTokenRecord.encode(record)) }];
  }
}

function draw({ random }: Environment): PersistentTokenRecord {
  return { token: random.bytes(TOKEN_LENGTH), granted: false };
}
