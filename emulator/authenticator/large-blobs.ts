/** authenticatorLargeBlobs: CTAP 2.3 §6.10.2. The array is opaque to the key but for the hash at its end. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  LARGE_BLOB_HASH_LENGTH,
  LARGE_BLOB_OVERHEAD,
  type LargeBlobsRequest,
  largeBlobsAuthMessage,
  largeBlobsRequest,
  largeBlobsResponse,
  MIN_LARGE_BLOB_ARRAY_LENGTH,
} from '../../ctap/commands/large-blobs.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import type { PendingWrite } from './large-blob-array.ts';
import { requireToken } from './pin-uv-auth-param.ts';

function invalid(detail: string): CtapError {
  return new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
}

export async function largeBlobs(authenticator: Authenticator, value: CborValue): Promise<CborMap | undefined> {
  const request = largeBlobsRequest.decode(value, 'authenticatorLargeBlobs');
  const { get, set, offset } = request;
  if (offset === undefined) throw invalid('offset is missing');
  if (get !== undefined && set !== undefined) throw invalid('expected get or set, got both');
  if (get !== undefined) return read(authenticator, request, get, offset);
  if (set !== undefined) return write(authenticator, request, set, offset);
  throw invalid('expected get or set, got neither');
}

/** The longest fragment, in bytes. */
function maxFragmentLength({ maxMsgSize }: Authenticator): number {
  return maxMsgSize - LARGE_BLOB_OVERHEAD;
}

function assertFragmentLength(authenticator: Authenticator, length: number): void {
  const most = maxFragmentLength(authenticator);
  if (length <= most) return;
  throw new CtapError('CTAP1_ERR_INVALID_LENGTH', `expected a fragment of at most ${most} bytes, got ${length}`);
}

function read(authenticator: Authenticator, request: LargeBlobsRequest, get: number, offset: number): CborMap {
  if (request.length !== undefined) throw invalid('length goes with set alone');
  if (request.pinUvAuthParam !== undefined || request.pinUvAuthProtocol !== undefined) {
    throw invalid('reading takes no pinUvAuthParam');
  }
  assertFragmentLength(authenticator, get);
  const { stored } = authenticator.largeBlobs;
  if (offset > stored.length) throw invalid(`offset: expected at most ${stored.length}, got ${offset}`);
  return largeBlobsResponse.encode({ config: stored.subarray(offset, offset + get) });
}

async function write(
  authenticator: Authenticator,
  request: LargeBlobsRequest,
  fragment: Uint8Array,
  offset: number,
): Promise<undefined> {
  const { largeBlobs: blobs, environment } = authenticator;
  assertFragmentLength(authenticator, fragment.length);
  const now = environment.clock.now();
  let pending: PendingWrite | undefined;
  if (offset === 0) {
    const array = new Uint8Array(arrayLength(authenticator, request.length));
    pending = { array, nextOffset: 0, since: now, token: undefined };
  } else {
    if (request.length !== undefined) throw invalid('length comes with the first fragment alone');
    pending = blobs.pending && authenticator.mayContinue(blobs.pending) ? blobs.pending : undefined;
    if (offset !== pending?.nextOffset) {
      const expected = pending?.nextOffset ?? 0;
      throw new CtapError('CTAP1_ERR_INVALID_SEQ', `offset: expected ${expected}, got ${offset}`);
    }
  }
  if (authenticator.isProtected || authenticator.config.now.alwaysUv) {
    const message = largeBlobsAuthMessage(offset, environment.crypto.sha256(fragment));
    requireToken(authenticator, request, message, Permission.largeBlobWrite);
    pending.token ??= authenticator.token.inUse;
  }
  if (offset + fragment.length > pending.array.length) {
    throw invalid(`the fragment ends ${offset + fragment.length - pending.array.length} bytes behind the array`);
  }
  pending.array.set(fragment, offset);
  pending.nextOffset += fragment.length;
  pending.since = now;
  blobs.pending = pending;
  if (pending.nextOffset < pending.array.length) return;
  blobs.pending = undefined;
  assertIntact(authenticator, pending.array);
  await blobs.replace(pending.array);
}

function arrayLength({ model }: Authenticator, length: number | undefined): number {
  if (length === undefined) throw invalid('length is missing from the first fragment');
  if (length > model.maxSerializedLargeBlobArray) {
    const detail = `expected an array of at most ${model.maxSerializedLargeBlobArray} bytes, got ${length}`;
    throw new CtapError('CTAP2_ERR_LARGE_BLOB_STORAGE_FULL', detail);
  }
  if (length < MIN_LARGE_BLOB_ARRAY_LENGTH) {
    throw invalid(`length: expected at least ${MIN_LARGE_BLOB_ARRAY_LENGTH}, got ${length}`);
  }
  return length;
}

function assertIntact({ environment }: Authenticator, array: Uint8Array): void {
  const end = array.length - LARGE_BLOB_HASH_LENGTH;
  const hash = environment.crypto.sha256(array.subarray(0, end)).subarray(0, LARGE_BLOB_HASH_LENGTH);
  if (equalBytes(hash, array.subarray(end))) return;
  throw new CtapError('CTAP2_ERR_INTEGRITY_FAILURE', 'the array does not end in the hash of what comes before');
}
