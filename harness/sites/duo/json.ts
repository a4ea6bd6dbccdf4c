import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { SiteError } from './site.ts';

const USERNAME = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

type JsonObject = Record<string, unknown>;

/** Parses a request body that must be one JSON object; otherwise SiteError 400. */
export function parseJsonObject(body: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new SiteError(400, 'bad_json', 'The body must be JSON, and it could not be parsed.');
  }
  return object(value, 'The body');
}

/** The `username` member, trimmed and in lower case. */
export function parseUsername(body: JsonObject): string {
  const value = body.username;
  if (typeof value !== 'string') {
    throw new SiteError(400, 'bad_username', `"username" must be a string, not ${kindOf(value)}.`);
  }
  const username = value.trim().toLowerCase();
  if (!USERNAME.test(username)) {
    throw new SiteError(
      400,
      'bad_username',
      'A username has 1 to 64 letters, digits or . _ @ + - and starts with a letter or digit.',
    );
  }
  return username;
}

/** A RegistrationResponseJSON (WebAuthn Level 3 §5.1): members beyond the known ones are dropped. */
export function parseRegistrationResponse(body: JsonObject): RegistrationResponseJSON {
  const response = object(body.response, '"response"');
  const transports = response.transports;
  if (transports !== undefined && !(Array.isArray(transports) && transports.every((t) => typeof t === 'string'))) {
    throw malformed('"response.transports" must be an array of strings');
  }
  return {
    ...credential(body),
    response: {
      clientDataJSON: base64url(response, 'clientDataJSON', 'response.'),
      attestationObject: base64url(response, 'attestationObject', 'response.'),
      ...(transports === undefined ? {} : { transports: transports.slice(0, 8) }),
    },
  };
}

/** An AuthenticationResponseJSON (WebAuthn Level 3 §5.1): members beyond the known ones are dropped. */
export function parseAuthenticationResponse(body: JsonObject): AuthenticationResponseJSON {
  const response = object(body.response, '"response"');
  const hasUserHandle = response.userHandle !== undefined && response.userHandle !== null && response.userHandle !== '';
  return {
    ...credential(body),
    response: {
      clientDataJSON: base64url(response, 'clientDataJSON', 'response.'),
      authenticatorData: base64url(response, 'authenticatorData', 'response.'),
      signature: base64url(response, 'signature', 'response.'),
      ...(hasUserHandle ? { userHandle: base64url(response, 'userHandle', 'response.') } : {}),
    },
  };
}

function credential(
  body: JsonObject,
): Pick<RegistrationResponseJSON, 'id' | 'rawId' | 'type' | 'clientExtensionResults' | 'authenticatorAttachment'> {
  const id = base64url(body, 'id');
  const rawId = base64url(body, 'rawId');
  if (id !== rawId) throw malformed('"id" and "rawId" must be equal');
  if (body.type !== 'public-key') throw malformed(`"type" must be "public-key", not ${JSON.stringify(body.type)}`);
  const { authenticatorAttachment: attachment } = body;
  const known = attachment === 'platform' || attachment === 'cross-platform';
  return {
    ...{ id, rawId, type: 'public-key', clientExtensionResults: {} },
    ...(known ? { authenticatorAttachment: attachment } : {}),
  };
}

function base64url(from: JsonObject, name: string, path = ''): string {
  const value = from[name];
  if (typeof value !== 'string' || !BASE64URL.test(value)) {
    const got = typeof value === 'string' ? 'another string' : kindOf(value);
    throw malformed(`"${path}${name}" must be base64url without padding, not ${got}`);
  }
  return value;
}

function object(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${what} must be a JSON object, not ${kindOf(value)}`);
  }
  return value as JsonObject;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function malformed(sentence: string): SiteError {
  return new SiteError(400, 'malformed', `${sentence}.`);
}
