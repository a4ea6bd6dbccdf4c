/** A browser without pictures for the Duo-like service: cookies, forms, the scripts' JSON, TLS by the local authority. */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';

export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Where it came from, after redirects. */
  readonly path: string;
}

/** The service said no; `code` is its word for why. */
export class ServiceRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(`the service refused: ${message} (${status} ${code})`);
    this.name = 'ServiceRefusal';
    this.status = status;
    this.code = code;
  }
}

export interface ServiceClientOptions {
  /** `https://api-xxxxxxxx.duo.localhost:PORT`. */
  readonly url: string;
  /** PEM to trust. */
  readonly certificateAuthority: string;
  readonly userAgent?: string;
}

const MAXIMUM_REDIRECTS = 5;

export class ServiceClient {
  readonly url: string;
  readonly cookies = new Map<string, string>();
  readonly #agent: Agent;
  readonly #userAgent: string;

  constructor({ url, certificateAuthority, userAgent = 'ctaplab' }: ServiceClientOptions) {
    this.url = url;
    this.#userAgent = userAgent;
    this.#agent = new Agent({
      ca: certificateAuthority,
      keepAlive: true,
      servername: new URL(url).hostname,
      // Names under localhost are this machine (RFC 6761 §6.3), which not every resolver knows.
      lookup: (_, options, done) =>
        options.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    });
  }

  /** Asks for a page and follows the service's own redirects. */
  async get(path: string): Promise<Page> {
    let page = await this.send('GET', path);
    for (let hop = 0; hop < MAXIMUM_REDIRECTS && page.status >= 300 && page.status < 400; hop++) {
      const next = new URL(page.headers.location ?? '', this.url + page.path);
      if (next.origin !== this.url) return page;
      page = await this.send('GET', next.pathname + next.search);
    }
    return page;
  }

  /** Sends a form as a page has it, with the proof that the page holds, and follows the redirect. */
  async submit(page: Page, action: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const answer = await this.send('POST', action, new URLSearchParams({ csrf, ...fields }));
    const location = answer.headers.location;
    return answer.status === 303 && location !== undefined ? this.get(location) : answer;
  }

  /** Calls what the pages' scripts call. @throws ServiceRefusal */
  async post<T>(path: string, body: object): Promise<T> {
    const { status, text } = await this.send('POST', path, JSON.stringify(body));
    const answer = JSON.parse(text) as T & { error?: { code: string; message: string } };
    if (status === 200) return answer;
    throw new ServiceRefusal(status, answer.error?.code ?? 'unknown', answer.error?.message ?? text);
  }

  /** One request, without redirects; with the origin that a browser would name. */
  send(
    method: string,
    path: string,
    body?: string | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const form = body instanceof URLSearchParams;
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const all = {
      'User-Agent': this.#userAgent,
      ...(this.cookies.size === 0 ? {} : { Cookie: this.#cookieHeader() }),
      ...(body === undefined ? {} : { 'Content-Type': type }),
      ...(method === 'GET' ? {} : { Origin: this.url }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const sent = request(this.url + path, { method, headers: all, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          for (const cookie of response.headers['set-cookie'] ?? []) this.#keep(cookie);
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, path });
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : String(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';');
    const [name, value] = pair.split(/=(.*)/s, 2);
    if (name === undefined) return;
    if (attributes.some((attribute) => /^\s*Max-Age=0$/i.test(attribute))) this.cookies.delete(name);
    else this.cookies.set(name, value ?? '');
  }

  #cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
