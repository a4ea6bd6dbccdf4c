import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Codes of RFC 6749 §4.1.2.1 and §5.2 that the endpoints answer with. */
export type OauthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied';

/** A refusal of one of the endpoints; its message is what the application's developer reads. */
export class OauthError extends Error {
  override readonly name = 'OauthError';
  readonly code: OauthErrorCode;

  constructor(code: OauthErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** 401 for a client that could not prove itself, otherwise 400 (RFC 6749 §5.2). */
  get status(): ContentfulStatusCode {
    return this.code === 'invalid_client' ? 401 : 400;
  }
}

/** A member that must be there. @throws OauthError invalid_request */
export function requireMember(members: ReadonlyMap<string, string>, name: string): string {
  const value = members.get(name);
  if (value === undefined || value === '') throw new OauthError('invalid_request', `Missing parameter: ${name}.`);
  return value;
}

/** A member that must have one value. @throws OauthError */
export function expectMember(
  members: ReadonlyMap<string, string>,
  name: string,
  expected: string,
  code: OauthErrorCode = 'invalid_request',
): void {
  const value = requireMember(members, name);
  if (value !== expected) throw new OauthError(code, `${name}: expected ${expected}, got ${JSON.stringify(value)}.`);
}
