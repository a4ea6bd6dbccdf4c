import type { JWTPayload } from 'jose';
import type { Authorization, OauthService } from './client.ts';
import { expectMember, OauthError, requireMember } from './error.ts';
import { verifyClientToken } from './jwt.ts';

/** Characters of a state: the widest range that an SDK sends (Python from 16, Node and Go from 22). */
const STATE_LENGTH = { minimum: 16, maximum: 1024 } as const;
const MAXIMUM_NONCE_LENGTH = 1024;
const MAXIMUM_URI_LENGTH = 1024;
const MAXIMUM_USERNAME_LENGTH = 256;

/** A refusal that may be told to the application, since its redirect URI is known to be its own. */
export class AuthorizationRefused extends Error {
  override readonly name = 'AuthorizationRefused';
  readonly location: string;

  constructor(redirectUri: string, state: string | undefined, error: OauthError) {
    super(error.message);
    this.location = redirectTo(redirectUri, { error: error.code, error_description: error.message, state });
  }
}

/**
 * Checks an authorization request: parameters of the query or of a form, and a signed `request` whose claims count.
 * @throws OauthError where the answer must not leave for the redirect URI, AuthorizationRefused where it may
 */
export async function parseAuthorization(
  service: OauthService,
  members: ReadonlyMap<string, string>,
): Promise<Authorization> {
  const clientId = requireMember(members, 'client_id');
  const token = requireMember(members, 'request');
  const client = service.findClient(clientId);
  const claims = await verifyClientToken(service, { token, audience: service.origin, client });
  if (claims.client_id !== clientId) throw new OauthError('invalid_request', 'client_id: the request is of another.');
  const redirectUri = checkRedirectUri(claims.redirect_uri, client?.redirectUris ?? []);
  // Node's SDK sends these a second time, unsigned.
  const repeated = members.get('redirect_uri');
  if (repeated !== undefined && repeated !== redirectUri) {
    throw new OauthError('invalid_request', 'redirect_uri: expected the one of the signed request.');
  }
  const state = typeof claims.state === 'string' ? claims.state : undefined;
  try {
    return { clientId, redirectUri, ...checkClaims(claims, members) };
  } catch (error) {
    if (error instanceof OauthError) throw new AuthorizationRefused(redirectUri, state, error);
    throw error;
  }
}

function checkClaims(
  claims: JWTPayload,
  members: ReadonlyMap<string, string>,
): Omit<Authorization, 'clientId' | 'redirectUri'> {
  if (claims.response_type !== 'code') {
    throw new OauthError('unsupported_response_type', 'response_type: expected code.');
  }
  expectMember(members, 'response_type', 'code', 'unsupported_response_type');
  const scopes = typeof claims.scope === 'string' ? claims.scope.split(' ') : [];
  if (!scopes.includes('openid')) throw new OauthError('invalid_scope', 'scope: expected openid.');
  const useDuoCodeAttribute = claims.use_duo_code_attribute ?? true;
  if (typeof useDuoCodeAttribute !== 'boolean') {
    throw new OauthError('invalid_request', 'use_duo_code_attribute: expected true or false.');
  }
  // Python's SDK sends the nonce beside the signed request.
  const nonce = claims.nonce ?? members.get('nonce');
  return {
    state: text('state', claims.state, STATE_LENGTH.minimum, STATE_LENGTH.maximum),
    username: text('duo_uname', claims.duo_uname, 1, MAXIMUM_USERNAME_LENGTH),
    nonce: nonce === undefined ? undefined : text('nonce', nonce, 1, MAXIMUM_NONCE_LENGTH),
    useDuoCodeAttribute,
  };
}

function text(name: string, value: unknown, minimum: number, maximum: number): string {
  if (typeof value === 'string' && value.length >= minimum && value.length <= maximum) return value;
  const got = typeof value === 'string' ? `${value.length}` : `no text`;
  throw new OauthError('invalid_request', `${name}: expected ${minimum} to ${maximum} characters, got ${got}.`);
}

/** HTTPS, or plain HTTP to this machine; no fragment (RFC 6749 §3.1.2); one of the registered, where there are any. */
function checkRedirectUri(value: unknown, registered: readonly string[]): string {
  const refused = (what: string) => new OauthError('invalid_request', `redirect_uri: ${what}.`);
  if (typeof value !== 'string' || value.length > MAXIMUM_URI_LENGTH || !URL.canParse(value)) {
    throw refused(`expected an absolute URL of at most ${MAXIMUM_URI_LENGTH} characters`);
  }
  const url = new URL(value);
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname) || url.hostname.endsWith('.localhost');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) throw refused('expected https');
  if (url.username !== '' || url.password !== '' || value.includes('#')) {
    throw refused('expected a URL without fragment or credentials');
  }
  if (registered.length > 0 && !registered.includes(value))
    throw refused('expected one that the application registered');
  return value;
}

/** A URL with more parameters in its query, after its own. */
export function redirectTo(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
  return url.href;
}
