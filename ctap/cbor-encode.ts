/** The writing half of {@link ./cbor.ts}: CTAP2 canonical form (CTAP 2.3 §8). */
import { compareBytes, utf8 } from './bytes.ts';

/** What a CTAP2 message can hold. Maps keep integer or text keys; integers beyond 2^53 are bigint. */
export type CborValue = number | bigint | string | boolean | null | Uint8Array | CborValue[] | CborMap;
export type CborKey = number | bigint | string;
export type CborMap = Map<CborKey, CborValue>;

// cbor-x has no form for integers from -2^32 to -2^31-1 but one that is not minimal, so encoding is ours.
let output = new Uint8Array(4096);
let used = 0;

/** Makes room for `length` more bytes. */
function reserve(length: number): void {
  if (used + length <= output.length) return;
  const grown = new Uint8Array(Math.max(output.length * 2, used + length));
  grown.set(output.subarray(0, used));
  output = grown;
}

/** Writes a major type and its argument in the shortest form. */
function writeHead(major: number, argument: number): void {
  reserve(9);
  const type = major << 5;
  if (argument < 24) {
    output[used++] = type | argument;
  } else if (argument < 0x100) {
    output[used++] = type | 24;
    output[used++] = argument;
  } else if (argument < 0x10000) {
    output[used++] = type | 25;
    output[used++] = argument >> 8;
    output[used++] = argument;
  } else if (argument < 0x100000000) {
    output[used++] = type | 26;
    writeUint32(argument);
  } else {
    output[used++] = type | 27;
    writeUint32(Math.floor(argument / 0x100000000));
    writeUint32(argument % 0x100000000);
  }
}

function writeUint32(value: number): void {
  output[used++] = value >>> 24;
  output[used++] = value >>> 16;
  output[used++] = value >>> 8;
  output[used++] = value;
}

function writeBigInt(value: bigint): void {
  const major = value < 0n ? 1 : 0;
  const argument = value < 0n ? -1n - value : value;
  if (argument > 0xffffffffffffffffn) throw new RangeError(`CBOR holds integers of 64 bits, got ${value}`);
  if (argument <= 0xffffffffn) {
    writeHead(major, Number(argument));
    return;
  }
  reserve(9);
  output[used++] = (major << 5) | 27;
  writeUint32(Number(argument >> 32n));
  writeUint32(Number(argument & 0xffffffffn));
}

function writeNumber(value: number): void {
  if (Number.isSafeInteger(value)) {
    if (value < 0) writeHead(1, -1 - value);
    else writeHead(0, value);
    return;
  }
  reserve(9);
  output[used++] = 0xfb;
  new DataView(output.buffer).setFloat64(used, value);
  used += 8;
}

/** Nearly every text in CTAP is ASCII, whose bytes are its characters. */
function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) >= 0x80) return false;
  return true;
}

function writeText(value: string): void {
  if (!isAscii(value)) {
    writeBytes(3, utf8(value));
    return;
  }
  writeHead(3, value.length);
  reserve(value.length);
  for (let i = 0; i < value.length; i++) output[used++] = value.charCodeAt(i);
}

function writeBytes(major: number, value: Uint8Array): void {
  writeHead(major, value.length);
  reserve(value.length);
  output.set(value, used);
  used += value.length;
}

function writeMap(map: CborMap): void {
  writeHead(5, map.size);
  let previous: CborKey | undefined;
  let sorted = true;
  for (const key of map.keys()) {
    if (previous !== undefined && compareKeys(previous, key) >= 0) sorted = false;
    previous = key;
  }
  const entries = sorted ? map : [...map].sort(([a], [b]) => compareKeys(a, b));
  for (const [key, value] of entries) {
    write(key);
    write(value);
  }
}

function write(value: CborValue): void {
  if (typeof value === 'number') writeNumber(value);
  else if (typeof value === 'string') writeText(value);
  else if (value instanceof Uint8Array) writeBytes(2, value);
  else if (value instanceof Map) writeMap(value);
  else if (typeof value === 'boolean') writeHead(7, value ? 21 : 20);
  else if (typeof value === 'bigint') writeBigInt(value);
  else if (value === null) writeHead(7, 22);
  else if (Array.isArray(value)) writeArray(value);
  else throw new TypeError(`CTAP2 CBOR has no form for ${typeof value}`);
}

function writeArray(items: readonly CborValue[]): void {
  writeHead(4, items.length);
  for (const item of items) write(item);
}

/**
 * Encodes a value in CTAP2 canonical form: sorted keys, shortest integers and lengths.
 * @throws RangeError for integers beyond 64 bits, TypeError for what CBOR cannot hold
 */
export function encodeCbor(value: CborValue): Uint8Array {
  used = 0;
  write(value);
  return output.slice(0, used);
}

function majorOf(key: CborKey): number {
  return typeof key === 'string' ? 3 : key < 0 ? 1 : 0;
}

/** CTAP2 canonical order of two map keys: major type, then length, then bytes. */
export function compareKeys(a: CborKey, b: CborKey): number {
  const major = majorOf(a) - majorOf(b);
  if (major !== 0) return major;
  if (typeof a === 'string' && typeof b === 'string') {
    if (isAscii(a) && isAscii(b)) return a.length - b.length || (a < b ? -1 : a === b ? 0 : 1);
    const [left, right] = [utf8(a), utf8(b)];
    return left.length - right.length || compareBytes(left, right);
  }
  if (a === b) return 0;
  return a < b === (majorOf(a) === 0) ? -1 : 1; // negative integers: nearer to zero is shorter, so first
}
