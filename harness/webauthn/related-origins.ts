/** Related origin requests: WebAuthn Level 3 §5.11. */
import { effectiveDomain, type Origin, parseOrigin, registrableDomain } from './origin.ts';

/**
 * Gets what is at https://RPID/.well-known/webauthn, as parsed JSON.
 * A rejection counts as an RP that knows no related origins.
 */
export type FetchRelatedOrigins = (rpId: string, signal: AbortSignal) => Promise<unknown>;

/** How many different labels before a public suffix count; §5.11.1 asks for five at least. */
const MAX_LABELS = 5;

/** Fetches over HTTPS, without credentials and referrer. @throws Error for another status or content type than a document's */
export const fetchRelatedOrigins: FetchRelatedOrigins = async (rpId, signal) => {
  const url = `https://${rpId}/.well-known/webauthn`;
  const response = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer', signal });
  if (!response.ok) throw new Error(`${url}: expected status 200, got ${response.status}`);
  const type = response.headers.get('content-type') ?? 'nothing';
  if (!/^application\/json\s*(;|$)/i.test(type)) throw new Error(`${url}: expected application/json, got ${type}`);
  return response.json();
};

function listed(document: unknown): readonly unknown[] {
  if (typeof document !== 'object' || document === null || !('origins' in document)) return [];
  const { origins } = document;
  return Array.isArray(origins) && origins.length > 0 ? origins : [];
}

function toOrigin(entry: unknown): Origin | undefined {
  if (typeof entry !== 'string' || !URL.canParse(entry)) return undefined;
  const { origin, protocol } = new URL(entry);
  return protocol === 'https:' || protocol === 'http:' ? parseOrigin(origin) : undefined;
}

/** The related origins validation procedure (§5.11.1): true where the document of an RP lists the caller. */
export function isRelatedOrigin(caller: Origin, document: unknown): boolean {
  const labels = new Set<string>();
  for (const entry of listed(document)) {
    const origin = toOrigin(entry);
    const domain = origin && effectiveDomain(origin);
    const label = domain && registrableDomain(domain)?.split('.')[0];
    if (!origin || !label) continue;
    if (labels.size >= MAX_LABELS && !labels.has(label)) continue;
    if (origin.serialized === caller.serialized) return true;
    labels.add(label);
  }
  return false;
}
