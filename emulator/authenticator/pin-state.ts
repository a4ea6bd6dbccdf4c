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
  /** True where the model's complexity rule accepts the PIN, whether it was in force or not. */
  complex: required(5, bool),
});
type PinRecord = Infer<typeof pinRecord>;

/** What is kept of a PIN. */
export type NewPin = Pick<PinRecord, 'hash' | 'length' | 'complex'>;

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

  /** True where a PIN is set that a policy of this length and rule would not take. */
  violates(minPINLength: number, complexity: boolean): boolean {
    const record = this.#record;
    return record !== undefined && (record.length < minPINLength || (complexity && !record.complex));
  }

  /** Stores a new PIN with all its retries, and `also` in the same commit. */
  async set(pin: NewPin, also: readonly StoreChange[] = []): Promise<void> {
    await this.#save({ ...pin, retries: MAX_PIN_RETRIES, forceChange: false }, also);
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
   * Compares a PIN hash, spending a retry first; where it is right, `also` is stored with the retries that come back.
   * @throws CtapError CTAP2_ERR_PIN_INVALID, CTAP2_ERR_PIN_AUTH_BLOCKED or CTAP2_ERR_PIN_BLOCKED
   */
  async verify(hash: Uint8Array, also: readonly StoreChange[] = []): Promise<void> {
    this.assertUsable();
    const record = this.#record!;
    await this.#save({ ...record, retries: record.retries - 1 });
    if (!timingSafeEqual(hash, record.hash)) {
      this.#consecutiveMismatches++;
      this.assertUsable();
      throw new CtapError('CTAP2_ERR_PIN_INVALID', `${this.retries} retries left`);
    }
    this.#consecutiveMismatches = 0;
    await this.#save({ ...record, retries: MAX_PIN_RETRIES }, also);
  }

  /** The change that demands another PIN; call {@link demandChange} once it is stored. None where no PIN is set. */
  changeDemand(): StoreChange[] {
    return this.#record ? [change({ ...this.#record, forceChange: true })] : [];
  }

  demandChange(): void {
    if (this.#record) this.#record = { ...this.#record, forceChange: true };
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

  async #save(record: PinRecord, also: readonly StoreChange[] = []): Promise<void> {
    await this.#store.commit([change(record), ...also]);
    this.#record = record;
  }
}

function change(record: PinRecord): StoreChange {
  return { path: PATH, value: encodeCbor(pinRecord.encode(record)) };
}
