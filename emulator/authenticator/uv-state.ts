/** Retries of built-in user verification (CTAP 2.3 §6.5.1 uvRetries): stored before the finger is looked at. */
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { type Infer, message, required, uint } from '../../ctap/schema.ts';
import type { Store, StoreChange } from '../environment.ts';

const PATH = 'uv';
export const MAX_UV_RETRIES = 3;

const uvRecord = message('UV record', {
  retries: required(1, uint),
  /** Verifications since a PIN was last entered, failed ones counted. */
  countSinceLastPinEntry: required(2, uint),
});
type UvRecord = Infer<typeof uvRecord>;

const FRESH: UvRecord = { retries: MAX_UV_RETRIES, countSinceLastPinEntry: 0 };

export class UvState {
  readonly #store: Store;
  #record: UvRecord;

  constructor(store: Store) {
    this.#store = store;
    const stored = store.get(PATH);
    this.#record = stored ? uvRecord.decode(decodeCbor(stored), PATH) : FRESH;
  }

  get retries(): number {
    return this.#record.retries;
  }

  get countSinceLastPinEntry(): number {
    return this.#record.countSinceLastPinEntry;
  }

  /** Spends a retry on a try that is about to be made. */
  spend(): Promise<void> {
    const { retries, countSinceLastPinEntry } = this.#record;
    return this.#save({ retries: retries - 1, countSinceLastPinEntry: countSinceLastPinEntry + 1 });
  }

  /** Takes all retries away. */
  async block(): Promise<void> {
    if (this.#record.retries > 0) await this.#save({ ...this.#record, retries: 0 });
  }

  /** The user was verified: all retries are back. */
  succeed(): Promise<void> {
    return this.#save({ ...this.#record, retries: MAX_UV_RETRIES });
  }

  /** The changes that a right PIN, a new one or a reset brings: all retries are back; call {@link refresh} once stored. */
  renewal(): StoreChange[] {
    return this.#record === FRESH ? [] : [{ path: PATH, value: undefined }];
  }

  refresh(): void {
    this.#record = FRESH;
  }

  async #save(record: UvRecord): Promise<void> {
    await this.#store.commit([{ path: PATH, value: encodeCbor(uvRecord.encode(record)) }]);
    this.#record = record;
  }
}
