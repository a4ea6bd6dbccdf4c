import type { JWTPayload } from 'jose';
import type { Authentication, Authorization, OauthClient } from './client.ts';
import { describeUserAgent } from './user-agent.ts';

/** Seconds that an id_token is good for. */
export const ID_TOKEN_LIFETIME = 3600;

// Nothing here knows where an address is.
const NOWHERE = { city: null, state: null, country: null } as const;

interface IdTokenParts {
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly jti: string;
  readonly client: OauthClient;
  readonly authorization: Authorization;
  readonly authentication: Authentication;
}

/** The claims of an id_token, by the names that Duo gives them. */
export function idTokenClaims({ issuer, now, jti, client, authorization, authentication }: IdTokenParts): JWTPayload {
  const { username, nonce } = authorization;
  const { txid, at, userKey, email, groups, factor, reason, deviceName, ip, userAgent } = authentication;
  const seconds = Math.floor(now / 1000);
  return {
    iss: issuer,
    sub: username,
    aud: client.key,
    exp: seconds + ID_TOKEN_LIFETIME,
    iat: seconds,
    auth_time: Math.floor(at / 1000),
    jti,
    preferred_username: username,
    ...(nonce === undefined ? {} : { nonce }),
    auth_result: { result: 'allow', status: 'allow', status_msg: 'Login Successful' },
    auth_context: {
      txid,
      timestamp: Math.floor(at / 1000),
      isotimestamp: new Date(at).toISOString(),
      user: { name: username, key: userKey ?? null, groups },
      application: { name: client.name, key: client.key },
      auth_device: { ip: null, location: NOWHERE, name: deviceName ?? null },
      access_device: {
        ip,
        location: NOWHERE,
        hostname: null,
        epkey: null,
        ...describeUserAgent(userAgent),
        is_encryption_enabled: 'unknown',
        is_firewall_enabled: 'unknown',
        is_password_set: 'unknown',
        java_version: null,
        flash_version: null,
      },
      factor,
      event_type: 'authentication',
      result: 'success',
      reason,
      alias: '',
      email: email ?? null,
      ood_software: null,
    },
  };
}
