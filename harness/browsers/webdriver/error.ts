/** Errors of the WebDriver protocol: WebDriver §6.6. */

const STATUS = {
  'invalid argument': 400,
  'invalid session id': 404,
  'unknown command': 404,
  'unknown method': 405,
  'unknown error': 500,
  'unsupported operation': 500,
} as const;
export type WebDriverErrorCode = keyof typeof STATUS;

export class WebDriverError extends Error {
  override readonly name = 'WebDriverError';
  readonly code: WebDriverErrorCode;

  constructor(code: WebDriverErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** Of the HTTP response. */
  get status(): number {
    return STATUS[this.code];
  }

  /** The body of the HTTP response. */
  get body(): { readonly value: { readonly error: string; readonly message: string; readonly stacktrace: string } } {
    return { value: { error: this.code, message: this.message, stacktrace: '' } };
  }
}

/** Bad parameters, in one sentence. */
export function expected(what: string, got: unknown): WebDriverError {
  return new WebDriverError('invalid argument', `expected ${what}, got ${JSON.stringify(got) ?? 'nothing'}`);
}
