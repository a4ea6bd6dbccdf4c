/**
 * What makes the pages of the lab's own site have a key of the lab: no browser sees it, so that the pages are served with
 * a script that brings it. Only browsers that came by a link of the lab get such pages.
 */
import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { HeldKey } from '../../browsers/held-key.ts';
import type { PageAbort, PageRequest } from '../../browsers/in-page/messages.ts';
import { SiteError } from '../../sites/duo/site.ts';
import { textMember } from '../../sites/duo/web/web.ts';
import { Admissions, type KeyedBrowser, type KeyedPage } from './admissions.ts';
import type { PageExchange } from './page-exchange.ts';
import { PAGE_SCRIPT, PAGE_STYLE, withKeyTags } from './page-tags.ts';
import { KEY_PATH } from './paths.ts';

interface PageAnswer extends Omit<PageAbort, 'type'> {
  readonly type: 'answer';
  readonly answer: string | null;
}

export interface KeyRoutesOptions {
  /** The site's origin, which the pages have. */
  readonly origin: string;
  /** A port of its own has cookies of its own. */
  readonly port: number;
  /** The key of that id, to be used until the lab ends. */
  readonly openKey: (id: string) => Promise<HeldKey>;
  /** Where a browser that came by a link goes first. */
  readonly start: string;
}

export class KeyRoutes {
  readonly #options: KeyRoutesOptions;
  readonly #admissions = new Admissions<PageExchange>();

  constructor(options: KeyRoutesOptions) {
    this.#options = options;
  }

  /** An address that gives the browser which opens it that key, once. */
  link(keyId: string): string {
    return `${this.#options.origin}${KEY_PATH}/open?code=${this.#admissions.link(keyId)}`;
  }

  /** The browser's key; undefined where it has none. */
  browserOf(c: Context): KeyedBrowser | undefined {
    return this.#admissions.browser(getCookie(c, this.#cookieName));
  }

  /** Adds the routes, and has every page go out with its key. */
  furnish(site: Hono): void {
    const routes = new Hono();
    routes.get('/open', (c) => this.#open(c));
    routes.get('/page.js', (c) => c.body(PAGE_SCRIPT, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }));
    routes.get('/page.css', (c) => c.body(PAGE_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
    routes.post('/ask', (c) => this.#ask(c));
    site.use(async (c, next) => {
      await next();
      await this.#equip(c);
    });
    site.route(KEY_PATH, routes);
  }

  get #cookieName(): string {
    return `ctaplab_key_${this.#options.port}`;
  }

  #open(c: Context): Response {
    const cookie = this.#admissions.redeem(c.req.query('code') ?? '');
    if (cookie === undefined) {
      const message = 'This link was used already, or is too old. Open the site from the panel again.';
      throw new SiteError(403, 'wrong_code', message);
    }
    // Lax: the browser comes from the panel, which is another site.
    setCookie(c, this.#cookieName, cookie, { httpOnly: true, sameSite: 'Lax', path: '/' });
    return c.redirect(this.#options.start, 302);
  }

  /** Puts the script into a page of the site. What has a policy of its own, as mail in its frame, stays as it is. */
  async #equip(c: Context): Promise<void> {
    const browser = this.browserOf(c);
    const isPage = c.res.headers.get('content-type')?.startsWith('text/html') === true;
    if (browser === undefined || !isPage || c.res.headers.has('content-security-policy')) return;
    const tags = { token: this.#admissions.admitPage(browser), keyId: browser.keyId, start: this.#options.start };
    c.res = new Response(withKeyTags(await c.res.text(), tags), c.res);
  }

  async #ask(c: Context): Promise<Response> {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    const page = this.#admissions.page(token);
    if (page === undefined) throw new SiteError(403, 'wrong_page', 'This page has no key any more. Load it again.');
    const message = parseMessage(await c.req.json());
    if (message.type === 'abort') {
      page.requests.get(message.id)?.abandon();
      page.requests.delete(message.id);
      return c.json(null);
    }
    const exchange = await this.#exchangeOf(page, message);
    const leave = () => exchange.abandon();
    c.req.raw.signal.addEventListener('abort', leave);
    const step = await exchange.next();
    c.req.raw.signal.removeEventListener('abort', leave);
    if (!('question' in step)) page.requests.delete(message.id);
    return c.json(step);
  }

  async #exchangeOf(page: KeyedPage<PageExchange>, message: PageRequest | PageAnswer): Promise<PageExchange> {
    if (message.type !== 'answer') {
      const { PageExchange: Exchange } = await import('./page-exchange.ts'); // a browser's WebAuthn, of no use before
      const exchange = new Exchange(await this.#options.openKey(page.keyId), this.#options.origin, message);
      page.requests.set(message.id, exchange);
      return exchange;
    }
    const exchange = page.requests.get(message.id);
    if (exchange === undefined) throw new SiteError(400, 'malformed', 'There is no such request to answer for.');
    exchange.answer(message.answer ?? undefined);
    return exchange;
  }
}

const TYPES = ['create', 'get', 'platform', 'signal', 'abort', 'answer'] as const;

/** @throws SiteError 400 */
function parseMessage(json: unknown): PageRequest | PageAbort | PageAnswer {
  const body = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const type = TYPES.find((known) => known === body.type);
  if (type === undefined) throw new SiteError(400, 'malformed', `"type" must be one of ${TYPES.join(', ')}.`);
  const { mediation } = body;
  const named = { id: textMember(body, 'id'), document: textMember(body, 'document') };
  if (type === 'abort') return { type, ...named };
  if (type === 'answer') return { type, ...named, answer: body.answer === null ? null : textMember(body, 'answer') };
  if (typeof body.options !== 'string') throw new SiteError(400, 'malformed', '"options" must be a string.');
  const more = {
    options: body.options,
    mediation: mediation === undefined ? undefined : textMember(body, 'mediation'),
  };
  return { type, ...named, ...more, origin: textMember(body, 'origin') };
}
