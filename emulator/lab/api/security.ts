/** Who may use the control API: programs that hold the token, under the lab's own name, from the lab's own pages. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '../problem.ts';

/** What of a request counts; header names in lower case. */
export interface RequestHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

/**
 * Against DNS rebinding and pages of others.
 * @param hosts `host:port` that the Host header may carry
 * @throws Problem 421, 403
 */
export function checkHostAndOrigin({ host, origin }: RequestHeaders, hosts: readonly string[]): void {
  if (host === undefined || !hosts.includes(host)) {
    throw new Problem(421, 'wrong_host', `expected a Host header of ${hosts.join(' or ')}, got ${host ?? 'none'}`);
  }
  if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
    throw new Problem(403, 'wrong_origin', `pages of ${origin} may not use this lab`);
  }
}

/** The token of an Authorization header; undefined where there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** Compares in constant time: digests have one length, whatever was sent. */
export function equalSecrets(given: string, secret: string): boolean {
  const [a, b] = [given, secret].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** @throws Problem 401 */
export function checkToken(given: string | undefined, token: string): void {
  if (given === undefined) throw new Problem(401, 'no_token', 'expected an Authorization header: Bearer TOKEN');
  if (!equalSecrets(given, token)) {
    throw new Problem(401, 'wrong_token', 'the bearer token is not the one of this lab');
  }
}
