/** A page before a key that is in another process: the lab's by its control API, and one by its DEVICE name. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runningLabs } from '../../../emulator/lab/state-file.ts';
import { type HeldKey, withSecurityKey } from '../../../harness/browsers/index.ts';
import { environment, firstLine, spawnCli } from '../cli/run-cli.ts';
import { launchChromium } from './chromium.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let folder: string;
let child: ChildProcess;
let lab: { url: string; token: string };
let context: BrowserContext;
let page: Page;
let held: HeldKey | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-page-lab-'));
  const start = async () => {
    const begun = spawnCli(
      ['start', '--no-site', '--transport', 'udp', '--keys', '2', '--touch', 'manual', '--json'],
      environment(folder),
    );
    child = begun;
    await firstLine(begun);
    lab = runningLabs(join(folder, 'ctaplab'))[0]!;
  };
  [browser, pages] = await Promise.all([launchChromium(), servePages(), start()]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
  child?.kill();
  if (child?.exitCode === null) await once(child, 'close');
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  await held?.close();
});

const outcome = (promise: string) => page.evaluate(script.outcome(promise));

describe('a page before a key of a lab', () => {
  it('is served by it: touched, refused, pulled out and put back, asked for its passkeys', async () => {
    const key = await withSecurityKey(context, { lab, key: '2', pin: '2468' });
    held = key;
    await page.goto(pages.origin);
    const passkey = '{ authenticatorSelection: { residentKey: "required", userVerification: "required" } }';
    const created = outcome(script.create(passkey));
    expect(await key.touch()).toMatchObject({ operation: 'makeCredential', rpId: 'localhost', userName: 'alice' });
    expect(await created).toBe('done');
    expect(await key.passkeys()).toMatchObject([{ rpId: 'localhost', userName: 'alice', alg: -7 }]);
    const refused = outcome(script.get());
    await key.deny();
    expect(await refused).toBe('NotAllowedError');
    const cut = outcome(script.get());
    await key.waitForTouch();
    await key.remove();
    expect(await cut).toBe('NotAllowedError');
    const signedIn = outcome(script.get());
    await key.insert();
    await key.setPresence('auto');
    expect(await signedIn).toBe('done');
  });

  it('finds the lab by the environment, and its first key', async () => {
    Object.assign(process.env, { CTAPLAB_URL: lab.url, CTAPLAB_TOKEN: lab.token });
    try {
      const key = await withSecurityKey(context, { lab: 'running' });
      held = key;
      expect(key.id).toBe('1');
      await key.setPresence('deny');
      await page.goto(pages.origin);
      expect(await outcome(script.create())).toBe('NotAllowedError');
    } finally {
      delete process.env.CTAPLAB_URL;
      delete process.env.CTAPLAB_TOKEN;
    }
  });

  it('cannot reach the control API, nor find its token', async () => {
    held = await withSecurityKey(context, { lab });
    await page.goto(pages.origin);
    const reached = await page.evaluate(
      ([url, token]) =>
        fetch(`${url}/keys`, { headers: { Authorization: `Bearer ${token}` } }).then(
          () => 'reached',
          () => 'refused',
        ),
      [lab.url, lab.token],
    );
    expect(reached).toBe('refused');
    const seen = await page.evaluate(`(() => {
      const texts = [document.documentElement.outerHTML, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
      for (const name of Object.getOwnPropertyNames(window)) texts.push(name, String(window[name]));
      for (const name of ['create', 'get']) texts.push(String(navigator.credentials[name]));
      return texts.join('\\n');
    })()`);
    expect(seen).not.toContain(lab.token);
    expect(seen).not.toContain(new URL(lab.url).host);
  });

  it('says which lab or key is missing', async () => {
    await expect(withSecurityKey(context, { lab, key: '7' })).rejects.toThrow('there is no key "7"; keys: 1, 2');
    const wrong = { url: lab.url, token: 'wrong' };
    await expect(withSecurityKey(context, { lab: wrong })).rejects.toThrow('is not the one of this lab');
  });
});

describe('a page before a key by its DEVICE name', () => {
  it('is served by it', async () => {
    const { keys } = (await (
      await fetch(`${lab.url}/keys`, { headers: { Authorization: `Bearer ${lab.token}` } })
    ).json()) as { keys: { devices: string[] }[] };
    const hand = await withSecurityKey(context, { lab, key: '2' });
    await hand.setPresence('auto');
    await hand.close();
    const other = await browser.newContext();
    try {
      held = await withSecurityKey(other, { device: keys[1]!.devices[0]!, pin: '2468' });
      page = await other.newPage();
      await page.goto(pages.origin);
      expect(await outcome(script.create())).toBe('done');
      expect(await outcome(script.get(script.allowed))).toBe('done');
    } finally {
      await other.close();
    }
  });

  it('names the forms of a DEVICE', async () => {
    const key = await withSecurityKey(context, { device: 'usb' });
    held = key;
    await expect(key.devices(new AbortController().signal)).rejects.toThrow(
      'expected hidraw:PATH, udp:HOST:PORT or pcsc:READER, got "usb"',
    );
  });
});
