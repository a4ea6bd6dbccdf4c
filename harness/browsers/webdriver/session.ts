/** One session of a driver, with virtual authenticators for its pages. */

import type { HeldKey } from '../held-key.ts';
import { PageCeremonies } from '../page-ceremonies.ts';
import { BidiConnection } from './bidi-connection.ts';
import { BidiPages } from './bidi-pages.ts';
import { CdpConnection } from './cdp-connection.ts';
import { CdpPages } from './cdp-pages.ts';
import { ClassicPages } from './classic-pages.ts';
import { runCommand } from './commands.ts';
import type { Driver } from './driver.ts';
import { WebDriverError } from './error.ts';
import type { Pages } from './pages.ts';
import type { JsonObject } from './parameters.ts';
import { TIMEOUT_RANGE, VirtualAuthenticators } from './virtual-authenticators.ts';

export interface SessionOptions {
  readonly driver: Driver;
  readonly id: string;
  /** What the driver says of the session. */
  readonly capabilities: JsonObject;
  /** What serves the pages in the place of virtual authenticators. */
  readonly key: HeldKey | undefined;
  readonly onDefect: (error: unknown) => void;
}

export class Session {
  readonly authenticators = new VirtualAuthenticators();
  readonly #pages: Pages;
  #installed: Promise<void> | undefined;

  readonly #key: HeldKey | undefined;

  private constructor(key: HeldKey | undefined, pages: (ceremonies: PageCeremonies) => Pages) {
    this.#key = key;
    const ceremonies = key
      ? new PageCeremonies(key)
      : new PageCeremonies(this.authenticators, { timeoutRange: TIMEOUT_RANGE });
    this.authenticators.onClose(() => ceremonies.close());
    this.#pages = pages(ceremonies);
  }

  static async open(options: SessionOptions): Promise<Session> {
    const session = await Session.#connect(options);
    if (options.key !== undefined) {
      session.#installed = session.#pages.install();
      await session.#installed;
    }
    return session;
  }

  static async #connect({ driver, id, capabilities, key, onDefect }: SessionOptions): Promise<Session> {
    const address = debuggerAddress(capabilities);
    if (address !== undefined) {
      const connection = await CdpConnection.open(address);
      return new Session(key, (ceremonies) => new CdpPages(connection, ceremonies, onDefect));
    }
    const { webSocketUrl } = capabilities;
    if (typeof webSocketUrl !== 'string') {
      return new Session(key, (ceremonies) => new ClassicPages(driver, id, ceremonies));
    }
    const connection = await BidiConnection.open(webSocketUrl);
    return new Session(key, (ceremonies) => new BidiPages(connection, ceremonies, onDefect));
  }

  /** A command below `webauthn/`. Pages are left alone until the first of them. @throws WebDriverError */
  async run(method: string, path: string, body: unknown): Promise<unknown> {
    if (this.#key !== undefined) {
      throw new WebDriverError('unsupported operation', 'the pages of this server are served by a key of the test');
    }
    const value = await runCommand(this.authenticators, method, path, body);
    this.#installed ??= this.#pages.install();
    await this.#installed;
    return value;
  }

  /** A command of the client is about to go to the driver. */
  async beforeCommand(method: string, path: string): Promise<void> {
    if (this.#installed !== undefined) await this.#pages.beforeCommand(method, path);
  }

  /** The driver has answered a command of the client. */
  async afterCommand(method: string, path: string): Promise<void> {
    if (this.#installed !== undefined) await this.#pages.afterCommand(method, path);
  }

  async close(): Promise<void> {
    await this.#pages.close();
    await this.authenticators.close();
  }
}

/** Where Chromium's DevTools Protocol is: drivers of Chromium and of Edge say it. */
function debuggerAddress(capabilities: JsonObject): string | undefined {
  for (const name of ['goog:chromeOptions', 'ms:edgeOptions']) {
    const { debuggerAddress: address } = (capabilities[name] ?? {}) as { readonly debuggerAddress?: unknown };
    if (typeof address === 'string') return address;
  }
  return undefined;
}
