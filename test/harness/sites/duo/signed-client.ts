import { createRequire } from 'node:module';
import type { Hono } from 'hono';

export type Params = Record<string, string | number>;

/** The signing of Duo's own client for Node, as it comes from the registry. */
const duo = createRequire(import.meta.url)('@duosecurity/duo_api/lib/duo_sig.js') as {
  sign(ikey: string, skey: string, method: string, host: string, path: string, params: Params, date: string): string;
};

export interface ApiAnswer {
  status: number;
  body: { stat: string; code?: number; message_detail?: string; response: unknown; metadata?: unknown };
}

/** Calls an API in this process, signed as Duo's client for Node does it. */
export class SignedClient {
  readonly #app: Pick<Hono, 'request'>;
  readonly #key: string;
  readonly #secret: string;
  readonly #host: string;
  readonly #now: () => number;

  constructor(app: Pick<Hono, 'request'>, key: string, secret: string, host: string, now: () => number) {
    this.#app = app;
    this.#key = key;
    this.#secret = secret;
    this.#host = host;
    this.#now = now;
  }

  async call(method: string, path: string, params: Params = {}): Promise<ApiAnswer> {
    const date = new Date(this.#now()).toUTCString();
    const authorization = duo.sign(this.#key, this.#secret, method, this.#host, path, params, date);
    const form = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)]));
    const inBody = method === 'POST';
    const url = `https://${this.#host}${path}${inBody || form.size === 0 ? '' : `?${form}`}`;
    const headers = { host: this.#host, date, authorization };
    const answer = await this.#app.request(url, { method, headers, ...(inBody ? { body: form } : {}) });
    return { status: answer.status, body: (await answer.json()) as ApiAnswer['body'] };
  }

  /** The response of a call that must succeed. */
  async ok<T>(method: string, path: string, params: Params = {}): Promise<T> {
    const { status, body } = await this.call(method, path, params);
    if (status !== 200 || body.stat !== 'OK') {
      throw new Error(`${method} ${path}: expected 200 OK, got ${status} ${JSON.stringify(body)}`);
    }
    return body.response as T;
  }
}
