/** The browsers that run the Web Platform Tests: each with its own authenticators, or with those of the in-page way. */
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { startWebDriverServer, withPuppeteerSecurityKey } from '../../../../harness/browsers/index.ts';
import { Driver } from '../../../../harness/browsers/webdriver/driver.ts';
import { TIMEOUT_RANGE, VirtualAuthenticators } from '../../../../harness/browsers/webdriver/virtual-authenticators.ts';
import { launchFirefox } from '../firefox.ts';
import { CHROMEDRIVER, CHROMIUM, openScreen, WEBKIT, WEBKIT_DRIVER } from '../webdriver/drivers.ts';

/** A browser with a window in which one test after the other runs. */
export interface TestBrowser {
  open(url: string): Promise<void>;
  /** The value of a promise in the test's window, of JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** A click of the user in the test's window, or in one of its frames. */
  click(selector: string, frame: number | undefined): Promise<void>;
  /** A command of WebAuthn Level 3 §11, by the name of the method of VirtualAuthenticators. */
  authenticators(name: string, parameters: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Longer than the longest test waits. */
const PATIENCE_MS = 120_000;

/** A session of WebDriver with a driver, or with what serves as one. */
async function openWebDriver(driver: Driver, capabilities: object): Promise<TestBrowser> {
  const opened = await driver.command('POST', '/session', {
    capabilities: { alwaysMatch: { ...capabilities, acceptInsecureCerts: true } },
  });
  const { sessionId } = opened as { sessionId: string };
  const session = (method: string, path: string, body?: object) =>
    driver.command(method, `/session/${sessionId}${path}`, body);
  await session('POST', '/timeouts', { script: PATIENCE_MS, pageLoad: PATIENCE_MS });
  const of = (id: unknown) => `/webauthn/authenticator/${id}`;
  const authenticators: Record<string, (...parameters: never[]) => Promise<unknown>> = {
    add: (configuration: object) => session('POST', '/webauthn/authenticator', configuration),
    remove: (id) => session('DELETE', of(id)),
    addCredential: (id, credential: object) => session('POST', `${of(id)}/credential`, credential),
    getCredentials: (id) => session('GET', `${of(id)}/credentials`),
    removeCredential: (id, credentialId) => session('DELETE', `${of(id)}/credentials/${credentialId}`),
    removeAllCredentials: (id) => session('DELETE', `${of(id)}/credentials`),
    setUserVerified: (id, parameters: object) => session('POST', `${of(id)}/uv`, parameters),
  };
  return {
    open: async (url) => void (await session('POST', '/url', { url })),
    evaluate: (expression) =>
      session('POST', '/execute/async', {
        script: `Promise.resolve(${expression}).then(arguments[arguments.length - 1])`,
        args: [],
      }),
    async click(selector, frame) {
      if (frame !== undefined) await session('POST', '/frame', { id: frame });
      const element = await session('POST', '/element', { using: 'css selector', value: selector });
      await session('POST', `/element/${Object.values(element as object)[0]}/click`, {});
      if (frame !== undefined) await session('POST', '/frame', { id: null });
    },
    authenticators: (name, parameters) => authenticators[name]!(...(parameters as never[])),
    close: async () => void (await session('DELETE', '')),
  };
}

/** Chromium, with its own WebAuthn client and authenticators. */
export async function chromiumAlone(): Promise<TestBrowser> {
  const driver = await Driver.start(CHROMEDRIVER);
  const browser = await openWebDriver(driver, CHROMIUM);
  return withEnd(browser, () => driver.close());
}

/** Chromium, its pages served by `ctaplab webdriver`. */
export async function chromiumInPage(): Promise<TestBrowser> {
  const server = await startWebDriverServer({ driver: CHROMEDRIVER });
  const browser = await openWebDriver(Driver.at(server.url), CHROMIUM);
  return withEnd(browser, () => server.close());
}

/** WebKit's MiniBrowser, its pages served by `ctaplab webdriver`. */
export async function webkitInPage(): Promise<TestBrowser> {
  const screen = await openScreen();
  process.env.DISPLAY = screen.display;
  const server = await startWebDriverServer({ driver: WEBKIT_DRIVER });
  const browser = await openWebDriver(Driver.at(server.url), WEBKIT);
  return withEnd(browser, async () => {
    await server.close();
    await screen.close();
  });
}

/** Firefox by Puppeteer, its pages served by the same authenticators. */
export async function firefoxInPage(): Promise<TestBrowser> {
  const browser = await launchFirefox({
    acceptInsecureCerts: true,
    protocolTimeout: PATIENCE_MS,
  });
  const key = new VirtualAuthenticators();
  const page: Page = await browser.newPage();
  await withPuppeteerSecurityKey(page, { key, timeoutRange: TIMEOUT_RANGE });
  const commands = key as unknown as Record<string, (...parameters: unknown[]) => Promise<unknown>>;
  return {
    open: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression),
    click: (selector, frame) =>
      (frame === undefined ? page.mainFrame() : page.mainFrame().childFrames()[frame]!).click(selector),
    async authenticators(name, parameters) {
      // A test looks for the effect of a signal that it has not waited for, and this way is the shorter one.
      if (name === 'getCredentials') await setTimeout(500);
      return commands[name]!(...parameters);
    },
    async close() {
      await browser.close();
      await key.close();
    },
  };
}

function withEnd(browser: TestBrowser, end: () => Promise<void>): TestBrowser {
  return {
    ...browser,
    async close() {
      await browser.close();
      await end();
    },
  };
}
