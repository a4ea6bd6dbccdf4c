/** Firefox ESR on the guide's own pages, over HTTPS: the wizard of a mailed link, the prompt, the device portal. */
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SecurityKey, withPuppeteerSecurityKey } from '../../../../harness/browsers/index.ts';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { createUser } from '../../../../harness/sites/duo/domain/users.ts';
import { credentialsOfUser } from '../../../../harness/sites/duo/domain/webauthn-credentials.ts';
import { sendEnrolmentMail } from '../../../../harness/sites/duo/mail/enrolment-mail.ts';
import { type DuoService, startDuoService } from '../../../../harness/sites/duo/service.ts';
import { launchFirefox } from '../../browsers/firefox.ts';
import { ADMINISTRATOR } from './person.ts';

const USERNAME = 'alice';
const PATIENCE_MS = 200_000;

let service: DuoService;
let browser: Browser;
let page: Page;
let userId: string;
const keys: SecurityKey[] = [];

beforeAll(async () => {
  [service, browser] = await Promise.all([
    startDuoService({ administrator: ADMINISTRATOR }),
    launchFirefox({
      // The authority is known to this service alone, not to the profile.
      acceptInsecureCerts: true,
      timeout: PATIENCE_MS,
      protocolTimeout: PATIENCE_MS,
    }),
  ]);
  ({ userId } = await createUser(service.tenant, { username: USERNAME, email: 'alice@example.org' }));
});
afterAll(async () => {
  await browser?.close();
  for (const key of keys) await key.close();
  await service?.close();
});

/** Another tab of the same session, with a key in its port that nobody touches by himself. */
async function openTab(key?: SecurityKey): Promise<SecurityKey> {
  await page?.close();
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const plugged = await withPuppeteerSecurityKey(page, key === undefined ? { touch: 'manual' } : { key });
  if (key === undefined) keys.push(plugged);
  return plugged;
}

const click = (selector: string) => page.locator(selector).click();

/** The wizard from its first step to its last; the key is touched once it asks. */
async function enrol(key: SecurityKey): Promise<void> {
  await page.waitForSelector('#wizard[data-ready]');
  for (const button of ['#get-started', '[data-kind="security-key"]', '#continue']) await click(button);
  await key.touch();
  await page.waitForSelector('#success', { visible: true });
}

async function namesOfDevices(): Promise<string[]> {
  await page.waitForSelector('#devices');
  return page.$$eval('#devices .key-name', (names) => names.map((name) => name.textContent ?? ''));
}

it('enrols by the wizard of the mailed link', async () => {
  const key = await openTab();
  const mailed = service.mailbox!.next();
  await sendEnrolmentMail(service.tenant, userId, ADMINISTRATOR.email);
  const [link] = /https:\/\/\S+\/enroll\?code=\S+/.exec((await mailed).text) ?? [];
  await page.goto(link!);
  await enrol(key);
  expect(credentialsOfUser(service.tenant, userId)).toMatchObject([{ platform: false }]);
});

it('signs in at the prompt by a touch', async () => {
  const [key] = keys;
  await page.goto(`${service.url}/sign-in`);
  await page.locator('#username').fill(USERNAME);
  await click('#sign-in');
  await key!.touch();
  await page.waitForSelector('#devices');
  expect(new URL(page.url()).pathname).toBe('/portal');
  const [last] = listAuthentications(service.tenant);
  expect(last).toMatchObject({ username: USERNAME, result: 'success', integrationName: 'Device portal' });
});

it('adds, renames and removes a key in the device portal', async () => {
  await page.locator('#devices input[name="name"]').fill('Blue key');
  await click('#devices form[action$="/rename"] button');
  await page.waitForSelector('#notice[data-kind="good"]');
  expect(await namesOfDevices()).toEqual(['Blue key']);
  const spare = await openTab();
  await page.goto(`${service.url}/portal`);
  await click('#add-device');
  await enrol(spare);
  await click('#finish');
  expect(await namesOfDevices()).toHaveLength(2);
  const blue = '#devices > li:has(input[value="Blue key"])';
  await click(`${blue} summary`);
  await click(`${blue} .danger`);
  await page.waitForSelector('#devices > li:only-child');
  expect(await namesOfDevices()).not.toContain('Blue key');
  expect(credentialsOfUser(service.tenant, userId)).toHaveLength(1);
});
