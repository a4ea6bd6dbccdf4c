/**
 * CTAP2 canonical CBOR (CTAP 2.3 §8 "Message Encoding"): the reading half; {@link ./cbor-encode.ts} writes. Checking and
 * reading are one pass, so that no byte is taken at another meaning than it was checked for.
 */
import type { CborKey, CborMap, CborValue } from './cbor-encode.ts';
import { CtapError } from './status.ts';

export { type CborKey, type CborMap, type CborValue, compareKeys, encodeCbor } from './cbor-encode.ts';

/** Deepest nesting of arrays and maps in a CTAP2 message, the outermost counted. */
export const MAX_NESTING = 4;

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Longest text that is looked for among those read before: names of members and extensions. */
const SHORT_TEXT = 20;
/** Texts read before, each at a place that follows from its bytes. */
const known: (string | undefined)[] = new Array(512).fill(undefined);

// The item under way. One at a time: reading never waits.
let input: Uint8Array = new Uint8Array(0);
let position = 0;
let nesting = MAX_NESTING;

function invalid(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_INVALID_CBOR', detail);
}

/** The argument of a head whose first byte, at `offset`, has been read; its shortest form alone is taken. */
function readArgument(info: number, offset: number): number | bigint {
  if (info < 24) return info;
  if (info > 27) throw invalid(`indefinite or reserved length at byte ${offset}`);
  const width = 1 << (info - 24);
  if (position + width > input.length) throw invalid(`truncated at byte ${offset}`);
  let value = 0;
  for (let i = 0; i < Math.min(width, 4); i++) value = value * 256 + input[position++]!;
  // For the widest it is the upper half that must not be zero.
  const least = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x10000 : 1;
  if (value < least) throw invalid(`non-minimal integer or length at byte ${offset}`);
  if (width < 8) return value;
  let low = 0;
  for (let i = 0; i < 4; i++) low = low * 256 + input[position++]!;
  return value < 0x200000 ? value * 0x100000000 + low : (BigInt(value) << 32n) | BigInt(low);
}

/** How many bytes or items follow. */
function readLength(info: number, offset: number): number {
  return Number(readArgument(info, offset)); // beyond 2^53 it is more than there is in any case
}

function readNegative(info: number, offset: number): number | bigint {
  const argument = readArgument(info, offset);
  if (typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER) return -1 - argument;
  return -1n - BigInt(argument);
}

/** Where a string of that length ends. */
function endOfString(length: number, offset: number): number {
  const end = position + length;
  if (end > input.length) throw invalid(`string at byte ${offset} of ${length} bytes runs past the end`);
  return end;
}

function readText(length: number, offset: number): string {
  const start = position;
  const end = endOfString(length, offset);
  position = end;
  if (length <= SHORT_TEXT) {
    const text = readShortText(start, end);
    if (text !== undefined) return text;
  }
  try {
    return utf8Decoder.decode(input.subarray(start, end));
  } catch {
    throw invalid(`text at byte ${start} is not UTF-8`);
  }
}

/** Nearly every text in CTAP is one of a few words; undefined where it is not ASCII. */
function readShortText(start: number, end: number): string | undefined {
  let place = end - start;
  for (let i = start; i < end; i++) {
    if (input[i]! >= 0x80) return undefined;
    place = (place * 31 + input[i]!) & 511;
  }
  const candidate = known[place];
  if (candidate !== undefined && isText(candidate, start, end)) return candidate;
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(input[i]!);
  known[place] = text;
  return text;
}

function isText(text: string, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== input[i]) return false;
  return true;
}

function readMap(pairs: number, depth: number): CborMap {
  const map: CborMap = new Map();
  let previousStart = -1;
  let previousEnd = -1;
  for (let i = 0; i < pairs; i++) {
    const start = position;
    const major = (input[start] ?? 0) >> 5;
    if (major > 1 && major !== 3) throw invalid(`map key at byte ${start} is neither an integer nor text`);
    const key = read(depth) as CborKey;
    if (previousStart >= 0 && !precedes(previousStart, previousEnd, start, position)) {
      throw invalid(`map key at byte ${start} is a duplicate or out of order`);
    }
    previousStart = start;
    previousEnd = position;
    map.set(key, read(depth));
  }
  return map;
}

/** Canonical key order: minimal encodings compare bytewise, which puts lower major types and shorter keys first. */
function precedes(a: number, aEnd: number, b: number, bEnd: number): boolean {
  const shared = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < shared; i++) {
    const difference = input[a + i]! - input[b + i]!;
    if (difference !== 0) return difference < 0;
  }
  return aEnd - a < bEnd - b;
}

function readSimple(info: number, offset: number): boolean | null | number {
  if (info === 20) return false;
  if (info === 21) return true;
  if (info === 22) return null;
  if (info < 25 || info > 27) {
    // With 24 the value is in the byte that follows, if there is one.
    if (info > 27) throw invalid(`indefinite or reserved length at byte ${offset}`);
    if (info === 24 && position === input.length) throw invalid(`truncated at byte ${offset}`);
    throw invalid(`simple value 0x${input[offset]!.toString(16)} at byte ${offset} has no meaning in CTAP2`);
  }
  const width = 1 << (info - 24);
  if (position + width > input.length) throw invalid(`truncated at byte ${offset}`);
  const view = new DataView(input.buffer, input.byteOffset + position, width);
  position += width; // floats keep their width (§8)
  return width === 8 ? view.getFloat64(0) : width === 4 ? view.getFloat32(0) : halfFloat(view.getUint16(0));
}

/** IEEE 754 binary16 (RFC 8949 appendix D). */
function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Reads the item at {@link position}; `depth` counts the arrays and maps around it. */
function read(depth: number): CborValue {
  const offset = position;
  const initial = input[offset];
  if (initial === undefined) throw invalid(`expected an item at byte ${offset}, the message ends there`);
  position = offset + 1;
  const info = initial & 31;
  switch (initial >> 5) {
    case 0:
      return readArgument(info, offset);
    case 1:
      return readNegative(info, offset);
    case 2: {
      const end = endOfString(readLength(info, offset), offset);
      const bytes = input.subarray(position, end);
      position = end;
      return bytes;
    }
    case 3:
      return readText(readLength(info, offset), offset);
    case 4: {
      const length = readLength(info, offset);
      if (depth >= nesting) throw invalid(`nesting deeper than ${nesting} levels at byte ${offset}`);
      const items: CborValue[] = [];
      for (let i = 0; i < length; i++) items.push(read(depth + 1));
      return items;
    }
    case 5: {
      const pairs = readLength(info, offset);
      if (depth >= nesting) throw invalid(`nesting deeper than ${nesting} levels at byte ${offset}`);
      return readMap(pairs, depth + 1);
    }
    case 6:
      throw invalid(`tag at byte ${offset}; CTAP2 allows none`);
    default:
      return readSimple(info, offset);
  }
}

/**
 * Decodes one canonical item. Byte strings are views of one copy of `bytes`, theirs alone: copying each costs more than
 * all the rest. Integers beyond 2^53 are bigint.
 * @throws CtapError CTAP2_ERR_INVALID_CBOR naming the byte where the first rule is broken
 */
export function decodeCbor(bytes: Uint8Array, depth: number = MAX_NESTING): CborValue {
  const { value, length } = decodeCborPrefix(bytes, depth);
  if (length !== bytes.length) throw invalid(`${bytes.length - length} trailing bytes after the item`);
  return value;
}

/**
 * Decodes one canonical item at the start of `bytes`, for authenticator data, where what follows is its own.
 * @returns the value and how many bytes it took
 * @throws CtapError CTAP2_ERR_INVALID_CBOR
 */
export function decodeCborPrefix(bytes: Uint8Array, depth: number = MAX_NESTING): { value: CborValue; length: number } {
  // A plain copy: slice() of a Buffer is none.
  input = new Uint8Array(bytes.length);
  input.set(bytes);
  position = 0;
  nesting = depth;
  const value = read(0);
  return { value, length: position };
}
