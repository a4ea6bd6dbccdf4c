/**
 * CTAP2 canonical CBOR (CTAP 2.3 §8 "Message Encoding"). Decoding is strict: every rule is checked by
 * {@link assertCanonical} before cbor-x sees a byte.
 */
import { Decoder } from 'cbor-x';
import type { CborValue } from './cbor-encode.ts';
import { CtapError } from './status.ts';

export { type CborKey, type CborMap, type CborValue, compareKeys, encodeCbor } from './cbor-encode.ts';

/** Deepest nesting of arrays and maps in a CTAP2 message, the outermost counted. */
export const MAX_NESTING = 4;

const utf8Decoder = new TextDecoder('utf-8', { fatal: true });
const codec = new Decoder({ mapsAsObjects: false, useRecords: false, copyBuffers: false });

function invalid(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_INVALID_CBOR', detail);
}

/** Walks one item from `offset`, returns the offset after it; throws CTAP2_ERR_INVALID_CBOR at the first fault. */
function walk(bytes: Uint8Array, offset: number, depth: number, nesting: number): number {
  const initial = bytes[offset];
  if (initial === undefined) throw invalid(`expected an item at byte ${offset}, the message ends there`);
  const major = initial >> 5;
  const info = initial & 31;
  let next = offset + 1;
  let argument = info;
  if (info >= 24) {
    if (info > 27) throw invalid(`indefinite or reserved length at byte ${offset}`);
    const width = 1 << (info - 24);
    if (next + width > bytes.length) throw invalid(`truncated at byte ${offset}`);
    if (major === 7) return checkSimple(bytes, offset, info, next + width);
    argument = 0;
    for (let i = 0; i < width; i++) argument = argument * 256 + bytes[next + i]!;
    next += width;
    const least = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x10000 : 0x100000000;
    if (argument < least) throw invalid(`non-minimal integer or length at byte ${offset}`);
  }
  switch (major) {
    case 0:
    case 1:
      return next;
    case 2:
    case 3: {
      const end = next + argument;
      if (end > bytes.length) throw invalid(`string at byte ${offset} of ${argument} bytes runs past the end`);
      if (major === 3) checkUtf8(bytes, next, end);
      return end;
    }
    case 4:
      if (depth >= nesting) throw invalid(`nesting deeper than ${nesting} levels at byte ${offset}`);
      for (let i = 0; i < argument; i++) next = walk(bytes, next, depth + 1, nesting);
      return next;
    case 5:
      if (depth >= nesting) throw invalid(`nesting deeper than ${nesting} levels at byte ${offset}`);
      return walkMap(bytes, next, argument, depth + 1, nesting);
    case 6:
      throw invalid(`tag at byte ${offset}; CTAP2 allows none`);
    default:
      return checkSimple(bytes, offset, info, next);
  }
}

function walkMap(bytes: Uint8Array, offset: number, pairs: number, depth: number, nesting: number): number {
  let next = offset;
  let previousStart = -1;
  let previousEnd = -1;
  for (let i = 0; i < pairs; i++) {
    const start = next;
    const major = (bytes[start] ?? 0) >> 5;
    if (major > 1 && major !== 3) throw invalid(`map key at byte ${start} is neither an integer nor text`);
    next = walk(bytes, start, depth, nesting);
    if (previousStart >= 0 && !precedes(bytes, previousStart, previousEnd, start, next)) {
      throw invalid(`map key at byte ${start} is a duplicate or out of order`);
    }
    previousStart = start;
    previousEnd = next;
    next = walk(bytes, next, depth, nesting);
  }
  return next;
}

/** Canonical key order: minimal encodings compare bytewise, which puts lower major types and shorter keys first. */
function precedes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  const shared = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!;
    if (difference !== 0) return difference < 0;
  }
  return aEnd - a < bEnd - b;
}

function checkUtf8(bytes: Uint8Array, start: number, end: number): void {
  let i = start;
  while (i < end && bytes[i]! < 0x80) i++; // nearly every text in CTAP is ASCII: skip the decoder for it
  if (i === end) return;
  try {
    utf8Decoder.decode(bytes.subarray(i, end));
  } catch {
    throw invalid(`text at byte ${start} is not UTF-8`);
  }
}

function checkSimple(bytes: Uint8Array, offset: number, info: number, next: number): number {
  if (info >= 20 && info <= 22) return next; // false, true, null
  if (info >= 25 && info <= 27) return next; // floats keep their width (§8)
  throw invalid(`simple value 0x${bytes[offset]!.toString(16)} at byte ${offset} has no meaning in CTAP2`);
}

/**
 * Checks that `bytes` is one CTAP2 canonical CBOR item and nothing else.
 * @throws CtapError CTAP2_ERR_INVALID_CBOR naming the byte where the first rule is broken
 */
export function assertCanonical(bytes: Uint8Array, nesting: number = MAX_NESTING): void {
  const end = walk(bytes, 0, 0, nesting);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} trailing bytes after the item`);
}

/**
 * Decodes one canonical item. Byte strings are views of one copy of `bytes`, theirs alone: copying each costs more than
 * all the rest.
 * @throws CtapError CTAP2_ERR_INVALID_CBOR
 */
export function decodeCbor(bytes: Uint8Array, nesting: number = MAX_NESTING): CborValue {
  assertCanonical(bytes, nesting);
  return codec.decode(bytes.slice()) as CborValue;
}

/**
 * Decodes one canonical item at the start of `bytes`, for authenticator data, where what follows is its own.
 * @returns the value and how many bytes it took
 * @throws CtapError CTAP2_ERR_INVALID_CBOR
 */
export function decodeCborPrefix(
  bytes: Uint8Array,
  nesting: number = MAX_NESTING,
): { value: CborValue; length: number } {
  const length = walk(bytes, 0, 0, nesting);
  return { value: codec.decode(bytes.slice(0, length)) as CborValue, length };
}
