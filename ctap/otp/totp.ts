/** Time-based one-time passwords: RFC 6238. */
import { type HotpOptions, hotp } from './hotp.ts';

export interface TotpOptions extends HotpOptions {
  /** Seconds of a time step; default 30. */
  readonly period?: number | undefined;
}

/**
 * The time step of a moment (RFC 6238 §4.2, T0 = 0).
 * @param seconds since the Unix epoch, fractions allowed
 */
export function timeStep(seconds: number, period = 30): bigint {
  if (!Number.isInteger(period) || period < 1) {
    throw new RangeError(`period: expected a whole number of seconds from 1 up, got ${period}`);
  }
  if (!(seconds >= 0) || !Number.isFinite(seconds)) {
    throw new RangeError(`time: expected seconds since 1970, got ${seconds}`);
  }
  return BigInt(Math.floor(seconds / period));
}

/** The one-time password of a moment. @throws RangeError for a time, period or number of digits out of range */
export function totp(secret: Uint8Array, seconds: number, { period, ...options }: TotpOptions = {}): string {
  return hotp(secret, timeStep(seconds, period), options);
}

export interface TotpSearch extends TotpOptions {
  /** Steps to either side that are taken as well (RFC 6238 §5.2); default 1. */
  readonly window?: number | undefined;
}

/** The time step whose password `code` is, nearest to now first; undefined where none in the window has it. */
export function findTotp(
  secret: Uint8Array,
  code: string,
  seconds: number,
  { window = 1, period, ...options }: TotpSearch = {},
): bigint | undefined {
  const now = timeStep(seconds, period);
  for (let distance = 0n; distance <= BigInt(window); distance++) {
    for (const step of distance === 0n ? [now] : [now - distance, now + distance]) {
      if (step >= 0n && hotp(secret, step, options) === code) return step;
    }
  }
  return undefined;
}
