/** An example for @playwright/test: each test's pages have a key. */
import { test as base, expect } from '@playwright/test';
import { type SecurityKeyFixtures, securityKeyFixtures } from '../../../harness/browsers/index.ts';
import { type Pages, script, servePages } from '../../harness/browsers/pages.ts';

const test = base.extend<SecurityKeyFixtures>(securityKeyFixtures({ pin: '2468' }));

let site: Pages;
test.beforeAll(async () => {
  site = await servePages();
});
test.afterAll(() => site.close());

const passkey = '{ authenticatorSelection: { residentKey: "required", userVerification: "required" } }';

test('makes a passkey and signs in with it', async ({ page, securityKey }) => {
  await page.goto(site.origin);
  expect(await page.evaluate(script.outcome(script.create(passkey)))).toBe('done');
  expect(securityKey.passkeys()).toMatchObject([{ rpId: 'localhost', userName: 'alice' }]);
  expect(await page.evaluate(script.outcome(script.get()))).toBe('done');
});

test('has a fresh key, though it does not name it', async ({ page }) => {
  await page.goto(site.origin);
  expect(await page.evaluate(script.outcome(script.create()))).toBe('done');
});

test.describe('by hand', () => {
  test.use({ securityKeyOptions: { touch: 'manual' } });

  test('waits for the touch, which may be refused', async ({ page, securityKey }) => {
    await page.goto(site.origin);
    const created = page.evaluate(script.outcome(script.create()));
    await securityKey.deny();
    expect(await created).toBe('NotAllowedError');
  });
});
