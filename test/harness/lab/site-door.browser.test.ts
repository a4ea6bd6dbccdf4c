/** Chromium, without any key of its own, on the lab's site: enrols and signs in by clicks alone. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../../emulator/lab/lab.ts';
import type { LabKey } from '../../../emulator/lab/lab-key.ts';
import { type ControlServer, serveControlApi } from '../../../emulator/lab/server.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { openSiteDoor, type SiteDoor } from '../../../harness/lab/with-key/site-door.ts';
import { changePolicy, DEFAULT_POLICY } from '../../../harness/sites/duo/domain/policy.ts';
import { type DuoService, startDuoService } from '../../../harness/sites/duo/service.ts';
import { launchChromium } from '../browsers/chromium.ts';

let browser: Browser;
let context: BrowserContext;
let page: Page;
let lab: Lab;
let key: LabKey;
let control: ControlServer;
let service: DuoService;
let door: SiteDoor;
const complaints: unknown[] = [];
const onDefect = (error: unknown) => void complaints.push(error);

beforeAll(async () => {
  lab = await Lab.open({
    ...{ model: findModel('token2-r3'), keys: 2, touch: 'manual', transports: [{ kind: 'udp', port: 0 }] },
  });
  key = lab.keys.get('1')!;
  [control, service, browser] = await Promise.all([
    serveControlApi(lab, { onDefect }),
    startDuoService({ onDefect }),
    launchChromium(),
  ]);
  door = await openSiteDoor(service, control);
});
afterAll(async () => {
  await browser.close();
  await door.close();
  await service.close();
  await control.close();
  await lab.close();
  expect(complaints).toEqual([]);
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
});
afterEach(async () => {
  await changePolicy(service.tenant, { ...DEFAULT_POLICY });
  await context.close();
});

async function touch(touched = key): Promise<unknown> {
  const [question] = await touched.pending(30_000);
  await touched.touch('short');
  return question?.request;
}

async function enrol(id: string): Promise<void> {
  await page.goto(door.link(id));
  await page.click('#enroll-key');
  await page.locator('#wizard[data-ready]').waitFor();
  await page.click('#get-started');
  await page.click('[data-kind="security-key"]');
  await page.click('#continue');
}

describe('the lab’s site, opened with a key of the lab', () => {
  it('enrols and signs in by clicks alone, over HTTP and with no certificate to trust', async () => {
    await enrol('1');
    expect(await touch()).toMatchObject({ operation: 'makeCredential', rpId: 'duo.localhost', userName: 'alice' });
    await page.locator('#success').waitFor();
    await page.goto(`${door.url}/rehearsal`);
    await page.click('#sign-in-key');
    expect(await touch()).toMatchObject({ operation: 'getAssertion', rpId: 'duo.localhost' });
    await page.waitForURL('**/portal');
    expect(await page.textContent('.lab-key-badge')).toContain('This page has key 1 of the lab');
  });

  it('shows what the key’s owner has refused, and what became of a key that was pulled out', async () => {
    await page.goto(door.link('1'));
    await page.click('#sign-in-key');
    await key.pending(30_000);
    key.presence.manual.deny();
    expect(await page.locator('#alert:not([hidden])').getAttribute('data-code')).toBe('denied');
    await page.click('#try-again');
    await key.pending(30_000);
    await key.remove();
    expect(await page.locator('#alert[data-error]:not([hidden])').getAttribute('data-code')).toBe('denied');
    await key.insert();
    await page.click('#try-again');
    await touch();
    await page.waitForURL('**/portal');
  });

  it('forgets what a page has asked that is gone', async () => {
    await page.goto(door.link('1'));
    await page.click('#sign-in-key');
    await key.pending(30_000);
    const gone = new Promise<void>((resolve) => {
      const stop = key.presence.manual.onChange(() => {
        if (key.presence.manual.pending.length > 0) return;
        stop();
        resolve();
      });
    });
    await page.goto('about:blank');
    await gone;
  });

  it('asks for the PIN as a browser does: sets one, tells of a wrong one, takes the right one', async () => {
    await changePolicy(service.tenant, { userVerification: 'required' });
    const second = lab.keys.get('2')!;
    await enrol('2');
    await page.fill('#lab-key-pin', '246810');
    await page.click('.lab-key-go');
    await touch(second);
    await page.locator('#success').waitFor();
    await page.goto(`${door.url}/rehearsal`);
    await page.click('#sign-in-key');
    await page.fill('#lab-key-pin', '135791');
    await page.click('.lab-key-go');
    await page.locator('.lab-key-note', { hasText: '7 tries left' }).waitFor();
    await page.fill('#lab-key-pin', '246810');
    await page.click('.lab-key-go');
    await touch(second);
    await page.waitForURL('**/portal');
    await context.clearCookies({ name: /_people_/ });
    await page.goto(`${door.url}/rehearsal`);
    await page.click('#sign-in-key');
    await page.click('.lab-key-cancel');
    expect(await page.locator('#alert:not([hidden])').getAttribute('data-code')).toBe('denied');
  });
});

describe('pages without a key', () => {
  it('are those of a browser that came by no link, or by one that was used', async () => {
    await page.goto(`${door.url}/sign-in`);
    expect(await page.locator('.lab-key-badge').count()).toBe(0);
    expect((await page.goto(`${door.url}/rehearsal`))?.status()).toBe(403);
    const link = door.link('1');
    await page.goto(link);
    await page.locator('#rehearsal').waitFor();
    const other = await browser.newContext();
    const second = await other.newPage();
    expect((await second.goto(link))?.status()).toBe(403);
    expect(await second.textContent('h1')).toBe('This page cannot be shown');
    await other.close();
  });

  it('are those of the site’s own address', async () => {
    const trusted = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await trusted.newPage();
    await page.goto(door.link('1'));
    await page.goto(`${service.url}/sign-in`);
    expect(await page.content()).not.toContain('lab-key');
    await trusted.close();
  });

  it('have no way to the key: neither its secret nor another site’s page opens one', async () => {
    await page.goto(door.link('1'));
    const seen = await page.evaluate('document.documentElement.outerHTML + Object.getOwnPropertyNames(window).join()');
    expect(seen).not.toMatch(/data-token|__securityKey\b/);
    const ask = (path: string, headers = '{}') =>
      page.evaluate(`fetch(${JSON.stringify(path)}, {
        method: 'POST',
        headers: ${headers},
        body: '{"type":"platform","id":"1","document":"d","options":"{}","origin":"o"}',
      }).then(({ status }) => status, () => 'refused')`);
    expect(await ask('/lab-key/ask')).toBe(403);
    expect(await ask('/lab-key/ask', '{ Authorization: "Bearer wrong" }')).toBe(403);
    await page.goto(`${control.url}/nothing`);
    expect(await ask(`${door.url}/lab-key/ask`)).toBe('refused');
  });
});
