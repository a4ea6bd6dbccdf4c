/** The envelope of every answer of the Auth API and the Admin API. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Paging of a list, as the Admin API gives it: offsets are left out where there is no such page. */
export interface PageMetadata {
  readonly total_objects: number;
  readonly next_offset?: number;
  readonly prev_offset?: number;
}

export interface FailureJSON {
  readonly stat: 'FAIL';
  readonly code: number;
  readonly message: string;
  readonly message_detail?: string;
}

/** A refusal by one of Duo's codes: five digits, the first three of which are the HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly detail: string | undefined;

  constructor(code: number, message: string, detail?: string) {
    super(message);
    this.code = code;
    this.detail = detail;
  }

  get status(): ContentfulStatusCode {
    return Math.trunc(this.code / 100) as ContentfulStatusCode;
  }

  toJSON(): FailureJSON {
    const detail = this.detail === undefined ? {} : { message_detail: this.detail };
    return { stat: 'FAIL', code: this.code, message: this.message, ...detail };
  }
}

/** A parameter is not there. */
export const missingParameter = (name: string): ApiError =>
  new ApiError(40001, 'Missing required request parameters', name);
/** A parameter is there and wrong; `detail` names it. */
export const invalidParameter = (detail: string): ApiError => new ApiError(40002, 'Invalid request parameters', detail);
/** A thing of that name is there already. */
export const duplicateResource = (detail?: string): ApiError => new ApiError(40003, 'Duplicate resource', detail);
/** There is no such thing, or no such endpoint. */
export const notFound = (): ApiError => new ApiError(40401, 'Resource not found');

/** Answers `{stat: "OK", response}`, with the paging of a list. */
export function ok(c: Context, response: unknown, metadata?: PageMetadata): Response {
  return c.json(metadata === undefined ? { stat: 'OK', response } : { metadata, response, stat: 'OK' });
}

/** Answers a refusal, or a failure of the service itself as 50000. */
export function fail(c: Context, error: unknown): Response {
  if (!(error instanceof ApiError)) console.error(error);
  const refusal = error instanceof ApiError ? error : new ApiError(50000, 'Internal server error');
  return c.json(refusal.toJSON(), refusal.status);
}
