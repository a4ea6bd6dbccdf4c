/** The enrolled fingers: one record for each template. */
import { toHex } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { bytes, type Infer, message, optional, required, text, uint } from '../../ctap/schema.ts';
import type { Store, StoreChange } from '../environment.ts';

const DIRECTORY = 'fingerprint/';

const templateRecord = message('fingerprint template', {
  id: required(1, bytes()),
  /** What the simulated sensor calls the finger. */
  finger: required(2, text),
  /** Grows with each enrolment: the order of enumeration. */
  sequence: required(3, uint),
  friendlyName: optional(4, text),
});
export type Template = Infer<typeof templateRecord>;

export class Fingerprints {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get count(): number {
    return this.#store.count(DIRECTORY);
  }

  /** All templates, the oldest first. */
  list(): Template[] {
    const templates = Array.from(this.#store.list(DIRECTORY), ([, record]) => read(record));
    return templates.sort((a, b) => a.sequence - b.sequence);
  }

  find(id: Uint8Array): Template | undefined {
    const record = this.#store.get(path(id));
    return record && read(record);
  }

  async put(template: Template): Promise<void> {
    await this.#store.commit([{ path: path(template.id), value: encodeCbor(templateRecord.encode(template)) }]);
  }

  async remove(id: Uint8Array): Promise<void> {
    await this.#store.commit([{ path: path(id), value: undefined }]);
  }

  /** Changes that delete every template. */
  removeAll(): StoreChange[] {
    return Array.from(this.#store.list(DIRECTORY), ([place]) => ({ path: place, value: undefined }));
  }
}

function path(id: Uint8Array): string {
  return `${DIRECTORY}${toHex(id)}`;
}

function read(record: Uint8Array): Template {
  return templateRecord.decode(decodeCbor(record), 'fingerprint template');
}
