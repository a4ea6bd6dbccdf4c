/** The large blobs on a key: authenticatorLargeBlobs, CTAP 2.3 §6.10. One array for all credentials, read and written whole. */
import { concat, equalBytes } from '../../ctap/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import {
  LARGE_BLOB_HASH_LENGTH,
  LARGE_BLOB_OVERHEAD,
  largeBlobsAuthMessage,
  MIN_LARGE_BLOB_ARRAY_LENGTH,
} from '../../ctap/commands/large-blobs.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Ctap2Client } from './ctap2.ts';
import type { ExchangeOptions } from './device.ts';
import { inflate, openCompressed, readLargeBlobMap, sealBlob } from './large-blob-map.ts';
import type { PinUvAuthToken } from './pin-uv-auth-token.ts';
import { owed, ProtocolError } from './protocol-error.ts';

/** Bytes: the least that a key may say in getInfo, and what it means by saying nothing (§6.4). */
const LEAST_MAX_MSG_SIZE = 1024;
const LEAST_MAX_ARRAY = 1024;
/** Other platforms' elements may be nested deeper than a message. */
const ELEMENT_NESTING = 16;

export interface LargeBlobsClientOptions {
  /** With the permission lbw: writing needs it, but on a key that has neither a PIN nor built-in verification set up. */
  readonly token?: PinUvAuthToken | undefined;
  /** Default: portable cryptography. */
  readonly crypto?: Crypto | undefined;
  /** For each exchange with the key. */
  readonly exchange?: ExchangeOptions | undefined;
}

export interface LargeBlobArray {
  /** Large-blob maps, and whatever other platforms keep among them. */
  readonly elements: readonly CborValue[];
  /** Bytes that the array takes on the key, its hash counted. */
  readonly size: number;
  /** False where the hash did not fit: what was there is lost, and the array is as a new one (§6.10.4). */
  readonly intact: boolean;
}

/** `key` is a credential's largeBlobKey, 32 bytes, in all methods. */
export class LargeBlobsClient {
  readonly ctap2: Ctap2Client;
  readonly #token: PinUvAuthToken | undefined;
  readonly #crypto: Crypto;
  readonly #exchange: ExchangeOptions | undefined;

  constructor(ctap2: Ctap2Client, { token, crypto = nobleCrypto, exchange }: LargeBlobsClientOptions = {}) {
    this.ctap2 = ctap2;
    this.#token = token;
    this.#crypto = crypto;
    this.#exchange = exchange;
  }

  /** Bytes of the largest array, its hash counted. */
  async capacity(): Promise<number> {
    return (await this.#info()).maxSerializedLargeBlobArray ?? LEAST_MAX_ARRAY;
  }

  /** Reads the array in fragments (§6.10.4). @throws ProtocolError where what the hash confirms is no array */
  async readArray(): Promise<LargeBlobArray> {
    const serialized = await this.#readSerialized();
    const end = serialized.length - LARGE_BLOB_HASH_LENGTH;
    const intact =
      serialized.length >= MIN_LARGE_BLOB_ARRAY_LENGTH &&
      equalBytes(this.#hash(serialized.subarray(0, end)), serialized.subarray(end));
    if (!intact) return { elements: [], size: serialized.length, intact };
    return { elements: decodeArray(serialized.subarray(0, end)), size: serialized.length, intact };
  }

  /**
   * Writes the array in fragments, the last of which the key keeps them all at once with (§6.10.5).
   * @throws CtapError CTAP2_ERR_LARGE_BLOB_STORAGE_FULL, before anything is sent
   */
  async writeArray(elements: readonly CborValue[]): Promise<void> {
    const array = encodeCbor([...elements]);
    const serialized = concat(array, this.#hash(array));
    const capacity = await this.capacity();
    if (serialized.length > capacity) {
      const detail = `expected an array of at most ${capacity} bytes, got ${serialized.length}`;
      throw new CtapError('CTAP2_ERR_LARGE_BLOB_STORAGE_FULL', detail);
    }
    const most = await this.#maxFragmentLength();
    for (let offset = 0; offset < serialized.length; offset += most) {
      const fragment = serialized.subarray(offset, offset + most);
      const length = offset === 0 ? serialized.length : undefined;
      const request = { set: fragment, offset, length, ...this.#authorize(offset, fragment) };
      await this.ctap2.largeBlobs(request, this.#exchange);
    }
  }

  /**
   * The blob of a credential; undefined where it has none.
   * @param array what was read before; read anew where absent
   * @throws RangeError where it was sealed by the right key, but does not decompress to its size
   */
  async get(key: Uint8Array, array?: LargeBlobArray): Promise<Uint8Array | undefined> {
    for (const element of (array ?? (await this.readArray())).elements) {
      const map = readLargeBlobMap(element);
      const compressed = map && openCompressed(this.#crypto, key, map);
      if (map && compressed) return inflate(compressed, map.origSize);
    }
    return undefined;
  }

  /** Writes the blob of a credential in place of the one before. @throws CtapError CTAP2_ERR_LARGE_BLOB_STORAGE_FULL */
  async set(key: Uint8Array, blob: Uint8Array): Promise<void> {
    const others = (await this.readArray()).elements.filter((element) => !this.#isSealedBy([key], element));
    await this.writeArray([...others, await sealBlob(this.#crypto, key, blob)]);
  }

  /** Deletes the blob of a credential; false where it has none. */
  async delete(key: Uint8Array): Promise<boolean> {
    return (await this.#keep((element) => !this.#isSealedBy([key], element))) > 0;
  }

  /**
   * Deletes the blobs whose credential is gone (§6.10.6): those that none of `keys` opens. Elements of another shape stay.
   * @param keys of all discoverable credentials on the key, see PasskeysClient
   * @returns how many were deleted
   */
  collectGarbage(keys: readonly Uint8Array[]): Promise<number> {
    return this.#keep((element) => !readLargeBlobMap(element) || this.#isSealedBy(keys, element));
  }

  /** Writes the array without what is not to be kept, where there is such; resolves to how many elements went. */
  async #keep(isKept: (element: CborValue) => boolean): Promise<number> {
    const { elements } = await this.readArray();
    const kept = elements.filter(isKept);
    if (kept.length < elements.length) await this.writeArray(kept);
    return elements.length - kept.length;
  }

  #isSealedBy(keys: readonly Uint8Array[], element: CborValue): boolean {
    const map = readLargeBlobMap(element);
    return map !== undefined && keys.some((key) => openCompressed(this.#crypto, key, map) !== undefined);
  }

  async #readSerialized(): Promise<Uint8Array> {
    const [most, capacity] = [await this.#maxFragmentLength(), await this.capacity()];
    const fragments: Uint8Array[] = [];
    for (let offset = 0; ; ) {
      const answer = await this.ctap2.largeBlobs({ get: most, offset }, this.#exchange);
      const fragment = owed(answer.config, 'config');
      fragments.push(fragment);
      offset += fragment.length;
      if (fragment.length > most || offset > capacity) {
        throw new ProtocolError(`expected fragments of ${most} and an array of ${capacity} bytes at most, got more`);
      }
      // a fragment as long as was asked for may not be the last one
      if (fragment.length < most) return concat(...fragments);
    }
  }

  #authorize(offset: number, fragment: Uint8Array): { pinUvAuthParam?: Uint8Array; pinUvAuthProtocol?: number } {
    if (!this.#token) return {};
    const message = largeBlobsAuthMessage(offset, this.#crypto.sha256(fragment));
    return { pinUvAuthParam: this.#token.authenticate(message), pinUvAuthProtocol: this.#token.protocol.version };
  }

  #hash(array: Uint8Array): Uint8Array {
    return this.#crypto.sha256(array).subarray(0, LARGE_BLOB_HASH_LENGTH);
  }

  async #maxFragmentLength(): Promise<number> {
    return Math.max((await this.#info()).maxMsgSize ?? 0, LEAST_MAX_MSG_SIZE) - LARGE_BLOB_OVERHEAD;
  }

  async #info() {
    const info = await this.ctap2.getInfo({ cached: true });
    if (info.options?.largeBlobs === true) return info;
    throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this key has no large blobs');
  }
}

function decodeArray(array: Uint8Array): CborValue[] {
  let value: CborValue;
  try {
    value = decodeCbor(array, ELEMENT_NESTING);
  } catch (cause) {
    if (!(cause instanceof CtapError)) throw cause;
    throw new ProtocolError(`large-blob array: ${cause.message}`, { cause });
  }
  if (Array.isArray(value)) return value;
  throw new ProtocolError('large-blob array: expected a CBOR array, got another item');
}
