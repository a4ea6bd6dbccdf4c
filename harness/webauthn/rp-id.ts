/** The RP ID of a request: WebAuthn Level 3 §5.1.3 step 8, §5.1.4.1 step 7; the appid of old: §10.1.1. */
import { webauthnError } from './errors.ts';
import { callerDomain, isCanonicalDomain, isSameSite, mayClaim, type Origin, parseOrigin } from './origin.ts';
import { type FetchRelatedOrigins, isRelatedOrigin } from './related-origins.ts';

/**
 * The RP ID for a caller: its effective domain unless the options name another that it may claim.
 * @throws DOMException SecurityError
 */
export async function resolveRpId(
  caller: Origin,
  rpId: string | undefined,
  fetchRelated: FetchRelatedOrigins | undefined,
  signal: AbortSignal,
): Promise<string> {
  const domain = callerDomain(caller);
  if (rpId === undefined || mayClaim(domain, rpId)) return rpId ?? domain;
  const refusal = `the RP ID "${rpId}" is neither ${domain} nor a registrable domain suffix of it`;
  if (!fetchRelated || !isCanonicalDomain(rpId)) throw webauthnError('SecurityError', refusal);
  let document: unknown;
  try {
    document = await fetchRelated(rpId, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw webauthnError('SecurityError', `${refusal}, and its related origins cannot be had`, cause);
  }
  if (isRelatedOrigin(caller, document)) return rpId;
  throw webauthnError('SecurityError', `${refusal}, and does not list ${caller.serialized} as a related origin`);
}

/**
 * The AppID that a caller may use. As browsers do, by same site and without fetching a list of facets
 * (FIDO AppID and Facet Specification §3.1.2).
 * @throws DOMException SecurityError
 */
export function resolveAppId(caller: Origin, appId: string): string {
  if (appId === '') return caller.serialized;
  const refuse = (why: string) => webauthnError('SecurityError', `the AppID "${appId}" ${why}`);
  const url = new URL(appId);
  if (url.protocol !== 'https:' && url.origin !== caller.serialized) throw refuse('is not https');
  const { host } = parseOrigin(url.origin);
  if (!isSameSite(host, callerDomain(caller))) throw refuse(`is not of the site of ${caller.serialized}`);
  return appId;
}
