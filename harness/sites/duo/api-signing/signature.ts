/** Signatures of Duo's Auth API and Admin API: HTTP Basic of the integration key and an HMAC under its secret. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalForms, type SignedRequest } from './canonical.ts';
import { ApiError } from './envelope.ts';

/** How far the date of a request may be from now, either way. Duo does not publish its own figure. */
const DATE_WINDOW_MS = 5 * 60 * 1000;

/** HMAC-SHA1 and HMAC-SHA512 in hexadecimal. Version 2 came with either, later versions with the second alone. */
const SIGNATURE = /^([0-9a-f]{40}|[0-9a-f]{128})$/;

/** Whose key signed, and with what. */
export interface SigningKey {
  /** 20 characters. */
  readonly key: string;
  /** 40 characters. */
  readonly secret: string;
}

export interface Credentials {
  readonly key: string;
  readonly signature: string;
}

/**
 * Reads an Authorization header.
 * @throws ApiError 40101 where it is missing or not HTTP Basic of `key:signature`
 */
export function parseAuthorization(header: string | undefined): Credentials {
  if (header === undefined || header === '') throw new ApiError(40101, 'Missing request credentials');
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const [key, signature, ...more] = Buffer.from(encoded ?? '', 'base64')
    .toString('latin1')
    .split(':');
  if (key === undefined || signature === undefined || more.length > 0) {
    throw new ApiError(40101, 'Invalid request credentials');
  }
  return { key, signature: signature.toLowerCase() };
}

/**
 * Whether the date of a request is near enough. A request that is sent again within that time is not refused, as
 * Duo does not either: TLS keeps others from having it, and a passcode in it counts once.
 * @throws ApiError 40104 without a date, 40105 with one that is not readable or too far from `now`
 */
export function checkDate(date: string | undefined, now: number): string {
  if (date === undefined || date === '') throw new ApiError(40104, 'Missing request timestamp');
  const time = Date.parse(date);
  if (Number.isNaN(time) || Math.abs(time - now) > DATE_WINDOW_MS) throw new ApiError(40105, 'Bad request timestamp');
  return date;
}

/** Whether `signature` is that of the request under the secret, for one of the hosts; in constant time. */
export function signatureMatches(
  request: SignedRequest,
  hosts: readonly string[],
  { signature, secret }: { signature: string; secret: string },
): boolean {
  if (!SIGNATURE.test(signature)) return false;
  const algorithm = signature.length === 40 ? 'sha1' : 'sha512';
  const given = Buffer.from(signature, 'hex');
  let matches = false;
  for (const host of hosts) {
    for (const text of canonicalForms({ ...request, host })) {
      const expected = createHmac(algorithm, secret).update(text).digest();
      matches = timingSafeEqual(expected, given) || matches;
    }
  }
  return matches;
}
