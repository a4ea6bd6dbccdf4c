/** What authenticatorConfig has set (CTAP 2.3 §6.11): stored, and back at the model's defaults after a reset. */
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { array, bool, type Infer, message, required, text, uint } from '../../ctap/schema.ts';
import type { Store, StoreChange } from '../environment.ts';
import type { Model } from '../models/model.ts';

const PATH = 'config';

const configRecord = message('config record', {
  alwaysUv: required(1, bool),
  enterpriseAttestation: required(2, bool),
  minPINLength: required(3, uint),
  /** RP IDs that may learn the PIN policy by an extension. */
  minPinLengthRPIDs: required(4, array(text)),
  pinComplexityPolicy: required(5, bool),
  longTouchForReset: required(6, bool),
  /** RP IDs of vendor-facilitated enterprise attestation, added to the model's own. */
  enterpriseRpIds: required(7, array(text)),
});
export type ConfigRecord = Infer<typeof configRecord>;

function defaults(model: Model): ConfigRecord {
  return {
    alwaysUv: false,
    enterpriseAttestation: false,
    minPINLength: model.minPINLength,
    minPinLengthRPIDs: [],
    pinComplexityPolicy: model.pinComplexity !== undefined && !model.pinComplexity.configurable,
    longTouchForReset: model.longTouchForReset === 'always',
    enterpriseRpIds: [],
  };
}

export class ConfigState {
  readonly #store: Store;
  readonly #model: Model;
  #record: ConfigRecord;

  constructor(store: Store, model: Model) {
    this.#store = store;
    this.#model = model;
    const stored = store.get(PATH);
    this.#record = stored ? configRecord.decode(decodeCbor(stored), PATH) : defaults(model);
  }

  /** The settings now. */
  get now(): Readonly<ConfigRecord> {
    return this.#record;
  }

  /** Stores new values of some settings. */
  async set(changes: Partial<ConfigRecord>, also: readonly StoreChange[] = []): Promise<void> {
    const record = { ...this.#record, ...changes };
    await this.#store.commit([{ path: PATH, value: encodeCbor(configRecord.encode(record)) }, ...also]);
    this.#record = record;
  }

  /** The change that takes everything back; call {@link forget} once it is stored. */
  removal(): StoreChange {
    return { path: PATH, value: undefined };
  }

  forget(): void {
    this.#record = defaults(this.#model);
  }
}
