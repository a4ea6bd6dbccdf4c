/** Just enough DER (X.690) to write certificates, so that a seeded key signs the same bytes each time, and to read ECDSA signatures. */
import { concat, utf8 } from '../../ctap/bytes.ts';

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  return concat(Uint8Array.of(tag), length(body.length), body);
}

function length(size: number): Uint8Array {
  if (size < 0x80) return Uint8Array.of(size);
  if (size < 0x100) return Uint8Array.of(0x81, size);
  if (size < 0x10000) return Uint8Array.of(0x82, size >> 8, size & 0xff);
  throw new RangeError(`DER: an element of ${size} bytes is larger than a certificate needs`);
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => element(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => element(0x31, ...items);
export const octetString = (content: Uint8Array): Uint8Array => element(0x04, content);
export const bitString = (content: Uint8Array, unusedBits = 0): Uint8Array =>
  element(0x03, Uint8Array.of(unusedBits), content);
export const boolean = (value: boolean): Uint8Array => element(0x01, Uint8Array.of(value ? 0xff : 0));
export const utf8String = (text: string): Uint8Array => element(0x0c, utf8(text));
export const printableString = (text: string): Uint8Array => element(0x13, utf8(text));
/** Context-specific constructed tag [n]. */
export const explicit = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => element(0xa0 | tag, ...content);

/** A non-negative INTEGER from big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return element(0x02, digits[0]! & 0x80 ? concat(Uint8Array.of(0), digits) : digits);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let value = Math.floor(arc / 128); value > 0; value = Math.floor(value / 128))
      groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(0x06, Uint8Array.from(bytes));
}

/** UTCTime to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(date: Date): Uint8Array {
  const digits = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return date.getUTCFullYear() < 2050 ? element(0x17, utf8(digits.slice(2))) : element(0x18, utf8(digits));
}

/**
 * An ECDSA signature as JOSE wants it (RFC 7518 §3.4): r and s one after the other.
 * @param signature SEQUENCE of two INTEGERs, as a Signer makes it
 * @param size bytes of r and of s
 */
export function ecdsaToRaw(signature: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size);
  let offset = signature[1]! & 0x80 ? 3 : 2; // after the tag and the length, which has a second byte for large curves
  for (const end of [size, 2 * size]) {
    const length = signature[offset + 1]!;
    const number = signature.subarray(offset + 2, offset + 2 + length);
    const digits = number.subarray(Math.max(0, length - size)); // without the zero that keeps it positive
    raw.set(digits, end - digits.length);
    offset += 2 + length;
  }
  return raw;
}
