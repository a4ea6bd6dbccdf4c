/** A key for all pages of a Chromium by its DevTools port: in the test's process, and by `ctaplab attach`. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../emulator/lab/listening.ts';
import { type SecurityKey, withDebuggedChromium } from '../../../harness/browsers/index.ts';
import { environment, firstLine, runCli, spawnCli } from '../cli/run-cli.ts';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from './chromium.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let address: string;
let page: Page;
let key: SecurityKey | undefined;

beforeAll(async () => {
  const port = await freePort();
  address = `127.0.0.1:${port}`;
  const args = [...CHROMIUM_ARGUMENTS, `--remote-debugging-port=${port}`];
  [browser, pages] = await Promise.all([chromium.launch({ executablePath: CHROMIUM, args }), servePages()]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});
beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
});
afterEach(async () => {
  await key?.close();
  key = undefined;
  await page.context().close();
});

const outcome = (promise: string, where: Pick<Page, 'evaluate'> = page) => where.evaluate(script.outcome(promise));

describe('a Chromium with its DevTools port', () => {
  it('has the key in a page that was open, in one that comes, in its popup and in a frame of another site', async () => {
    await page.goto(pages.origin);
    key = await withDebuggedChromium(address);
    expect(await outcome(script.create())).toBe('done');
    expect(await outcome(script.get(script.allowed))).toBe('done');
    const frame = `${pages.origin}/?frame=${encodeURIComponent(pages.other)}&allow=publickey-credentials-create`;
    const next = await page.context().newPage();
    await next.goto(frame);
    expect(await outcome(script.create(), next.frames()[1]!)).toBe('done');
    const popup = page.waitForEvent('popup');
    await page.evaluate(`void open(${JSON.stringify(pages.origin)})`);
    await (await popup).waitForLoadState();
    expect(await outcome(script.create(), await popup)).toBe('done');
    expect(await page.evaluate('Object.keys(window).filter((name) => /securityKey/.test(name))')).toEqual([]);
  });

  it('ends a request with the page that asked, and hears the next one', async () => {
    key = await withDebuggedChromium(address, { touch: 'manual' });
    await page.goto(pages.origin);
    await page.evaluate(`void ${script.create()}`);
    await key.waitForTouch();
    await page.reload();
    // the key hears of it on a connection of its own, perhaps after this one
    await expect.poll(() => (key as SecurityKey).pending).toEqual([]);
    const created = outcome(script.create());
    await key.touch();
    expect(await created).toBe('done');
  });

  it('says what it expected where there is no browser', async () => {
    await expect(withDebuggedChromium(`127.0.0.1:${await freePort()}`)).rejects.toThrow(
      /expected a Chromium with its DevTools port/,
    );
  });
});

describe('ctaplab attach', () => {
  it('gives the pages the key of the lab, touched there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-attach-'));
    const env = environment(folder);
    const children = [spawnCli(['start', '--no-site', '--transport', 'udp', '--touch', 'manual', '--json'], env)];
    try {
      await firstLine(children[0]!);
      const attached = spawnCli(['attach', address, '--json'], env);
      children.push(attached);
      expect(JSON.parse(await firstLine(attached))).toMatchObject({ browser: address, device: null });
      await page.goto(pages.origin);
      const created = outcome(script.create());
      const touched = await runCli(['touch', '--wait', '30000', '--json'], env);
      expect(JSON.parse(touched.stdout)).toMatchObject({ request: { operation: 'makeCredential', rpId: 'localhost' } });
      expect(await created).toBe('done');
    } finally {
      for (const child of children.reverse()) {
        child.kill();
        if (child.exitCode === null) await once(child, 'close');
      }
      rmSync(folder, { recursive: true });
    }
  });
});
