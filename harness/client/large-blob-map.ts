/** One credential's blob in the large-blob array: compressed, and sealed under its largeBlobKey (CTAP 2.3 §6.10.3). */
import { concat } from '../../ctap/bytes.ts';
import type { CborValue } from '../../ctap/cbor.ts';
import {
  LARGE_BLOB_NONCE_LENGTH,
  type LargeBlobMap,
  largeBlobAssociatedData,
  largeBlobMap,
} from '../../ctap/commands/large-blobs.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import { CtapError } from '../../ctap/status.ts';

/** An element of the array as a large-blob map; undefined for one of another shape, as another platform may keep there. */
export function readLargeBlobMap(element: CborValue): LargeBlobMap | undefined {
  try {
    return largeBlobMap.decode(element, 'large-blob map');
  } catch (error) {
    if (error instanceof CtapError) return undefined;
    throw error;
  }
}

export async function sealBlob(crypto: Crypto, key: Uint8Array, blob: Uint8Array): Promise<CborValue> {
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(LARGE_BLOB_NONCE_LENGTH));
  const origSize = blob.length;
  const ciphertext = crypto.aesGcmSeal(key, nonce, await deflate(blob), largeBlobAssociatedData(origSize));
  return largeBlobMap.encode({ ciphertext, nonce, origSize });
}

/** What was compressed; undefined where another key sealed it. */
export function openCompressed(crypto: Crypto, key: Uint8Array, map: LargeBlobMap): Uint8Array | undefined {
  return crypto.aesGcmOpen(key, map.nonce, map.ciphertext, largeBlobAssociatedData(map.origSize));
}

/** Raw DEFLATE (RFC 1951), by what every browser and Node bring along. */
export async function deflate(data: Uint8Array): Promise<Uint8Array> {
  return concat(...(await collect(new CompressionStream('deflate-raw'), data)));
}

/**
 * Undoes DEFLATE, to exactly `length` bytes; also where an older program has put zlib's frame (RFC 1950) around it.
 * @throws RangeError where it does not come to that: nobody gets more memory than was announced
 */
export async function inflate(compressed: Uint8Array, length: number): Promise<Uint8Array> {
  const data = (await inflated('deflate-raw', compressed, length)) ?? (await inflated('deflate', compressed, length));
  if (data?.length === length) return data;
  const got = data === undefined ? 'other data' : data.length > length ? 'more' : data.length;
  throw new RangeError(`expected DEFLATE of ${length} bytes, got ${got}`);
}

/** Undefined for data of another format; a little more than `limit` bytes where there would be far more. */
async function inflated(
  format: 'deflate' | 'deflate-raw',
  compressed: Uint8Array,
  limit: number,
): Promise<Uint8Array | undefined> {
  try {
    return concat(...(await collect(new DecompressionStream(format), compressed, limit)));
  } catch (error) {
    if (error instanceof TypeError || isZlibError(error)) return undefined;
    throw error;
  }
}

/** What Node throws where the standard has a TypeError. */
function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/** What comes out of a stream that `data` goes into; no more of it than it takes to exceed `limit` bytes. */
async function collect(
  stream: CompressionStream | DecompressionStream,
  data: Uint8Array,
  limit = Number.POSITIVE_INFINITY,
): Promise<Uint8Array[]> {
  const writer = stream.writable.getWriter();
  // what fails on the way in fails on the way out too, where it is told
  const ignore = () => {};
  writer.write(new Uint8Array(data)).catch(ignore);
  writer.close().catch(ignore);
  const chunks: Uint8Array[] = [];
  const reader = stream.readable.getReader();
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
    length += value.length;
    if (length <= limit) continue;
    await reader.cancel();
    return chunks;
  }
}
