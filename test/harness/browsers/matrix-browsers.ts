/** The browsers of the matrix, each with the tool that drives it. */
import { chromium } from 'playwright-core';
import type { Page } from 'puppeteer-core';
import { By, type WebDriver } from 'selenium-webdriver';
import {
  type CeremonyRequest,
  HeldKey,
  SecurityKey,
  type SecurityKeyOptions,
  startWebDriverServer,
  withPuppeteerSecurityKey,
  withSecurityKey,
} from '../../../harness/browsers/index.ts';
import { launchFirefox } from './firefox.ts';
import type { MatrixBrowser, MatrixPage, Place } from './matrix.ts';
import { CHROMEDRIVER, CHROMIUM, openScreen, openSession, WEBKIT, WEBKIT_DRIVER } from './webdriver/drivers.ts';

const CHROMIUM_FLAGS = CHROMIUM['goog:chromeOptions'].args.filter((flag) => !flag.startsWith('--headless'));

/** The key of the scenario that runs: pages are opened once, and served by whatever it is. */
class CurrentKey extends HeldKey {
  current: SecurityKey | undefined;

  constructor() {
    super(undefined);
  }

  get #key(): SecurityKey {
    if (this.current === undefined) throw new Error('expected a scenario to run');
    return this.current;
  }

  override get ui() {
    return this.#key.ui;
  }

  override devices(signal: AbortSignal) {
    return this.#key.devices(signal);
  }

  override waitForAutofill(signal: AbortSignal) {
    return this.#key.waitForAutofill(signal);
  }

  override answerFor(request: CeremonyRequest) {
    return this.#key.answerFor(request);
  }

  /** Takes the place of the key before. */
  async renew(options: SecurityKeyOptions = {}): Promise<SecurityKey> {
    await this.current?.close();
    this.current = await SecurityKey.open(options);
    return this.current;
  }

  protected override async release(): Promise<void> {
    await this.current?.close();
  }
}

/** Chromium by Playwright: one page. */
export async function chromiumByPlaywright(origin: string): Promise<MatrixBrowser> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_FLAGS });
  const context = await browser.newContext();
  const key = await withSecurityKey(context, { key: new CurrentKey() });
  const page = await context.newPage();
  return {
    async open(options) {
      const opened = await key.renew(options);
      await page.goto(origin);
      return {
        key: opened,
        page: {
          evaluate: (expression) => page.evaluate(expression),
          goto: async (url) => void (await page.goto(url)),
          frame: () => ({ evaluate: (expression) => page.frames()[1]!.evaluate(expression) }),
          clickFrame: () => page.frames()[1]!.click('html'),
          async popup(url) {
            const popup = context.waitForEvent('page');
            await page.evaluate(`void window.open(${JSON.stringify(url)})`);
            const opening = await popup;
            await opening.waitForLoadState();
            return { evaluate: (expression) => opening.evaluate(expression) };
          },
        },
      };
    },
    async close() {
      await browser.close();
      await key.close();
    },
  };
}

/** Firefox by Puppeteer over WebDriver BiDi: one page. */
export async function firefoxByPuppeteer(origin: string): Promise<MatrixBrowser> {
  const browser = await launchFirefox();
  const page = await browser.newPage();
  const key = await withPuppeteerSecurityKey(page, { key: new CurrentKey() });
  return {
    async open(options) {
      const opened = await key.renew(options);
      await page.goto(origin);
      return {
        key: opened,
        page: {
          evaluate: (expression) => page.evaluate(expression),
          goto: async (url) => void (await page.goto(url)),
          frame: () => ({ evaluate: (expression) => page.frames()[1]!.evaluate(expression) }),
          clickFrame: () => page.frames()[1]!.click('html'),
          async popup(url) {
            const opening = new Promise<Page | null>((resolve) => page.once('popup', resolve));
            await page.evaluate('void window.open("about:blank")');
            const popup = (await opening)!;
            await withPuppeteerSecurityKey(popup, { key });
            await popup.goto(url);
            return { evaluate: (expression) => popup.evaluate(expression) };
          },
        },
      };
    },
    async close() {
      await browser.close();
      await key.close();
    },
  };
}

/** A browser by Selenium, through our WebDriver server: one session. */
async function byWebDriver(origin: string, path: string, capabilities: object): Promise<MatrixBrowser> {
  const held = new CurrentKey();
  const server = await startWebDriverServer({ driver: path, key: held });
  let driver: WebDriver;
  try {
    driver = await openSession(server.url, capabilities);
  } catch (error) {
    await server.close();
    throw error;
  }
  const main = await driver.getWindowHandle();
  const evaluate = (expression: string): Promise<unknown> =>
    driver.executeAsyncScript(
      'const [text, done] = arguments; Promise.resolve((0, eval)(text)).then(done, (error) => done(String(error)))',
      expression,
    );
  const inside = async <T>(enter: () => Promise<void>, act: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await act();
    } finally {
      await driver.switchTo().window(main);
      await driver.switchTo().defaultContent();
    }
  };
  const within = (enter: () => Promise<void>): Place => ({
    evaluate: (expression) => inside(enter, () => evaluate(expression)),
  });
  const enterFrame = () => driver.switchTo().frame(0);
  const page: MatrixPage = {
    evaluate,
    goto: (url) => driver.get(url),
    frame: () => within(enterFrame),
    clickFrame: () => inside(enterFrame, () => driver.findElement(By.css('html')).click()),
    async popup(url) {
      const before = await driver.getAllWindowHandles();
      // WebKit opens one for a click of the user alone.
      await driver.executeScript(
        `const button = document.body.appendChild(document.createElement('button'));
        button.id = 'popup';
        button.textContent = 'Open';
        button.onclick = () => window.open(arguments[0]);`,
        url,
      );
      await driver.findElement(By.id('popup')).click();
      const handle = await driver.wait(async () => {
        const now = await driver.getAllWindowHandles();
        return now.find((other) => !before.includes(other)) ?? false;
      }, 20_000);
      return within(() => driver.switchTo().window(handle as string));
    },
  };
  return {
    async open(options) {
      const key = await held.renew(options);
      await driver.get(origin);
      return { page, key };
    },
    async close() {
      await driver.quit();
      await server.close();
      await held.close();
    },
  };
}

export const chromiumByWebDriver = (origin: string) => byWebDriver(origin, CHROMEDRIVER, CHROMIUM);

export async function webkitByWebDriver(origin: string): Promise<MatrixBrowser> {
  const screen = await openScreen();
  process.env.DISPLAY = screen.display;
  const browser = await byWebDriver(origin, WEBKIT_DRIVER, WEBKIT);
  return {
    ...browser,
    async close() {
      await browser.close();
      await screen.close();
    },
  };
}
