/** HMAC-based one-time passwords: RFC 4226; with SHA-256 and SHA-512 as RFC 6238 §1.2 allows. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { uintBytes } from '../byte-reader.ts';

export type OtpAlgorithm = 'SHA1' | 'SHA256' | 'SHA512';

const hashes = { SHA1: sha1, SHA256: sha256, SHA512: sha512 } as const;

export const MIN_DIGITS = 4;
export const MAX_DIGITS = 10;
const MAX_COUNTER = 2n ** 64n - 1n;

export interface HotpOptions {
  /** Default SHA1. */
  readonly algorithm?: OtpAlgorithm | undefined;
  /** 4 to 10; default 6. With 10, the first digit is 0, 1 or 2 (31 bits are no more). */
  readonly digits?: number | undefined;
}

/** HMAC of `message` under `secret`, with the hash that `algorithm` names. */
export function otpMac(algorithm: OtpAlgorithm, secret: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(hashes[algorithm], secret, message);
}

/** Dynamic truncation (RFC 4226 §5.3): 31 bits from where the last nibble points. */
export function dynamicTruncation(mac: Uint8Array): number {
  const offset = mac[mac.length - 1]! & 0x0f;
  return new DataView(mac.buffer, mac.byteOffset).getUint32(offset) & 0x7fffffff;
}

/** The last `digits` decimal digits of a truncated value, with leading zeros. */
export function otpDigits(truncated: number, digits: number): string {
  if (!Number.isInteger(digits) || digits < MIN_DIGITS || digits > MAX_DIGITS) {
    throw new RangeError(`digits: expected ${MIN_DIGITS} to ${MAX_DIGITS}, got ${digits}`);
  }
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

/**
 * The one-time password of a counter (RFC 4226 §5.3).
 * @param secret at least one byte
 * @param counter 0 to 2^64-1
 * @throws RangeError for a counter or number of digits out of range, or an empty secret
 */
export function hotp(secret: Uint8Array, counter: number | bigint, options: HotpOptions = {}): string {
  const { algorithm = 'SHA1', digits = 6 } = options;
  if (secret.length === 0) throw new RangeError('secret: expected at least one byte, got none');
  const moving = BigInt(counter);
  if (moving < 0n || moving > MAX_COUNTER) {
    throw new RangeError(`counter: expected 0 to 2^64-1, got ${counter}`);
  }
  return otpDigits(dynamicTruncation(otpMac(algorithm, secret, uintBytes(moving, 8))), digits);
}

export interface HotpSearch extends HotpOptions {
  /** How many counters beyond `counter` are tried (RFC 4226 §7.4); default 0. */
  readonly lookAhead?: number | undefined;
}

/** The counter whose password `code` is, from `counter` on; undefined where none within the look-ahead has it. */
export function findHotp(
  secret: Uint8Array,
  code: string,
  counter: number | bigint,
  { lookAhead = 0, ...options }: HotpSearch = {},
): bigint | undefined {
  const first = BigInt(counter);
  for (let ahead = 0n; ahead <= BigInt(lookAhead) && first + ahead <= MAX_COUNTER; ahead++) {
    if (hotp(secret, first + ahead, options) === code) return first + ahead;
  }
  return undefined;
}
