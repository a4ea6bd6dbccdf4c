/** Refusals of the control API as problem+json (RFC 9457). */

export class Problem extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 421 | 500;
  /** For programs; the detail is for people. */
  readonly code: string;

  constructor(status: Problem['status'], code: string, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
  }

  response(): Response {
    const { status, code, message } = this;
    const body = { type: 'about:blank', title: titles[status], status, code, detail: message };
    const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
    if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="ctaplab"';
    return new Response(JSON.stringify(body), { status, headers });
  }
}

const titles: Readonly<Record<Problem['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
};
