import { mkdir } from 'node:fs/promises';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

const SCREENSHOTS = new URL('../../../test-results/duo-site/', import.meta.url);

/** Chromium of the system, headless, without any traffic of its own. */
export function launchChromium(...more: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** How often Chromium is asked for a picture: a busy machine may leave it without a frame to take one of. */
const ATTEMPTS = 3;

/** Keeps a picture of the whole page. */
export async function capture(page: Page, path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await page.screenshot({ path, fullPage: true });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !/Unable to capture screenshot/.test(String(error))) throw error;
    }
  }
}

/** A page with Chromium's own virtual authenticators: a key that this project did not write. */
export class KeyedPage {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #cdp: CDPSession;
  readonly #keys = new Set<string>();

  constructor(context: BrowserContext, page: Page, cdp: CDPSession) {
    this.context = context;
    this.page = page;
    this.#cdp = cdp;
  }

  static async open(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<KeyedPage> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    return new KeyedPage(context, page, cdp);
  }

  /** `internal` is part of the device, and knows its user. */
  async addKey(transport: 'usb' | 'internal' = 'usb'): Promise<string> {
    const user =
      transport === 'internal' ? { hasResidentKey: true, hasUserVerification: true, isUserVerified: true } : {};
    const { authenticatorId } = await this.#cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport, automaticPresenceSimulation: true, ...user },
    });
    this.#keys.add(authenticatorId);
    return authenticatorId;
  }

  /** The keys that are plugged in. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  async removeKey(authenticatorId: string): Promise<void> {
    await this.#cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    this.#keys.delete(authenticatorId);
  }

  /** Whether the key's user touches it. */
  async setTouch(authenticatorId: string, enabled: boolean): Promise<void> {
    await this.#cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(SCREENSHOTS, { recursive: true });
    await capture(this.page, new URL(`${name}.png`, SCREENSHOTS).pathname);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
