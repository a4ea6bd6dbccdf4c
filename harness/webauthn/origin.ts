/** Who calls, and for which relying party: WebAuthn Level 3 §5.1.3 steps 6 to 8, HTML §7.1.1 and §7.1.1.2. */
import { isIP } from 'node:net';
import { getPublicSuffix } from 'tldts';
import { webauthnError } from './errors.ts';

/** A tuple origin of the web. */
export interface Origin {
  /** Scheme, host and, unless it is the default, port. */
  readonly serialized: string;
  readonly scheme: 'http' | 'https';
  /** Canonical: lower case, punycode, IPv6 in brackets. */
  readonly host: string;
}

/** The public suffix of a canonical domain; the private part of the list counts, and an unknown top-level domain is one. */
function publicSuffix(domain: string): string {
  return getPublicSuffix(domain, { allowPrivateDomains: true, detectIp: false }) ?? domain;
}

/** The public suffix and one label more; undefined where the domain is itself a public suffix. */
export function registrableDomain(domain: string): string | undefined {
  const suffix = publicSuffix(domain);
  if (domain === suffix || !domain.endsWith(`.${suffix}`)) return undefined;
  const label = domain
    .slice(0, -suffix.length - 1)
    .split('.')
    .at(-1);
  return `${label}.${suffix}`;
}

/**
 * Reads an origin as `location.origin` has it.
 * @throws TypeError where it is none, or has a path, a query or credentials
 */
export function parseOrigin(text: string): Origin {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`origin: expected scheme, host and port as "https://example.com", got "${text}"`);
  }
  if (text !== url.origin) throw new TypeError(`origin: expected "${url.origin}", got "${text}"`);
  return { serialized: url.origin, scheme: url.protocol === 'https:' ? 'https' : 'http', host: url.hostname };
}

/** True for the hosts that never leave the machine (Secure Contexts §3.1). */
function isLoopback(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host) || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The effective domain where it is a domain, as opposed to an IP address. */
export function effectiveDomain(origin: Origin): string | undefined {
  return isIP(origin.host.replace(/^\[|\]$/g, '')) === 0 ? origin.host : undefined;
}

/**
 * The caller's effective domain, once it may use WebAuthn at all.
 * @throws DOMException SecurityError for an insecure context and for an IP address
 */
export function callerDomain(origin: Origin): string {
  if (origin.scheme !== 'https' && !isLoopback(origin.host)) {
    throw webauthnError('SecurityError', `${origin.serialized} is no secure context: expected https, or localhost`);
  }
  const domain = effectiveDomain(origin);
  if (domain === undefined) {
    throw webauthnError('SecurityError', `${origin.serialized}: expected a domain, an IP address has no RP ID`);
  }
  return domain;
}

/** "is a registrable domain suffix of or is equal to" for a suffix in canonical form. */
function isRegistrableSuffixOrEqual(suffix: string, domain: string): boolean {
  if (suffix === domain) return true;
  if (suffix === '' || !domain.endsWith(`.${suffix}`)) return false;
  return suffix !== publicSuffix(suffix) && !publicSuffix(domain).endsWith(`.${suffix}`);
}

/** True where the caller at `domain` may claim `rpId`; an RP ID that is not canonical (as "Example.com") fits nothing. */
export function mayClaim(domain: string, rpId: string): boolean {
  return isRegistrableSuffixOrEqual(rpId, domain);
}

/** True for a domain in the form that a URL gives its host. */
export function isCanonicalDomain(domain: string): boolean {
  const url = URL.canParse(`https://${domain}`) ? new URL(`https://${domain}`) : undefined;
  return url?.hostname === domain && url.origin === `https://${domain}` && isIP(domain) === 0;
}

/** Same site in the sense that WebAuthn's appid extensions need: one registrable domain, or the same host. */
export function isSameSite(one: string, other: string): boolean {
  const registrable = registrableDomain(one);
  return one === other || (registrable !== undefined && registrable === registrableDomain(other));
}
