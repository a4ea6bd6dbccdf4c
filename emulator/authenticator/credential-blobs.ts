/** The blobs that the extension largeBlob keeps, one a credential: CTAP 2.3 §12.4. */
import { toHex } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { LARGE_BLOB, type LargeBlobRequest, largeBlobAssertionOutput } from '../../ctap/extensions/large-blob.ts';
import { bytes, type Infer, message, required, uint } from '../../ctap/schema.ts';
import type { Environment, StoreChange } from '../environment.ts';
import type { Credential } from './credentials.ts';

const DIRECTORY = 'blob/';

const blobRecord = message('credential blob', {
  /** As the platform has compressed it. */
  blob: required(1, bytes()),
  originalSize: required(2, uint),
});
type BlobRecord = Infer<typeof blobRecord>;

/** What comes of one request: what to answer, and what to store with the assertion. */
export interface BlobExchange {
  readonly outputs: Record<string, CborMap> | undefined;
  readonly changes: readonly StoreChange[];
}

export class CredentialBlobs {
  readonly #environment: Environment;
  readonly #most: number;

  /** @param most how many blobs there is room for */
  constructor(environment: Environment, most: number) {
    this.#environment = environment;
    this.#most = most;
  }

  /**
   * Reads or writes the blob of a credential.
   * @param named true where the platform has named the credential, and its user is present: nothing is written else
   */
  exchange(request: LargeBlobRequest, credential: Credential, named: boolean): BlobExchange {
    if (request.kind === 'read') {
      const found = this.get(credential.id);
      return { outputs: found && { [LARGE_BLOB]: largeBlobAssertionOutput.encode(found) }, changes: [] };
    }
    const written = named && credential.largeBlob === true && this.#hasRoom(credential.id);
    const { blob, originalSize } = request;
    return {
      outputs: { [LARGE_BLOB]: largeBlobAssertionOutput.encode({ written }) },
      changes: written ? [this.write(credential.id, { blob, originalSize })] : [],
    };
  }

  /** The change that stores a blob. */
  write(id: Uint8Array, record: BlobRecord): StoreChange {
    return { path: this.#path(id), value: encodeCbor(blobRecord.encode(record)) };
  }

  /** The changes that delete the blob of a credential that goes. */
  removal({ id, largeBlob }: Pick<Credential, 'id' | 'largeBlob'>): StoreChange[] {
    return largeBlob ? [{ path: this.#path(id), value: undefined }] : [];
  }

  /** Changes that delete every blob. */
  removeAll(): StoreChange[] {
    return Array.from(this.#environment.store.list(DIRECTORY), ([path]) => ({ path, value: undefined }));
  }

  get(id: Uint8Array): BlobRecord | undefined {
    const record = this.#environment.store.get(this.#path(id));
    return record && blobRecord.decode(decodeCbor(record), blobRecord.name);
  }

  #hasRoom(id: Uint8Array): boolean {
    return this.#environment.store.count(DIRECTORY) < this.#most || this.get(id) !== undefined;
  }

  #path(id: Uint8Array): string {
    return `${DIRECTORY}${toHex(this.#environment.crypto.sha256(id))}`;
  }
}
