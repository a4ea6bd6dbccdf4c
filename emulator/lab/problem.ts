/** Refusals of the control API as problem+json (RFC 9457). */

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 411 | 413 | 415 | 421 | 426 | 429 | 500 | 503;

/** The body of a refusal. */
export interface ProblemJSON {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export class Problem extends Error {
  readonly status: ProblemStatus;
  /** For programs; the detail is for people. */
  readonly code: string;

  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers of the answer, beside those that every refusal has */
  constructor(status: ProblemStatus, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.#headers = headers;
  }

  toJSON(): ProblemJSON {
    const { status, code, message: detail } = this;
    return { type: 'about:blank', title: titles[status], status, code, detail };
  }

  response(): Response {
    const { status } = this;
    const headers: Record<string, string> = {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...this.#headers,
    };
    if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="ctaplab"';
    return new Response(JSON.stringify(this), { status, headers });
  }
}

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
