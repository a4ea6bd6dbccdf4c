/** Base32 (RFC 4648 §6), as one-time password secrets are written. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Without padding, as otpauth URIs want it. */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let count = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff;
    count += 8;
    for (; count >= 5; count -= 5) text += ALPHABET[(bits >> (count - 5)) & 31];
  }
  return count === 0 ? text : text + ALPHABET[(bits << (5 - count)) & 31];
}

/**
 * Bytes of base32 in either case; padding, spaces and hyphens are passed over, as people copy secrets in groups.
 * @throws TypeError that tells the place but not the digits, which are a secret
 */
export function fromBase32(text: string): Uint8Array {
  const digits = text.replace(/[\s-]/g, '').replace(/=+$/, '');
  if ([1, 3, 6].includes(digits.length % 8)) {
    throw new TypeError(`expected base32, got ${digits.length} digits, a number it never has`);
  }
  const bytes = new Uint8Array(Math.floor((digits.length * 5) / 8));
  let bits = 0;
  let count = 0;
  let offset = 0;
  for (const [index, digit] of [...digits.toUpperCase()].entries()) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) throw new TypeError(`expected base32 (A-Z, 2-7), character ${index + 1} is none`);
    bits = ((bits << 5) | value) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes[offset++] = (bits >> count) & 0xff;
    }
  }
  return bytes;
}
