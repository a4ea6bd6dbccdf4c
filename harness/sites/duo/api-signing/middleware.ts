import type { MiddlewareHandler } from 'hono';
import { type Pairs, parsePairs } from './canonical.ts';
import { ApiError } from './envelope.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { checkDate, parseAuthorization, type SigningKey, signatureMatches } from './signature.ts';

/** What a signed call brings to its handler. */
export interface SignedVariables<Integration extends SigningKey> {
  integration: Integration;
  parameters: Parameters;
}

export interface SignatureOptions<Integration extends SigningKey> {
  /** The integration of a key, of whatever type. */
  readonly find: (key: string) => Integration | undefined;
  /** Whether an integration may call this API. */
  readonly allows: (integration: Integration) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For programs that sign by version 1: without a date, so that a request is good for ever. */
  readonly undated?: boolean;
}

/**
 * Lets in the calls that an integration of the right type has signed.
 * @throws ApiError 401xx for missing or wrong credentials, 40301 for an integration of another type
 */
export function requireSignature<Integration extends SigningKey>(
  options: SignatureOptions<Integration>,
): MiddlewareHandler<{ Variables: SignedVariables<Integration> }> {
  return async (c, next) => {
    const { key, signature } = parseAuthorization(c.req.header('authorization'));
    const sent = c.req.header('x-duo-date') ?? c.req.header('date');
    const date = options.undated === true ? undefined : checkDate(sent, options.now());
    const integration = options.find(key);
    if (integration === undefined) {
      throw new ApiError(40102, 'Invalid integration key in request credentials');
    }
    const url = new URL(c.req.url);
    const host = (c.req.header('host') ?? url.host).toLowerCase();
    const query = parsePairs(url.search);
    const contentType = c.req.header('content-type') ?? '';
    const body = await c.req.text();
    const request = {
      date,
      method: c.req.method,
      host,
      path: url.pathname,
      query,
      contentType,
      body,
      duoHeaders: duoHeaders(c.req.header()),
    };
    // Clients of a port of their own sign the host with it or without it.
    const hosts = [...new Set([host, host.replace(/:[0-9]+$/, '')])];
    if (!signatureMatches(request, hosts, { signature, secret: integration.secret })) {
      throw new ApiError(40103, 'Invalid signature in request credentials');
    }
    if (!options.allows(integration)) throw new ApiError(40301, 'Access forbidden');
    c.set('integration', integration);
    c.set('parameters', readParameters(query, contentType, body));
    return next();
  };
}

function duoHeaders(headers: Record<string, string>): Pairs {
  return Object.entries(headers).filter(([name]) => name.startsWith('x-duo-') && name !== 'x-duo-date');
}
