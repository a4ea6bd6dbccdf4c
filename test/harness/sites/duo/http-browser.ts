import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Page {
  /** Where the page was found, after redirections. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asking {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Default true. */
  readonly follow?: boolean;
}

const MAXIMUM_REDIRECTIONS = 10;

/** As much of a browser as a sign-in needs without one: cookies by host, redirections, names under localhost. */
export class HttpBrowser {
  readonly #ca: string;
  readonly #cookies = new Map<string, Map<string, string>>();

  /** @param ca certificate of the authority that is trusted, PEM */
  constructor(ca: string) {
    this.#ca = ca;
  }

  /** Asks for a page, and goes where it sends the browser, with GET. */
  async open(address: string, asking: Asking = {}): Promise<Page> {
    let page = await this.#ask(new URL(address), asking);
    for (let count = 0; asking.follow !== false && page.status >= 300 && page.status < 400; count++) {
      if (count === MAXIMUM_REDIRECTIONS) throw new Error(`too many redirections, the last to ${page.url}`);
      page = await this.#ask(new URL(page.headers.location ?? '', page.url), {});
    }
    return page;
  }

  /** Posts JSON as a page's script does. */
  post(address: string, body: unknown): Promise<Page> {
    const { origin } = new URL(address);
    const headers = { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' };
    return this.open(address, { method: 'POST', body: JSON.stringify(body), headers, follow: false });
  }

  async #ask(url: URL, { method = 'GET', body, headers = {} }: Asking): Promise<Page> {
    const jar = this.#cookies.get(url.host) ?? new Map<string, string>();
    this.#cookies.set(url.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const request = send(
        url,
        {
          method,
          ca: this.#ca,
          // Not the Host header, which a test may have changed.
          servername: url.hostname,
          headers: { ...headers, ...(cookie === '' ? {} : { cookie }) },
          lookup: (_name, options, callback) =>
            options.all === true
              ? callback(null, [{ address: '127.0.0.1', family: 4 }])
              : callback(null, '127.0.0.1', 4),
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
    for (const set of response.headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split(/=(.*)/s);
      if (/max-age=0/i.test(set)) jar.delete(name);
      else jar.set(name, value);
    }
    return { url, status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }
}
