/** Why the domain refused; each front end (pages, OIDC, Auth API, Admin API) puts it into its own words and status. */
export type DomainErrorCode =
  /** A value is not of the shape it must have; `field` names it. */
  | 'malformed'
  | 'not_found'
  /** Something of that name exists already. */
  | 'taken'
  /** Policy or state does not allow it. */
  | 'refused'
  | 'expired'
  | 'used'
  | 'locked';

/** A refusal with a sentence that a person can read; it never holds a secret. */
export class DomainError extends Error {
  readonly code: DomainErrorCode;
  /** Which parameter is wrong, for `malformed` and `taken`. */
  readonly field: string | undefined;

  constructor(code: DomainErrorCode, message: string, field?: string) {
    super(message);
    this.name = 'DomainError';
    this.code = code;
    this.field = field;
  }
}

/** What `find` found. @throws DomainError `not_found` */
export function required<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new DomainError('not_found', `There is no ${what}.`);
  return found;
}
