/** Who may have a key of the lab in a page: browsers by a link that is good once, and each page for itself. */
import { randomBytes } from 'node:crypto';

/** Milliseconds that an unused link lasts. */
const LINK_LIFETIME = 10 * 60_000;
/** Milliseconds that a browser keeps its key. */
const BROWSER_LIFETIME = 12 * 3_600_000;
/** Milliseconds that a page may use its key without being loaded again. */
const PAGE_LIFETIME = 3_600_000;
const MOST = 1000;

/** Secrets and what each stands for, for a time. The oldest goes where there are too many. */
class Secrets<T> {
  readonly #lifetime: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(lifetime: number, now: () => number) {
    this.#lifetime = lifetime;
    this.#now = now;
  }

  create(value: T): string {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST && oldest !== undefined) this.#kept.delete(oldest);
    const secret = randomBytes(32).toString('base64url');
    this.#kept.set(secret, { value, until: this.#now() + this.#lifetime });
    return secret;
  }

  find(secret: string | undefined): T | undefined {
    const found = secret === undefined ? undefined : this.#kept.get(secret);
    return found !== undefined && this.#now() < found.until ? found.value : undefined;
  }

  take(secret: string): T | undefined {
    const value = this.find(secret);
    this.#kept.delete(secret);
    return value;
  }
}

/** A browser and the key that its pages have. */
export interface KeyedBrowser {
  readonly keyId: string;
}

/** A page that was served, and what it asks. */
export class KeyedPage<R> {
  readonly keyId: string;
  /** Requests that go on, by their ids. */
  readonly requests = new Map<string, R>();

  constructor(keyId: string) {
    this.keyId = keyId;
  }
}

export class Admissions<R> {
  readonly #links: Secrets<KeyedBrowser>;
  readonly #browsers: Secrets<KeyedBrowser>;
  readonly #pages: Secrets<KeyedPage<R>>;

  constructor(now: () => number = Date.now) {
    this.#links = new Secrets(LINK_LIFETIME, now);
    this.#browsers = new Secrets(BROWSER_LIFETIME, now);
    this.#pages = new Secrets(PAGE_LIFETIME, now);
  }

  /** The code of a link for a browser to have that key. */
  link(keyId: string): string {
    return this.#links.create({ keyId });
  }

  /** The secret of the browser's cookie; undefined for a code that was used, is too old, or was never made. */
  redeem(code: string): string | undefined {
    const browser = this.#links.take(code);
    return browser && this.#browsers.create(browser);
  }

  browser(cookie: string | undefined): KeyedBrowser | undefined {
    return this.#browsers.find(cookie);
  }

  /** The secret of a page that goes out to that browser now. */
  admitPage({ keyId }: KeyedBrowser): string {
    return this.#pages.create(new KeyedPage(keyId));
  }

  page(token: string | undefined): KeyedPage<R> | undefined {
    return this.#pages.find(token);
  }
}
