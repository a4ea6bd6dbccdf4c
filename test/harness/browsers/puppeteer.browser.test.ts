/** A key in the pages of Firefox ESR, by Puppeteer over WebDriver BiDi. */
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type SecurityKey,
  type WithSecurityKeyOptions,
  withPuppeteerSecurityKey,
} from '../../../harness/browsers/index.ts';
import { launchFirefox } from './firefox.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;

beforeAll(async () => {
  [browser, pages] = await Promise.all([launchFirefox(), servePages()]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

/** Runs `use` on a page with a key of its own. */
async function withPage(
  options: WithSecurityKeyOptions,
  use: (page: Page, key: SecurityKey) => Promise<void>,
  path = '/',
): Promise<void> {
  const page = await browser.newPage();
  const key = await withPuppeteerSecurityKey(page, options);
  try {
    await page.goto(pages.origin + path);
    await use(page, key);
  } finally {
    await page.close();
    await key.close();
  }
}

const outcome = (where: Pick<Page, 'evaluate'>, promise: string) => where.evaluate(script.outcome(promise));

describe('a page of Firefox with a security key', () => {
  it('registers and signs in, and sees the classes of WebAuthn', () =>
    withPage({}, async (page) => {
      expect(await outcome(page, script.create('{ extensions: { prf: {} } }'))).toBe('done');
      expect(
        await page.evaluate(
          '[credential instanceof PublicKeyCredential, credential.response.getPublicKeyAlgorithm(), credential.getClientExtensionResults().prf.enabled]',
        ),
      ).toEqual([true, -7, true]);
      expect(await outcome(page, script.get(script.allowed))).toBe('done');
    }));

  it('gets NotAllowedError for a touch that is denied, and for a PIN that is wrong three times', () =>
    withPage({ touch: 'deny', pin: '2468' }, async (page, key) => {
      expect(await outcome(page, script.create())).toBe('NotAllowedError');
      key.presence = 'auto';
      expect(await outcome(page, script.create('{ authenticatorSelection: { userVerification: "required" } }'))).toBe(
        'done',
      );
      key.pin = '1111';
      expect(await outcome(page, script.get(`{ ...${script.allowed}, userVerification: "required" }`))).toBe(
        'NotAllowedError',
      );
    }));

  it('waits for the touch, and for a passkey that is picked', () =>
    withPage({ touch: 'manual' }, async (page, key) => {
      const created = outcome(page, script.create('{ authenticatorSelection: { residentKey: "required" } }'));
      await key.touch();
      expect(await created).toBe('done');
      const conditional = outcome(page, script.get('{}', '{ mediation: "conditional" }'));
      await key.autofill();
      await key.touch();
      expect(await conditional).toBe('done');
    }));

  it('heeds who may ask in a frame', () => {
    const other = encodeURIComponent(`${pages.other}/`);
    return withPage(
      {},
      async (page) => {
        expect(await outcome(page.frames()[1]!, script.create())).toBe('NotAllowedError');
        await page.goto(`${pages.origin}/?frame=${other}&allow=publickey-credentials-create`);
        expect(await outcome(page.frames()[1]!, script.create())).toBe('done');
      },
      `/?frame=${other}`,
    );
  });

  it('leaves nothing waiting when it goes', () =>
    withPage({ touch: 'manual' }, async (page, key) => {
      void outcome(page, script.create()).catch(() => 'gone');
      await key.waitForTouch();
      await page.goto(`${pages.origin}/elsewhere`);
      await expect.poll(() => key.pending, { timeout: 10_000 }).toEqual([]);
    }));
});
