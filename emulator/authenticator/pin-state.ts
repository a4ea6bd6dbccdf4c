/** The stored PIN: its hash, its length, its retries (CTAP 2.3 §6.5.1, §6.5.2). Each retry is stored before the PIN is compared. */
import { timingSafeEqual } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { bool, bytes, type Infer, message, required, uint } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Store, StoreChange } from '../environment.ts';

const PATH = 'pin';
export const MAX_PIN_RETRIES = 8;
const MAX_CONSECUTIVE_MISMATCHES = 3;

const pinRecord = message('PIN record', {
  /** LEFT(SHA-256(PIN), 16) */
  hash: required(1, bytes(16)),
  /** In code points. */
  length: required(2, uint),
  retries: required(3, uint),
  forceChange: required(4, bool),
});
type PinRecord = Infer<typeof pinRecord>;

export class PinState {
  readonly #store: Store;
  #record: PinRecord | undefined;
  #consecutiveMismatches = 0;

  constructor(store: Store) {
    this.#store = store;
    const stored = store.get(PATH);
    this.#record = stored && pinRecord.decode(decodeCbor(stored), PATH);
  }

  get isSet(): boolean {
    return this.#record !== undefined;
  }

  get retries(): number {
    return this.#record?.retries ?? MAX_PIN_RETRIES;
  }

  get forceChange(): boolean {
    return this.#record?.forceChange ?? false;
  }

  /** True after three wrong PINs in a row: nothing but a power cycle helps. */
  get needsPowerCycle(): boolean {
    return this.#consecutiveMismatches >= MAX_CONSECUTIVE_MISMATCHES;
  }

  /** True where `hash` is the one of the PIN that is set. */
  is(hash: Uint8Array): boolean {
    return this.#record !== undefined && timingSafeEqual(hash, this.#record.hash);
  }

  /** Stores a new PIN with all its retries. */
  async set(hash: Uint8Array, length: number): Promise<void> {
    await this.#save({ hash, length, retries: MAX_PIN_RETRIES, forceChange: false });
    this.#consecutiveMismatches = 0;
  }

  /** @throws CtapError unless a PIN is set and may be tried now */
  assertUsable(): void {
    if (!this.#record) throw new CtapError('CTAP2_ERR_PIN_NOT_SET');
    if (this.#record.retries === 0) throw new CtapError('CTAP2_ERR_PIN_BLOCKED');
    if (this.needsPowerCycle)
      throw new CtapError('CTAP2_ERR_PIN_AUTH_BLOCKED', 'three wrong PINs: plug the key in again');
  }

  /**
   * Compares a PIN hash, spending a retry first.
   * @throws CtapError CTAP2_ERR_PIN_INVALID, CTAP2_ERR_PIN_AUTH_BLOCKED or CTAP2_ERR_PIN_BLOCKED
   */
  async verify(hash: Uint8Array): Promise<void> {
    this.assertUsable();
    const record = this.#record!;
    await this.#save({ ...record, retries: record.retries - 1 });
    if (!timingSafeEqual(hash, record.hash)) {
      this.#consecutiveMismatches++;
      this.assertUsable();
      throw new CtapError('CTAP2_ERR_PIN_INVALID', `${this.retries} retries left`);
    }
    this.#consecutiveMismatches = 0;
    await this.#save({ ...record, retries: MAX_PIN_RETRIES });
  }

  /** Ends the lock of three wrong PINs in a row; the retries stay spent. */
  powerCycle(): void {
    this.#consecutiveMismatches = 0;
  }

  /** The change that forgets the PIN; call {@link forget} once it is stored. */
  removal(): StoreChange {
    return { path: PATH, value: undefined };
  }

  forget(): void {
    this.#record = undefined;
    this.#consecutiveMismatches = 0;
  }

  async #save(record: PinRecord): Promise<void> {
    await this.#store.commit([{ path: PATH, value: encodeCbor(pinRecord.encode(record)) }]);
    this.#record = record;
  }
}
