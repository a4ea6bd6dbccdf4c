/** A web application behind Duo's SDK, in Chromium with its own virtual key: the first sign-in enrols, the next one touches. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KeyedPage, launchChromium } from '../../browser-bench.ts';
import { trustSwitch } from '../../server-key.ts';
import { SdkProgram } from './child.ts';
import { code, ServiceBench } from './service.ts';

const PATIENCE_MS = 120_000;

let bench: ServiceBench;
let app: SdkProgram;
let origin: string;
let browser: Browser;
let keyed: KeyedPage;
let page: Page;

beforeAll(async () => {
  bench = await ServiceBench.start();
  const { key, secret } = await bench.integration('web');
  const env = { CLIENT_ID: key, CLIENT_SECRET: secret, API_HOST: bench.host };
  app = new SdkProgram('web-app.ts', bench.address, env);
  ({ origin } = (await app.next()) as { origin: string });
  browser = await launchChromium(await trustSwitch(bench.service));
  keyed = await KeyedPage.open(browser);
  page = keyed.page;
}, PATIENCE_MS);
afterAll(async () => {
  await keyed.close();
  await browser.close();
  await app.end();
  await bench.close();
}, PATIENCE_MS);

async function signIn(username: string): Promise<void> {
  await page.goto(`${origin}/sign-in?${new URLSearchParams({ username, password: 'the first factor' })}`);
}

const welcome = (username: string, factor: string) => `Welcome, ${username}, by ${factor}.`;

it(
  'enrols a key at the first sign-in, asks for it, and opens',
  async () => {
    await keyed.addKey();
    await signIn('zoe');
    await page.locator('#wizard[data-ready]').waitFor();
    expect(new URL(page.url()).host).toBe(bench.host);
    await page.click('#get-started');
    await page.click('[data-kind="security-key"]');
    await page.click('#continue');
    await page.click('#finish');
    await page.waitForURL(`${origin}/`);
    expect(await page.textContent('body')).toBe(welcome('zoe', 'security_key'));
  },
  PATIENCE_MS,
);

it(
  'asks for the key at the next sign-in',
  async () => {
    await page.context().clearCookies();
    await page.goto(origin);
    expect(await page.textContent('body')).toBe('Sign in first.');
    await signIn('zoe');
    await page.waitForURL(`${origin}/`);
    expect(await page.textContent('body')).toBe(welcome('zoe', 'security_key'));
  },
  PATIENCE_MS,
);

it(
  'takes a passcode that is typed into the focused field',
  async () => {
    await bench.userWithToken('yan');
    await page.context().clearCookies();
    await signIn('yan');
    await page.locator('#prompt[data-ready]').waitFor();
    await page.keyboard.type(code(0));
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/`);
    expect(await page.textContent('body')).toBe(welcome('yan', 'hardware_token'));
  },
  PATIENCE_MS,
);
