/** The text that a signature of Duo's APIs covers, by the version of the signature. */
import { createHash } from 'node:crypto';

/** Names and values in the order in which they were sent. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** A request as far as its signature covers it. */
export interface SignedRequest {
  /** Undefined for version 1, which covers none. */
  readonly date: string | undefined;
  readonly method: string;
  /** As the client signed it: in lower case, with or without a port. */
  readonly host: string;
  readonly path: string;
  /** Query of the URL, decoded. */
  readonly query: Pairs;
  readonly contentType: string;
  readonly body: string;
  /** Headers whose names begin with x-duo-, in lower case, but for the date. */
  readonly duoHeaders: Pairs;
}

/** Percent-encoding of RFC 3986 §2.3: all but letters, digits and - . _ ~. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Parameters sorted by name. Some clients sort the values of one name too (as OAuth 1.0 does), others keep their order. */
function canonicalParameters(pairs: Pairs, sortValues: boolean): string {
  return pairs
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort((a, b) => byCode(a[0], b[0]) || (sortValues ? byCode(a[1], b[1]) : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');

/** Pairs of a form or a query. */
export function parsePairs(text: string): Pairs {
  return [...new URLSearchParams(text)];
}

export function isJson(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}

/**
 * Every text that a client may have signed for a request: version 1 where there is no date, else version 2 (date, method, host, path, parameters of query or
 * form), version 4 (query alone, then SHA-512 of the body) and version 5 (then SHA-512 of the x-duo- headers as well).
 */
export function canonicalForms(request: SignedRequest): readonly string[] {
  const { date, host, path, query, body } = request;
  const method = request.method.toUpperCase();
  const form = body === '' || isJson(request.contentType) ? [] : parsePairs(body);
  const head = [...(date === undefined ? [] : [date]), method, host.toLowerCase(), path];
  const duoHeaders = [...request.duoHeaders].sort((a, b) => byCode(a[0], b[0])).flat();
  const forms = new Set<string>();
  for (const sortValues of [false, true]) {
    const parameters = canonicalParameters(query, sortValues);
    // A body of JSON has no parameters that version 2 could cover.
    if (!isJson(request.contentType))
      forms.add([...head, canonicalParameters([...query, ...form], sortValues)].join('\n'));
    if (date === undefined) continue;
    const withBody = [...head, parameters, sha512(body)];
    forms.add(withBody.join('\n'));
    forms.add([...withBody, sha512('')].join('\n'));
    forms.add([...withBody, sha512(duoHeaders.join('\0'))].join('\n'));
  }
  return [...forms];
}
