import { randomBytes, randomUUID } from 'node:crypto';
import { Expiring } from '../expiring.ts';
import { parseAuthorization, redirectTo } from './authorize.ts';
import type { Authentication, Authorization, OauthClient, OauthService } from './client.ts';
import { expectMember, OauthError, requireMember } from './error.ts';
import { ID_TOKEN_LIFETIME, idTokenClaims } from './id-token.ts';
import { signForClient, verifyClientAssertion } from './jwt.ts';

/** Milliseconds within which an application must exchange its code. */
const CODE_LIFETIME_MS = 300_000;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export const HEALTH_CHECK_PATH = '/oauth/v1/health_check';
export const TOKEN_PATH = '/oauth/v1/token';

interface Grant {
  readonly authorization: Authorization;
  readonly authentication: Authentication;
}

/** Answer of the token endpoint (OpenID Connect Core §3.1.3.3). */
export interface TokenJSON {
  readonly id_token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: 'Bearer';
}

/** The rules of the three endpoints that applications with Duo's SDKs call. Codes and assertions live in memory. */
export class OauthEndpoints {
  readonly #service: OauthService;
  readonly #codes: Expiring<Grant>;
  readonly #assertions: Expiring<true>;

  constructor(service: OauthService) {
    this.#service = service;
    this.#codes = new Expiring(service.now);
    this.#assertions = new Expiring(service.now);
  }

  /** @throws OauthError invalid_request or invalid_client */
  async healthCheck(members: ReadonlyMap<string, string>): Promise<{ timestamp: number }> {
    await this.#authenticateClient(members, HEALTH_CHECK_PATH);
    return { timestamp: Math.floor(this.#service.now() / 1000) };
  }

  /**
   * Begins a prompt; resolves to its URL.
   * @throws OauthError for the person in front of the browser, AuthorizationRefused for the application
   */
  async authorize(members: ReadonlyMap<string, string>): Promise<string> {
    const authorization = await parseAuthorization(this.#service, members);
    const client = this.#service.findClient(authorization.clientId);
    if (client === undefined) throw new OauthError('invalid_client', 'The application is not known any more.');
    return this.#service.beginPrompt(client, authorization);
  }

  /** Where the browser goes after a sign-in: back to the application, with a code that counts once. */
  complete(authorization: Authorization, authentication: Authentication): string {
    const { redirectUri, state, useDuoCodeAttribute } = authorization;
    const code = randomBytes(32).toString('base64url');
    this.#codes.add(code, { authorization, authentication }, this.#service.now() + CODE_LIFETIME_MS);
    return redirectTo(redirectUri, { state, [useDuoCodeAttribute ? 'duo_code' : 'code']: code });
  }

  /** Where the browser goes after a refusal. */
  deny({ redirectUri, state }: Authorization, message: string): string {
    return redirectTo(redirectUri, { error: 'access_denied', error_description: message, state });
  }

  /** @throws OauthError */
  async exchange(members: ReadonlyMap<string, string>): Promise<TokenJSON> {
    expectMember(members, 'grant_type', 'authorization_code', 'unsupported_grant_type');
    expectMember(members, 'client_assertion_type', ASSERTION_TYPE);
    const client = await this.#authenticateClient(members, TOKEN_PATH);
    const code = requireMember(members, 'code');
    const redirectUri = requireMember(members, 'redirect_uri');
    const grant = this.#codes.take(code);
    // A code that another client brings is spent as well: it has leaked.
    if (grant === undefined || grant.authorization.clientId !== client.key) {
      throw new OauthError('invalid_grant', 'The code is unknown, expired or was used before.');
    }
    if (grant.authorization.redirectUri !== redirectUri) {
      throw new OauthError('invalid_grant', 'redirect_uri: expected the one of the authorization request.');
    }
    const issuer = `${this.#service.origin}${TOKEN_PATH}`;
    const claims = idTokenClaims({ issuer, now: this.#service.now(), jti: randomUUID(), client, ...grant });
    return {
      id_token: await signForClient(client, claims),
      access_token: randomBytes(32).toString('base64url'),
      expires_in: ID_TOKEN_LIFETIME,
      token_type: 'Bearer',
    };
  }

  #authenticateClient(members: ReadonlyMap<string, string>, path: string): Promise<OauthClient> {
    const client = this.#service.findClient(requireMember(members, 'client_id'));
    const token = requireMember(members, 'client_assertion');
    const audience = `${this.#service.origin}${path}`;
    return verifyClientAssertion(this.#service, this.#assertions, { token, audience, client });
  }
}
