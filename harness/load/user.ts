/** One of the users that load a relying party: a security key, a browser's WebAuthn and its cookies, without the browser. */
import { CookieJar } from 'tough-cookie';
import { type BrowserlessClient, createBrowserlessClient } from '../browsers/browserless.ts';

/** What fetch() follows by itself in a browser. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 20;
/** Characters of an unexpected answer that are told. */
const EXCERPT = 120;

export class LoadUser {
  /** From 1. */
  readonly number: number;
  readonly origin: string;
  /** `create(options)` and `get(options)`, in JSON both ways; its key is touched at once. */
  readonly client: BrowserlessClient;
  /** What a flow keeps from one turn to the next. */
  readonly state: Record<string, unknown> = {};
  /** Aborted when the turn has taken too long; `fetch` heeds it. */
  signal: AbortSignal = AbortSignal.abort();
  readonly #cookies = new CookieJar();

  private constructor(number: number, origin: string, client: BrowserlessClient) {
    this.number = number;
    this.origin = origin;
    this.client = client;
  }

  /** @throws TypeError for an origin that is none */
  static async open(number: number, origin: string): Promise<LoadUser> {
    return new LoadUser(number, origin, await createBrowserlessClient({ origin }));
  }

  /** As a page of the origin fetches: its cookies go along and are kept, and redirects are followed. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    let url = new URL(path, this.origin);
    let request = init;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const headers = new Headers(request.headers);
      headers.set('origin', this.origin);
      const cookies = await this.#cookies.getCookieString(url.href);
      if (cookies !== '') headers.set('cookie', cookies);
      const response = await fetch(url, { ...request, headers, redirect: 'manual', signal: this.signal });
      for (const cookie of response.headers.getSetCookie()) {
        await this.#cookies.setCookie(cookie, url.href, { ignoreError: true });
      }
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null || init.redirect === 'manual') return response;
      await response.arrayBuffer(); // else the connection is not used again
      url = new URL(location, url);
      if (response.status !== 307 && response.status !== 308) request = { headers: withoutBody(request.headers) };
    }
    throw new Error(`expected at most ${MOST_REDIRECTS} redirects from ${path}`);
  }

  /**
   * Posts JSON; resolves to the JSON of the answer, undefined where there is none.
   * @throws Error for a status other than 200 to 299, with the beginning of what came
   */
  async post(path: string, json: unknown = {}): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.fetch(path, { method: 'POST', headers, body: JSON.stringify(json) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, EXCERPT)}`.trim());
    return text === '' ? undefined : JSON.parse(text);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function withoutBody(headers: RequestInit['headers']): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-type', 'content-length']) kept.delete(name);
  return kept;
}
