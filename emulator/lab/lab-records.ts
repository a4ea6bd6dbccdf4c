/** What a lab keeps of its keys and tokens beside their own records, as JSON in a store. */
import { fromUtf8, utf8 } from '../../ctap/bytes.ts';
import type { Store, StoreChange } from '../environment.ts';
import { StoreError } from '../store/store-error.ts';

const LAST = 'last';

export type Numbered = 'key' | 'token';

export class LabRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** What was kept of it; undefined where nothing was. */
  get(kind: Numbered, id: string): Readonly<Record<string, unknown>> | undefined {
    const stored = this.#store.get(`${kind}/${id}`);
    if (stored === undefined) return undefined;
    const value: unknown = JSON.parse(fromUtf8(stored));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    throw new StoreError(`${kind}/${id}: expected a JSON object, got ${JSON.stringify(value)}`);
  }

  change(kind: Numbered, id: string, value: object | undefined): StoreChange {
    return { path: `${kind}/${id}`, value: value && utf8(JSON.stringify(value)) };
  }

  async put(kind: Numbered, id: string, value: object | undefined): Promise<void> {
    await this.commit([this.change(kind, id, value)]);
  }

  commit(changes: readonly StoreChange[]): Promise<void> | void {
    return this.#store.commit(changes);
  }

  /** The next number that nothing of its kind has had; `taken` are those that are in use. */
  async next(kind: Numbered, taken: Iterable<string>): Promise<number> {
    const path = `${LAST}/${kind}`;
    const stored = this.#store.get(path);
    const last = Math.max(stored === undefined ? 0 : Number(fromUtf8(stored)), ...Array.from(taken, Number));
    await this.#store.commit([{ path, value: utf8(String(last + 1)) }]);
    return last + 1;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
