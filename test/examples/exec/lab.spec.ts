/** An example for `ctaplab exec --touch manual -- npx playwright test`: pages are served by the key that is plugged in. */
import { test as base, expect } from '@playwright/test';
import {
  type SecurityKeyFixtures,
  securityKeyFixtures,
  type WithLabKeyOptions,
} from '../../../harness/browsers/index.ts';
import { type Pages, script, servePages } from '../../harness/browsers/pages.ts';

const test = base.extend<SecurityKeyFixtures<WithLabKeyOptions>>(securityKeyFixtures({ lab: 'running' }));

let site: Pages;
test.beforeAll(async () => {
  site = await servePages();
});
test.afterAll(() => site.close());

test('registers and signs in with the key of the lab', async ({ page, securityKey }) => {
  await page.goto(site.origin);
  const created = page.evaluate(script.outcome(script.create()));
  expect(await securityKey.touch()).toMatchObject({ operation: 'makeCredential', rpId: 'localhost' });
  expect(await created).toBe('done');
  const signedIn = page.evaluate(script.outcome(script.get(script.allowed)));
  await securityKey.touch();
  expect(await signedIn).toBe('done');
});
