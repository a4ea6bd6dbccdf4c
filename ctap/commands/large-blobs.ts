/** authenticatorLargeBlobs (0x0C): CTAP 2.3 §6.10. */
import { concat, fromHex, utf8 } from '../bytes.ts';
import { bytes, type Infer, message, optional, required, uint } from '../schema.ts';
import { Command } from './index.ts';

export const largeBlobsRequest = message('authenticatorLargeBlobs', {
  /** Bytes to read from `offset`; comes without `set`. */
  get: optional(0x01, uint),
  /** A fragment to write at `offset`. */
  set: optional(0x02, bytes()),
  offset: optional(0x03, uint),
  /** Of the whole array; only with the first fragment. */
  length: optional(0x04, uint),
  pinUvAuthParam: optional(0x05, bytes()),
  pinUvAuthProtocol: optional(0x06, uint),
});
export type LargeBlobsRequest = Infer<typeof largeBlobsRequest>;

export const largeBlobsResponse = message('authenticatorLargeBlobs response', {
  config: optional(0x01, bytes()),
});
export type LargeBlobsResponse = Infer<typeof largeBlobsResponse>;

/** The serialized large-blob array of a new key: an empty CBOR array and the left half of its SHA-256. */
export const INITIAL_LARGE_BLOB_ARRAY: Uint8Array = fromHex('8076be8b528d0075f7aae98d6fa57a6d3c');

/** Bytes of SHA-256 that end the serialized array. */
export const LARGE_BLOB_HASH_LENGTH = 16;

/** The shortest array that can be written, its hash counted. */
export const MIN_LARGE_BLOB_ARRAY_LENGTH = 17;

/** What a message has beyond its fragment, at most: maxFragmentLength is maxMsgSize less this. */
export const LARGE_BLOB_OVERHEAD = 64;

/** What pinUvAuthParam authenticates of a write; `fragmentHash` is the SHA-256 of the fragment. */
export function largeBlobsAuthMessage(offset: number, fragmentHash: Uint8Array): Uint8Array {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, offset, true);
  const prefix = new Uint8Array(34).fill(0xff, 0, 32);
  prefix[32] = Command.authenticatorLargeBlobs;
  return concat(prefix, place, fragmentHash);
}

/** Bytes of a large-blob map's AES-GCM nonce. */
export const LARGE_BLOB_NONCE_LENGTH = 12;

/** An element of the array: one credential's blob (§6.10.3). Elements of any other shape are not ours to touch. */
export const largeBlobMap = message('large-blob map', {
  /** AEAD_AES_256_GCM under the credential's largeBlobKey, of the blob compressed by DEFLATE (RFC 1951). */
  ciphertext: required(0x01, bytes()),
  nonce: required(0x02, bytes(LARGE_BLOB_NONCE_LENGTH)),
  /** Bytes of the blob before it was compressed. */
  origSize: required(0x03, uint),
});
export type LargeBlobMap = Infer<typeof largeBlobMap>;

/** The associated data of a large-blob map's encryption. */
export function largeBlobAssociatedData(origSize: number): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(origSize), true);
  return concat(utf8('blob'), size);
}
