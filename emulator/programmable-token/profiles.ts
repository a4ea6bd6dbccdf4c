/** What a programmable token keeps for each of its profiles. */
import { ByteReader } from '../../ctap/byte-reader.ts';
import { concat, fromUtf8, utf8 } from '../../ctap/bytes.ts';
import {
  DEFAULT_TOKEN_CONFIG,
  decodeSettings,
  encodeSettings,
  type TokenConfig,
} from '../../ctap/token2/token-settings.ts';
import type { Store, StoreChange } from '../environment.ts';

const PROFILES = 'token/profile/';

export interface TokenProfileState {
  /** Empty where it has none. It outlives the seed. */
  readonly title: string;
  readonly seed: Uint8Array | undefined;
  readonly config: TokenConfig;
  /** False until a configuration was written. */
  readonly configured: boolean;
}

const EMPTY: TokenProfileState = { title: '', seed: undefined, config: DEFAULT_TOKEN_CONFIG, configured: false };

export class TokenProfiles {
  readonly #store: Store;
  readonly #count: number;

  constructor(store: Store, count: number) {
    this.#store = store;
    this.#count = count;
  }

  /** @throws RangeError for a profile that the token does not have */
  get(profile: number): TokenProfileState {
    const stored = this.#store.get(this.#path(profile));
    return stored === undefined ? EMPTY : decode(stored);
  }

  async change(profile: number, changes: Partial<TokenProfileState>): Promise<void> {
    await this.#store.commit([{ path: this.#path(profile), value: encode({ ...this.get(profile), ...changes }) }]);
  }

  /** Erases all profiles, and makes the other changes with that. */
  async removeAll(others: readonly StoreChange[]): Promise<void> {
    const removals = Array.from(this.#store.list(PROFILES), ([path]): StoreChange => ({ path, value: undefined }));
    await this.#store.commit([...removals, ...others]);
  }

  #path(profile: number): string {
    if (Number.isInteger(profile) && profile >= 0 && profile < this.#count) return `${PROFILES}${profile}`;
    throw new RangeError(`expected a profile from 0 to ${this.#count - 1}, got ${profile}`);
  }
}

/** The configuration's tags are those of the wire, so that one reader serves both. */
function encode({ title, seed = new Uint8Array(), config, configured }: TokenProfileState): Uint8Array {
  const text = utf8(title);
  const head = Uint8Array.of(configured ? 1 : 0, text.length, seed.length);
  return concat(head, text, seed, encodeSettings('molto2', { time: 0, config }));
}

function decode(stored: Uint8Array): TokenProfileState {
  const reader = new ByteReader(stored, 'token profile');
  const configured = reader.uint(1, 'configured') === 1;
  const [titleLength, seedLength] = [reader.uint(1, 'title length'), reader.uint(1, 'seed length')];
  const title = fromUtf8(reader.bytes(titleLength, 'title'));
  const seed = reader.bytes(seedLength, 'seed').slice();
  const { config = DEFAULT_TOKEN_CONFIG } = decodeSettings('molto2', reader.bytes(reader.remaining, 'settings'));
  return { title, configured, config, seed: seed.length === 0 ? undefined : seed };
}
