/** The browser's own driver: a program that we start or that runs already, and HTTP to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../../emulator/lab/listening.ts';

/** Milliseconds between two questions whether the driver is ready. */
const POLL_INTERVAL = 50;
/** Milliseconds that a driver has to become ready, or to end. */
const PATIENCE = 20_000;

export interface DriverResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a driver answers, as far as it matters here. */
export interface WebDriverReply {
  readonly value?: unknown;
}

export class Driver {
  readonly url: URL;
  readonly #process: ChildProcess | undefined;

  private constructor(url: URL, process?: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** A driver that runs already. */
  static at(url: string): Driver {
    return new Driver(new URL(url));
  }

  /**
   * Starts a driver on a free port: chromedriver, WebKitWebDriver and geckodriver all take `--port=N`.
   * @throws Error where it does not start, or is not ready in time
   */
  static async start(path: string, args: readonly string[] = []): Promise<Driver> {
    const port = await freePort();
    const child = spawn(path, [`--port=${port}`, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const driver = new Driver(new URL(`http://127.0.0.1:${port}`), child);
    const failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`expected ${path} to serve port ${port}, it ended with ${code ?? signal}`);
    });
    failed.catch(() => undefined); // heard below while it starts; its end later on is no failure
    try {
      await Promise.race([driver.#ready(), failed]);
      return driver;
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Passes a request on; `headers` without those of its connection. */
  async pass(
    method: string,
    path: string,
    headers: IncomingHttpHeaders = {},
    body: Buffer = Buffer.alloc(0),
    signal?: AbortSignal,
  ): Promise<DriverResponse> {
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...kept } = headers;
    const length = body.length > 0 || method === 'POST' ? { 'content-length': body.length } : {};
    const base = this.url.pathname.replace(/\/$/, '');
    const sent = request({
      host: this.url.hostname,
      port: this.url.port,
      method,
      path: base + path,
      headers: { ...kept, ...length },
      ...(signal === undefined ? {} : { signal }),
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 500, headers: response.headers, body: await buffer(response) };
  }

  /** A command of our own. @throws Error with what the driver answers where that is an error */
  async command(method: string, path: string, parameters?: object, signal?: AbortSignal): Promise<unknown> {
    const body = parameters === undefined ? undefined : Buffer.from(JSON.stringify(parameters));
    const { status, body: answer } = await this.pass(
      method,
      path,
      { 'content-type': 'application/json' },
      body,
      signal,
    );
    const { value } = JSON.parse(String(answer)) as WebDriverReply;
    if (status === 200) return value;
    const { error, message } = value as { error?: string; message?: string };
    throw new Error(`${method} ${path}: ${error}: ${message}`);
  }

  async close(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(timer);
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + PATIENCE; ; await pause(POLL_INTERVAL)) {
      try {
        await this.command('GET', '/status');
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }
}
