/** The serialized large-blob array: the stored one, and the one that is being written (CTAP 2.3 §6.10). */
import { INITIAL_LARGE_BLOB_ARRAY } from '../../ctap/commands/large-blobs.ts';
import type { Store, StoreChange } from '../environment.ts';
import type { StatefulCommand } from './stateful.ts';

const PATH = 'largeBlobs';

/** A write that has begun: its fragments so far. */
export interface PendingWrite extends StatefulCommand {
  readonly array: Uint8Array;
  nextOffset: number;
  token: StatefulCommand['token'];
}

export class LargeBlobArray {
  readonly #store: Store;
  pending: PendingWrite | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The serialized array, its hash at the end. */
  get stored(): Uint8Array {
    return this.#store.get(PATH) ?? INITIAL_LARGE_BLOB_ARRAY;
  }

  async replace(array: Uint8Array): Promise<void> {
    await this.#store.commit([{ path: PATH, value: array }]);
  }

  /** The change that takes the array back to the initial one. */
  removal(): StoreChange {
    return { path: PATH, value: undefined };
  }
}
