import { BlockList, isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { SiteError } from './site.ts';

const MAXIMUM_BODY_BYTES = 64 * 1024;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Where a site is: what its guards compare with. */
export interface Place {
  readonly origin: string;
  readonly port: number;
}

/** Whether a listen address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Headers of every answer: a strict content security policy and no caching of what is personal. A route that sets one
 * of them keeps its own.
 */
export function securityHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.header(name, value);
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
  };
}

/**
 * Refuses a Host header that is not the site's own, so that a foreign name which resolves here (DNS rebinding)
 * reaches nothing. A page asked for by loopback address is sent to the name, where WebAuthn works.
 */
export function checkHost(site: Place): MiddlewareHandler {
  const expected = new URL(site.origin).host;
  const byAddress = new Set([`127.0.0.1:${site.port}`, `[::1]:${site.port}`, `localhost:${site.port}`]);
  return async (c, next) => {
    const host = c.req.header('host');
    if (host?.toLowerCase() === expected) return next();
    const isPage = c.req.method === 'GET' && !c.req.path.startsWith('/api/');
    if (host !== undefined && byAddress.has(host) && isPage) return c.redirect(`${site.origin}${c.req.path}`, 302);
    throw new SiteError(
      421,
      'wrong_host',
      `This site answers for the host ${expected}, not ${JSON.stringify(host ?? '')}.`,
    );
  };
}

/** Refuses a change that another site's page asks for (cross-site request forgery). */
export function checkOrigin(site: Place): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    const origin = c.req.header('origin');
    const fetchSite = c.req.header('sec-fetch-site');
    const foreign =
      (origin !== undefined && origin !== site.origin) ||
      (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none');
    if (foreign) {
      throw new SiteError(
        403,
        'wrong_origin',
        `Requests must come from ${site.origin}, not ${origin ?? 'another site'}.`,
      );
    }
    return next();
  };
}

/** Refuses a body over 64 KiB, or another limit in bytes. */
export function limitBody(maxSize = MAXIMUM_BODY_BYTES): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new SiteError(413, 'too_large', `The body must not be larger than ${maxSize} bytes.`);
    },
  });
}
