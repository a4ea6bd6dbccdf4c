/** A WebDriver server with the virtual authenticators of WebAuthn Level 3 §11 in front of a browser's own driver. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { closeServer, listen } from '../../../emulator/lab/listening.ts';
import type { HeldKey } from '../held-key.ts';
import { answerWith, parseSessionWish, withBidi } from './capabilities.ts';
import { Driver, type DriverResponse } from './driver.ts';
import { WebDriverError } from './error.ts';
import { jsonObject } from './parameters.ts';
import { Session } from './session.ts';

export interface WebDriverServerOptions {
  /** The driver to start, a path or a name on the PATH; or `http://HOST:PORT` of one that runs already. */
  readonly driver: string;
  /** More arguments for the driver that is started. */
  readonly driverArguments?: readonly string[] | undefined;
  /**
   * A key of the test, for the pages of all sessions from their beginning; there are no virtual authenticators then. It
   * stays its owner's to close.
   */
  readonly key?: HeldKey | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Told of errors that are nobody's answer. Default: written to stderr. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

export interface WebDriverServer {
  /** `http://127.0.0.1:PORT`, what `usingServer` of Selenium takes. */
  readonly url: string;
  /** Ends all sessions, and the driver where it was started here. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' };

/**
 * Serves the virtual authenticator commands by keys in this process; all else goes to the driver, unchanged.
 * @throws Error where the driver does not start or the port is taken
 */
export async function startWebDriverServer(options: WebDriverServerOptions): Promise<WebDriverServer> {
  const {
    driver: named,
    driverArguments,
    key,
    port = 0,
    onDefect = (error) => console.error('ctaplab:', error),
  } = options;
  const driver = /^https?:/.test(named) ? Driver.at(named) : await Driver.start(named, driverArguments);
  const front = new Front(driver, key, onDefect);
  const server = createServer((request, response) => void front.serve(request, response).catch(onDefect));
  try {
    await listen(server, port, HOST);
  } catch (error) {
    await driver.close();
    throw error;
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      await front.close();
      await closeServer(server);
      await driver.close();
    },
  };
}

class Front {
  readonly #driver: Driver;
  readonly #key: HeldKey | undefined;
  readonly #onDefect: (error: unknown) => void;
  readonly #sessions = new Map<string, Session>();

  constructor(driver: Driver, key: HeldKey | undefined, onDefect: (error: unknown) => void) {
    this.#driver = driver;
    this.#key = key;
    this.#onDefect = onDefect;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, headers, body } = await this.#answer(request);
      response.writeHead(status, headers).end(body);
    } catch (error) {
      const told = error instanceof WebDriverError ? error : new WebDriverError('unknown error', String(error));
      response.writeHead(told.status, JSON_TYPE).end(JSON.stringify(told.body));
    }
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions];
    this.#sessions.clear();
    for (const [id, session] of sessions) {
      await session.close();
      // The driver would leave its browser running.
      await this.#driver.command('DELETE', `/session/${id}`).catch(this.#onDefect);
    }
  }

  async #answer(request: IncomingMessage): Promise<DriverResponse> {
    const { method = 'GET', url: path = '/', headers } = request;
    refuseBrowsers(request);
    const body = await buffer(request);
    if (method === 'POST' && path === '/session') return this.#newSession(headers, body);
    const [, id = '', rest = ''] = /^\/session\/([^/]+)\/?(.*)$/.exec(path) ?? [];
    const session = this.#sessions.get(id);
    if (rest.startsWith('webauthn/')) {
      if (session === undefined) throw new WebDriverError('invalid session id', `there is no session ${id}`);
      const parameters = method === 'POST' ? parse(body) : undefined;
      const value = await session.run(method, rest.slice('webauthn/'.length), parameters);
      return { status: 200, headers: JSON_TYPE, body: Buffer.from(JSON.stringify({ value })) };
    }
    const isEnd = method === 'DELETE' && rest === '';
    if (isEnd) {
      this.#sessions.delete(id);
      await session?.close();
    }
    if (!isEnd) await session?.beforeCommand(method, rest);
    const answer = await this.#driver.pass(method, path, headers, body);
    if (!isEnd) await session?.afterCommand(method, rest);
    return unhop(answer);
  }

  async #newSession(headers: IncomingMessage['headers'], body: Buffer): Promise<DriverResponse> {
    const wish = parseSessionWish(parse(body));
    const ask = (parameters: object) =>
      this.#driver.pass('POST', '/session', headers, Buffer.from(JSON.stringify(parameters)));
    // Chromium is reached by a protocol of its own; a driver without WebDriver BiDi knows no such capability.
    let answer = await ask(wish.isChromium ? wish.parameters : withBidi(wish));
    if (answer.status !== 200 && !wish.isChromium && !wish.wantsBidi) answer = await ask(wish.parameters);
    if (answer.status !== 200) return unhop(answer);
    const value = jsonObject(jsonObject(parse(answer.body)).value, 'the answer');
    const [id, capabilities] = [String(value.sessionId), jsonObject(value.capabilities, 'capabilities')];
    const session = await Session.open({
      driver: this.#driver,
      id,
      capabilities,
      key: this.#key,
      onDefect: this.#onDefect,
    });
    this.#sessions.set(id, session);
    const told = { value: { ...value, capabilities: answerWith(capabilities, wish) } };
    return { status: 200, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(told)) };
  }
}

/** WebDriver clients are no pages: a request of a page, or by another name of this machine, is refused. */
function refuseBrowsers({ headers: { origin, host = '' } }: IncomingMessage): void {
  if (origin !== undefined)
    throw new WebDriverError('unknown error', `expected no page to ask, got the origin ${origin}`);
  const name = host.replace(/:\d+$/, '');
  if (['localhost', '127.0.0.1', '[::1]'].includes(name)) return;
  throw new WebDriverError('unknown error', `expected the host to be localhost, got ${JSON.stringify(host)}`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    throw new WebDriverError('invalid argument', 'expected JSON, got something else');
  }
}

/** Without the headers that belong to the connection to the driver. */
function unhop({ status, headers, body }: DriverResponse): DriverResponse {
  const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...kept } = headers;
  return { status, headers: { ...kept, 'content-length': String(body.length) }, body };
}
