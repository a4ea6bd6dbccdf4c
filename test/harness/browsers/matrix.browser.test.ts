/** Every browser runs the same script with our key. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type MatrixBrowser, openSite, scenarios } from './matrix.ts';
import { chromiumByPlaywright, chromiumByWebDriver, firefoxByPuppeteer, webkitByWebDriver } from './matrix-browsers.ts';
import { type Pages, servePages } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await servePages();
});
afterAll(() => pages?.close());

describe.each([
  ['Chromium by Playwright', chromiumByPlaywright],
  ['Firefox by Puppeteer', firefoxByPuppeteer],
  ['Chromium by WebDriver', chromiumByWebDriver],
  ['WebKit by WebDriver', webkitByWebDriver],
])('%s', (_, launch) => {
  let browser: MatrixBrowser;
  beforeAll(async () => {
    browser = await launch(pages.origin);
  });
  afterAll(() => browser?.close());

  it.each(Object.entries(scenarios))('%s', async (_name, scenario) => scenario(browser, openSite(pages)));
});
