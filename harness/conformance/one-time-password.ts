/** One-time passwords as the checks compute them: by OpenSSL, on no path that a key of ours shares (RFC 4226 §5.3). */
import { createHmac } from 'node:crypto';

interface PasswordOptions {
  readonly digits: number;
  readonly algorithm: 'SHA1' | 'SHA256';
}

/** The password of a counter. */
export function passwordOf(seed: Uint8Array, counter: number, { digits, algorithm }: PasswordOptions): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm, seed).update(moving).digest();
  const truncated = mac.readUInt32BE(mac[mac.length - 1]! & 0x0f) & 0x7fffffff;
  return String(truncated).padStart(digits, '0').slice(-digits);
}

/** The password of a moment, in seconds since 1970 (RFC 6238 §4.2). */
export function passwordAt(
  seed: Uint8Array,
  seconds: number,
  { period, ...options }: PasswordOptions & { readonly period: number },
): string {
  return passwordOf(seed, Math.floor(seconds / period), options);
}
