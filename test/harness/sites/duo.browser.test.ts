import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DuoSite, MemoryStore, type SiteEvent, startDuoSite } from '../../../harness/sites/duo/index.ts';
import { KeyedPage, launchChromium } from './browser-bench.ts';

let browser: Browser;
let site: DuoSite;
let events: SiteEvent[];
let keyed: KeyedPage;
const violations: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  events = [];
  site = await startDuoSite({ onEvent: (event) => events.push(event) });
  await use({});
});
afterEach(async () => {
  await keyed.close();
  await site.close();
  expect(violations.splice(0)).toEqual([]);
});

async function use(options: Parameters<Browser['newContext']>[0]): Promise<void> {
  await keyed?.close();
  keyed = await KeyedPage.open(browser, options);
  keyed.page.on('pageerror', (error) => violations.push(error.message));
  keyed.page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });
}

async function toKeyStep(username: string): Promise<void> {
  const { page } = keyed;
  await page.goto(`${site.url}/enroll`);
  await page.locator('#enroll[data-ready]').waitFor();
  await page.fill('#username', username);
  await page.click('#get-started');
  await page.click('#method-security-key');
}

async function enroll(username: string): Promise<void> {
  await toKeyStep(username);
  await keyed.page.click('#continue');
  await keyed.page.locator('#success').waitFor();
}

async function signIn(username: string): Promise<void> {
  const { page } = keyed;
  await page.goto(`${site.url}/sign-in`);
  await page.locator('#sign-in-card[data-ready]').waitFor();
  await page.fill('#username', username);
  await page.click('#sign-in');
}

async function alertCode(): Promise<string | null> {
  const alert = keyed.page.locator('#alert:not([hidden])');
  await alert.waitFor();
  return alert.getAttribute('data-code');
}

test.each([
  ['light', { colorScheme: 'light' as const, viewport: { width: 1280, height: 800 } }],
  ['dark', { colorScheme: 'dark' as const, viewport: { width: 1280, height: 800 } }],
  ['narrow', { colorScheme: 'light' as const, viewport: { width: 320, height: 640 } }],
])('enrols a key step by step and signs in (%s)', async (name, options) => {
  await use(options);
  const { page } = keyed;
  await keyed.addKey();
  await page.goto(`${site.url}/enroll`);
  await keyed.screenshot(`${name}-1-welcome`);
  await page.locator('#enroll[data-ready]').waitFor();
  await page.fill('#username', 'Alice@example.com');
  await page.click('#get-started');
  await keyed.screenshot(`${name}-2-method`);
  await page.click('#method-security-key');
  await keyed.screenshot(`${name}-3-key`);
  await page.click('#continue');
  await page.locator('#success').waitFor();
  expect(await page.textContent('#success-text')).toContain('alice@example.com can now sign in');
  await keyed.screenshot(`${name}-4-done`);

  await page.click('#finish');
  expect(await page.inputValue('#username')).toBe('alice@example.com');
  await keyed.screenshot(`${name}-5-sign-in`);
  await page.locator('#sign-in-card[data-ready]').waitFor();
  await page.click('#sign-in');
  await page.waitForURL(`${site.url}/account`);
  expect(await page.textContent('#account-name')).toBe('alice@example.com');
  expect(await page.locator('#keys > li').count()).toBe(1);
  await keyed.screenshot(`${name}-6-account`);
  const overflow = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect(overflow).toBe(false);
  expect(events).toMatchObject([
    { type: 'registration', accepted: true },
    { type: 'authentication', accepted: true, username: 'alice@example.com' },
  ]);

  await page.click('#sign-out');
  await page.waitForURL(`${site.url}/sign-in`);
  await page.goto(`${site.url}/account`);
  expect(page.url()).toBe(`${site.url}/sign-in`);
});

test('adds a second key with the keyboard alone, and refuses the first one again', async () => {
  const { page } = keyed;
  const first = await keyed.addKey();
  await enroll('bob');
  await page.click('#add-another');
  await page.click('#method-security-key');
  await page.click('#continue');
  expect(await alertCode()).toBe('already-enrolled');
  expect(await page.textContent('#alert-detail')).toMatch(/^InvalidStateError: /);
  await keyed.screenshot('failure-already-enrolled');

  await keyed.removeKey(first);
  await keyed.addKey();
  await page.goto(`${site.url}/enroll`);
  await page.locator('#enroll[data-ready]').waitFor();
  expect(await page.getAttribute('#username', 'readonly')).not.toBeNull();
  await page.focus('#username');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('#success').waitFor();
  expect(await page.textContent('#success-text')).toContain('bob now has 2 security keys');
  await signIn('bob');
  await page.waitForURL(`${site.url}/account`);
  expect(await page.locator('.key-name').allTextContents()).toEqual(['Security key', 'Security key 2']);
  await keyed.screenshot('account-two-keys');
});

test('says so when the enrolment is cancelled, and lets it be tried again', async () => {
  const { page } = keyed;
  const key = await keyed.addKey();
  await keyed.setTouch(key, false);
  await toKeyStep('carol');
  await page.click('#continue');
  await page.locator('#waiting').waitFor();
  await keyed.screenshot('waiting');
  await page.click('#cancel');
  expect(await alertCode()).toBe('cancelled');
  await keyed.screenshot('failure-cancelled');
  await keyed.setTouch(key, true);
  await page.click('#continue');
  await page.locator('#success').waitFor();
});

test('says so when time runs out: a key that nobody touches, and no key at all', async () => {
  await site.close();
  const store = new MemoryStore();
  site = await startDuoSite({ store });
  const key = await keyed.addKey();
  await enroll('dave');
  await site.close();
  site = await startDuoSite({ store, timeout: 300 });
  await keyed.setTouch(key, false);
  await toKeyStep('erin');
  await keyed.page.click('#continue');
  expect(await alertCode()).toBe('timeout');

  await keyed.removeKey(key);
  await signIn('dave');
  expect(await alertCode()).toBe('timeout');
  await keyed.screenshot('failure-timeout');
  expect(await keyed.page.evaluate('document.activeElement.id')).toBe('try-again');
});

test('says so when a key of nobody or of somebody else is used', async () => {
  const { page } = keyed;
  const daves = await keyed.addKey();
  await enroll('dave');
  await keyed.removeKey(daves);
  await keyed.addKey();
  await signIn('dave');
  // Chromium does not tell a page that the key lacks the credential: the message names it as one of the causes.
  expect(await alertCode()).toBe('denied');
  expect(await page.textContent('#alert-text')).toContain('this key is not enrolled for the account');
  await keyed.screenshot('failure-denied');

  await keyed.context.clearCookies();
  await enroll('erin');
  // The browser is made to use Erin's credential for Dave's sign-in: now the site itself must refuse.
  const response = await page.request.post(`${site.url}/api/authentication/options`, { data: { username: 'erin' } });
  const { allowCredentials } = await response.json();
  await page.route('**/api/authentication/options', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), allowCredentials } });
  });
  await signIn('dave');
  expect(await alertCode()).toBe('wrong-key');
  await keyed.screenshot('failure-wrong-key');
  expect(events.at(-1)).toMatchObject({ accepted: false, reason: 'The credential belongs to erin, not to dave.' });
});

test('says so when an account is taken, a username is malformed, or the site is gone', async () => {
  const { page } = keyed;
  await keyed.addKey();
  await enroll('frank');
  await keyed.context.clearCookies();
  await toKeyStep('frank');
  await page.click('#continue');
  expect(await alertCode()).toBe('refused');
  expect(await page.textContent('#alert-text')).toContain('already has a security key');
  expect(await page.isVisible('#alert-detail')).toBe(false);

  await page.goto(`${site.url}/sign-in`);
  await page.locator('#sign-in-card[data-ready]').waitFor();
  await page.fill('#username', 'no spaces please');
  await page.click('#sign-in');
  expect(await page.textContent('#username-error')).toContain('letters, digits');
  await keyed.screenshot('failure-username');
  await page.route('**/api/**', (route) => route.abort());
  await page.fill('#username', 'frank');
  await page.click('#sign-in');
  expect(await alertCode()).toBe('unreachable');
});

test('says so when the browser has no WebAuthn', async () => {
  await keyed.page.addInitScript('delete globalThis.PublicKeyCredential');
  await keyed.page.goto(`${site.url}/sign-in`);
  expect(await alertCode()).toBe('unsupported');
  expect(await keyed.page.isDisabled('#sign-in')).toBe(true);
  await keyed.screenshot('failure-unsupported');
});
