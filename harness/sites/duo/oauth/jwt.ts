/** JSON Web Tokens between an application and the prompt: HS512 under the client secret (RFC 7519, RFC 7523 §3). */
import { randomBytes } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Expiring } from '../expiring.ts';
import type { OauthClient, OauthService } from './client.ts';
import { OauthError } from './error.ts';

const ALGORITHM = 'HS512';
/** Seconds by which clocks may differ. */
const LEEWAY = 60;
/** Seconds ahead that a token of a client may expire at most. */
const MAXIMUM_LIFETIME = 300;
const JTI_LENGTH = { minimum: 16, maximum: 255 } as const;

// Without a client there is still a signature to check, so that an unknown client_id takes as long as a wrong secret.
const NOBODY = randomBytes(40).toString('hex');

interface Expectation {
  readonly token: string;
  readonly audience: string;
  readonly client: OauthClient | undefined;
}

/**
 * The claims of a token that a client has signed for `audience`.
 * @throws OauthError invalid_client
 */
export async function verifyClientToken(
  service: OauthService,
  { token, audience, client }: Expectation,
): Promise<JWTPayload> {
  let claims: JWTPayload;
  try {
    const { payload } = await jwtVerify(token, keyOf(client?.secret ?? NOBODY), {
      algorithms: [ALGORITHM],
      audience,
      clockTolerance: LEEWAY,
      currentDate: new Date(service.now()),
      requiredClaims: ['exp'],
      ...(client === undefined ? {} : { issuer: client.key }),
    });
    claims = payload;
  } catch (error) {
    throw new OauthError('invalid_client', reasonOf(error));
  }
  if (client === undefined) throw new OauthError('invalid_client', reasonOf(undefined));
  // Python's SDK sends exp with a fraction.
  const ahead = (claims.exp ?? 0) - service.now() / 1000;
  if (ahead > MAXIMUM_LIFETIME + LEEWAY) {
    throw new OauthError('invalid_client', `exp: expected at most ${MAXIMUM_LIFETIME} seconds from now.`);
  }
  return claims;
}

/**
 * Checks a client assertion (RFC 7523 §3): who it is of, and that it is used once.
 * @throws OauthError invalid_client
 */
export async function verifyClientAssertion(
  service: OauthService,
  seen: Expiring<true>,
  expectation: Expectation,
): Promise<OauthClient> {
  const { sub, jti, exp } = await verifyClientToken(service, expectation);
  const client = expectation.client;
  if (client === undefined || sub !== client.key) {
    throw new OauthError('invalid_client', 'sub: expected the client_id.');
  }
  if (typeof jti !== 'string' || jti.length < JTI_LENGTH.minimum || jti.length > JTI_LENGTH.maximum) {
    throw new OauthError('invalid_client', `jti: expected ${JTI_LENGTH.minimum} to ${JTI_LENGTH.maximum} characters.`);
  }
  if (!seen.add(`${client.key} ${jti}`, true, ((exp ?? 0) + LEEWAY) * 1000)) {
    throw new OauthError('invalid_client', 'jti: this assertion was used before.');
  }
  return client;
}

/** Signs the claims for a client. */
export function signForClient(client: OauthClient, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' }).sign(keyOf(client.secret));
}

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'Token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) return `Claim ${error.claim} is ${error.reason}.`;
  if (error === undefined || error instanceof errors.JWSSignatureVerificationFailed) {
    return 'Failed to verify signature.';
  }
  if (error instanceof errors.JOSEError) return 'The token is malformed or not signed with HS512.';
  throw error;
}
