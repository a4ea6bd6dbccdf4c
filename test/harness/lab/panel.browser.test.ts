/** The panel in Chromium: a second page where a person touches, denies and pulls out the key that the first one asks. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serveControlApi } from '../../../emulator/lab/server.ts';
import type { HeldKey } from '../../../harness/browsers/held-key.ts';
import { openNamedDevice } from '../../../harness/browsers/named-device.ts';
import { withSecurityKey } from '../../../harness/browsers/playwright.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { createEnrolmentLink } from '../../../harness/sites/duo/domain/enrolment-links.ts';
import { createUser } from '../../../harness/sites/duo/domain/users.ts';
import { faultsOf, keepPicture, LabBench, NARROW } from './lab-bench.ts';

let bench: LabBench;
const held: HeldKey[] = [];

beforeAll(async () => {
  bench = await LabBench.open({ keys: 2 });
});
afterAll(async () => {
  await bench.close();
});
afterEach(async () => {
  await bench.closeTabs();
  for (const key of held.splice(0)) await key.close();
  bench.lab.clock.reset();
  for (const key of bench.lab.keys.values()) await key.insert();
  expect(bench.complaints.splice(0)).toEqual([]);
});

/** A tab before the site over HTTPS, with a key of the lab in the place of the browser's own. */
async function keyedTab(id = '1'): Promise<Page> {
  const page = await bench.tab();
  held.push(await withSecurityKey(page.context(), { lab: bench.control, key: id }));
  return page;
}

/** To the moment where the wizard has asked the key. */
async function beginEnrolment(page: Page, username: string): Promise<void> {
  const { tenant } = bench.service;
  const user = await createUser(tenant, { username });
  await page.goto((await createEnrolmentLink(tenant, user.userId)).url);
  await page.locator('#wizard[data-ready]').waitFor();
  await page.click('#get-started');
  await page.click('[data-kind="security-key"]');
  await page.click('#continue');
}

async function beginSignIn(page: Page, username: string): Promise<void> {
  await page.goto(`${bench.service.url}/sign-in`);
  await page.fill('#username', username);
  await page.click('#sign-in');
}

function card(panel: Page, id = '1') {
  return panel.locator(`.key[data-key="${id}"]`);
}

/** What the key is asked, once it is. */
async function question(panel: Page, id = '1'): Promise<string | null> {
  const asked = card(panel, id).locator('.question');
  await asked.waitFor();
  return asked.locator('.question-sentence').textContent();
}

describe('a person at the panel', () => {
  it('touches the key for an enrolment and for a sign-in, and sees who asks', async () => {
    const [panel, page] = [await bench.panel(), await keyedTab()];
    await beginEnrolment(page, 'bob');
    expect(await question(panel)).toBe('duo.localhost wants to enroll this key for bob.');
    expect(await panel.textContent('#asked')).toContain('Key 1: duo.localhost wants to enroll this key for bob.');
    expect(await panel.title()).toBe('Touch? Keys · ctaplab');
    await keepPicture(panel, 'asked');
    await card(panel).locator('button.touch').click();
    await page.locator('#success').waitFor();
    await card(panel).locator('.question').waitFor({ state: 'hidden' });
    expect(await panel.textContent('#asked')).toBe('');

    await beginSignIn(page, 'bob');
    expect(await question(panel)).toBe('duo.localhost wants you to sign in.');
    await card(panel).locator('.question').getByRole('button', { name: 'Touch key 1' }).click();
    await page.waitForURL('**/portal');
  });

  it('denies, and pulls the key out in the middle', async () => {
    const [panel, page] = [await bench.panel(), await keyedTab()];
    await beginEnrolment(page, 'carol');
    await question(panel);
    await card(panel).getByRole('button', { name: 'Deny' }).click();
    expect(await page.locator('#alert:not([hidden])').getAttribute('data-code')).toBe('denied');

    await page.click('#continue');
    await question(panel);
    await card(panel).getByRole('button', { name: 'Remove key 1' }).click();
    await page.locator('#alert:not([hidden])').waitFor();
    expect(await page.locator('#alert').getAttribute('data-code')).toBe('denied');
    await card(panel).locator('.key-state', { hasText: 'Not plugged in' }).waitFor();
    await keepPicture(panel, 'removed');
    await card(panel).getByRole('button', { name: 'Insert key 1' }).click();
    await card(panel).locator('.key-state', { hasText: 'Ready' }).waitFor();
  });

  it('goes on after a reload in the middle', async () => {
    const [panel, page] = [await bench.panel(), await keyedTab()];
    await beginEnrolment(page, 'dave');
    await question(panel);
    expect(new URL(panel.url()).hash).toBe('');
    await panel.reload();
    expect(await question(panel)).toContain('for dave');
    await card(panel).locator('button.touch').click();
    await page.locator('#success').waitFor();
  });

  it('touches by the space bar, wherever the focus is not on something else', async () => {
    const [panel, page] = [await bench.panel(), await keyedTab('2')];
    await beginEnrolment(page, 'erin');
    await question(panel, '2');
    await panel.locator('body').press('Space');
    await page.locator('#success').waitFor();
  });

  it('holds the key for a long touch, by mouse and by keyboard, and slips off without touching', async () => {
    const panel = await bench.panel();
    const touches: string[] = [];
    panel.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname === '/keys/1/touch') touches.push(search);
    });
    const target = card(panel).locator('button.touch');
    const box = (await target.boundingBox())!;
    const long = () => panel.waitForRequest((request) => request.url().endsWith('press=long'));
    await panel.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const byMouse = long();
    await panel.mouse.down();
    await target.and(panel.locator('[data-held]')).waitFor();
    await byMouse;
    await panel.mouse.up();
    await panel.mouse.down();
    await panel.mouse.move(box.x + box.width / 2, box.y - 40);
    await panel.mouse.up();
    await target.focus();
    const byKeyboard = long();
    await panel.keyboard.down('Space');
    await byKeyboard;
    await panel.keyboard.up('Space');
    const short = panel.waitForRequest((request) => request.url().endsWith('press=short'));
    await panel.keyboard.press('Enter');
    await short;
    expect(touches).toEqual(['?press=long', '?press=long', '?press=short']);
    // Nothing waits and nothing is set up to be typed: the lab says so, and the panel its words.
    expect(await panel.locator('#notice:not([hidden])').textContent()).toContain('nothing waits for key 1');
  });

  it('opens the site with the key, and enrols and signs in there by clicks alone', async () => {
    const panel = await bench.panel();
    const opened = panel.context().waitForEvent('page');
    await card(panel).getByRole('button', { name: 'Open the site with key 1' }).click();
    const page = await opened;
    await page.click('#enroll-key');
    await page.locator('#wizard[data-ready]').waitFor();
    await page.click('#get-started');
    await page.click('[data-kind="security-key"]');
    await page.click('#continue');
    expect(await question(panel)).toBe('duo.localhost wants to enroll this key for alice.');
    await card(panel).locator('button.touch').click();
    await page.locator('#success').waitFor();
    await page.click('#finish');
    await page.locator('.lab-key-badge').getByRole('link', { name: 'Start' }).click();
    await page.click('#sign-in-key');
    await question(panel);
    await card(panel).locator('button.touch').click();
    await page.waitForURL('**/portal');
    await keepPicture(page, 'site-with-key');
  });
});

describe('what the panel tells', () => {
  it('puts the PIN and its lock-outs in words', async () => {
    const panel = await bench.panel();
    await card(panel, '2').getByRole('button', { name: 'Details of key 2' }).click();
    const state = panel.locator('[data-part="pin-state"]');
    const says = (text: string) => state.and(panel.getByText(text, { exact: true })).waitFor();
    await says('No PIN is set');
    const tryPin = async (pin: string) => {
      const device = await openNamedDevice(bench.key('2').devices[0]!);
      try {
        const client = new PinClient(new Ctap2Client(device));
        await client.getPinUvAuthToken({ pin, permissions: 0x04 });
      } finally {
        await device.close();
      }
    };
    const device = await openNamedDevice(bench.key('2').devices[0]!);
    await new PinClient(new Ctap2Client(device)).setPin('2468');
    await device.close();
    await says('PIN set, 8 tries left');
    for (const left of [7, 6]) {
      await expect(tryPin('1357')).rejects.toThrow();
      await says(`PIN set, ${left} tries left`);
    }
    await expect(tryPin('1357')).rejects.toThrow();
    await says('Locked until it is plugged in again, 5 tries left');
    await card(panel, '2').locator('.key-state', { hasText: 'Locked' }).waitFor();
    await keepPicture(panel, 'locked');
    await card(panel, '2').getByRole('button', { name: 'Remove key 2' }).click();
    await card(panel, '2').getByRole('button', { name: 'Insert key 2' }).click();
    await says('PIN set, 5 tries left');
    for (let left = 4; left >= 0; left--) {
      await expect(tryPin('1357')).rejects.toThrow();
      if (left === 2) {
        await bench.key('2').remove();
        await bench.key('2').insert();
      }
    }
    await says('Locked for good');
  });

  it('agrees with another panel', async () => {
    const [one, other, page] = [await bench.panel(), await bench.panel(), await keyedTab()];
    await card(one).getByLabel('Touches').selectOption('deny');
    await other.waitForFunction(`document.querySelector('#policy-1').value === 'deny'`);
    await card(other).getByLabel('Touches').selectOption('manual');
    await one.waitForFunction(`document.querySelector('#policy-1').value === 'manual'`);
    await beginEnrolment(page, 'frank');
    expect(await question(one)).toBe(await question(other));
    await card(other).locator('button.touch').click();
    await page.locator('#success').waitFor();
    await card(one).locator('.question').waitFor({ state: 'hidden' });
  });

  it('shows names of sites and people as text', async () => {
    const panel = await bench.panel();
    const device = await openNamedDevice(bench.key().devices[0]!);
    const name = '<img src=x onerror="document.title=1"><b>bold</b>';
    const made = new Ctap2Client(device).makeCredential({
      clientDataHash: new Uint8Array(32),
      rp: { id: 'evil.example', name },
      user: { id: Uint8Array.of(1), name, displayName: name },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      options: { rk: true },
    });
    expect(await question(panel)).toBe(`evil.example wants to enroll this key for ${name}.`);
    await card(panel).locator('button.touch').click();
    await made;
    await device.close();
    expect(await panel.locator('main img, main b:text("bold")').count()).toBe(0);
  });

  it('lists passkeys, and deletes one in every panel at the second click', async () => {
    for (const name of ['grace', 'heidi']) {
      const user = { id: Buffer.from(name).toString('base64url'), name };
      await bench.ask('POST', '/keys/1/passkeys', { rp: { id: `${name}.example` }, user });
    }
    const [one, other] = [await bench.panel(), await bench.panel()];
    const listed = (panel: Page, name: string) => panel.getByRole('listitem').filter({ hasText: `${name}.example` });
    await listed(other, 'grace').waitFor();
    const button = listed(one, 'grace').getByRole('button');
    await button.click();
    expect(await button.textContent()).toBe('Really delete?');
    await button.click();
    await listed(other, 'grace').waitFor({ state: 'detached' });
    await listed(one, 'grace').waitFor({ state: 'detached' });
    expect(await listed(one, 'heidi').count()).toBe(1);
  });

  it('shows one-time codes as long as they are good, and what the key types', async () => {
    const seed = '3132333435363738393031323334353637383930'; // of RFC 6238, appendix B
    await bench.ask('PUT', '/keys/1/otp/entries', { app: 'Example', account: 'alice', seed, digits: 8 });
    const panel = await bench.panel();
    const setClock = (moment: number) => bench.ask('PUT', '/clock', { set: new Date(moment * 1000).toISOString() });
    await bench.ask('PUT', '/clock', { frozen: true });
    await setClock(59);
    const code = panel.getByRole('listitem').filter({ hasText: 'Example: alice' }).locator('.code');
    await code.and(panel.getByText('94287082')).waitFor();
    await setClock(1111111109);
    await code.and(panel.getByText('07081804')).waitFor();
    await panel.locator('#clock summary').click();
    expect(await panel.textContent('#clock')).toContain('stopped');
    await panel.getByRole('button', { name: 'Real time' }).click();
    await panel.waitForFunction(`!document.querySelector('#clock').textContent.includes('stopped')`);
    expect((await bench.ask<{ frozen: boolean }>('GET', '/clock')).frozen).toBe(false);
    await bench.ask('PUT', '/keys/1/otp/hotp', { seed });
    await bench.ask('POST', '/keys/1/touch');
    await panel.getByText('It has typed 755224').waitFor();
  });

  it('shows the display of a programmable token', async () => {
    const { id } = await bench.ask<{ id: string }>('POST', '/tokens', { model: 'c302-i' });
    const panel = await bench.panel();
    const token = panel.locator(`.token[data-token="${id}"]`);
    await token.getByText('no seed').waitFor();
    await bench.ask('PUT', `/tokens/${id}/profile`, { seed: '3132333435363738393031323334353637383930' });
    await token.locator('.lcd-digits', { hasText: /^\d{6}$/ }).waitFor();
    expect(await token.locator('.code').textContent()).toBe(await token.locator('.lcd-digits').textContent());
    await keepPicture(panel, 'token');
    await bench.ask('DELETE', `/tokens/${id}`);
    await token.waitFor({ state: 'detached' });
  });

  it('turns faults on and off', async () => {
    const { faults } = await bench.ask<{ faults: { id: string }[] }>('GET', '/faults');
    const { id } = faults[0]!;
    const panel = await bench.panel();
    await panel.getByText('It behaves').click();
    await panel.getByRole('searchbox', { name: 'Find a fault' }).fill(id);
    await panel.locator('.choice:not([hidden]) input').first().check();
    await panel.getByText(`It misbehaves: ${id}`).waitFor();
    expect(bench.key().key.faults.active).toEqual([id]);
    await panel.locator('.choice:not([hidden]) input').first().uncheck();
    await panel.getByText('It behaves').waitFor();
    expect(bench.key().key.faults.active).toEqual([]);
  });

  it('shows the conversation: searched, opened to members and bytes, and saved', async () => {
    const panel = await bench.panel();
    const device = await openNamedDevice(bench.key().devices[0]!);
    await new Ctap2Client(device).getInfo();
    await device.close();
    const lines = panel.locator('.line:not([hidden])');
    const answer = lines.filter({ hasText: 'authenticatorGetInfo' }).filter({ hasText: 'CTAP2_OK' }).last();
    await answer.waitFor();
    // A page that comes later has been told, too.
    await panel.reload();
    await answer.waitFor();
    const all = await lines.count();
    await panel.getByRole('searchbox', { name: 'Search the conversation' }).fill('fido_2_1');
    const found = await lines.count();
    expect(found).toBeLessThan(all);
    expect(await panel.locator('.conversation [role="status"]').textContent()).toBe(`${found} of ${all} messages`);
    await answer.locator('summary').click();
    expect(await answer.locator('.members').first().textContent()).toContain('FIDO_2_1');
    expect(await answer.locator('.bytes').textContent()).toMatch(/^0000 {2}00 [0-9a-f]{2} /);
    const [download] = await Promise.all([
      panel.waitForEvent('download'),
      panel.getByRole('button', { name: 'Save for Wireshark' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('key-1.pcapng');
    const saved = readFileSync(await download.path());
    expect(saved.readUInt32LE(0)).toBe(0x0a0d0d0a); // section header block
  });

  it('needs a link that was not used, and says so', async () => {
    const link = bench.control.panelLink();
    const first = await bench.tab();
    await first.goto(link);
    await first.locator('#connection[data-state="open"]').waitFor();
    const second = await bench.tab();
    await second.goto(link);
    await second.locator('#gate').waitFor();
    expect(await second.textContent('#gate h1')).toBe('The panel needs a new link');
    await keepPicture(second, 'gate');
    expect(await faultsOf(second)).toEqual([]);
    await second.goto(bench.control.panelLink());
    await second.locator('#connection[data-state="open"]').waitFor();
  });

  it('says when the lab is gone, tries again, and needs a new link where another lab answers', async () => {
    const onDefect = (error: unknown) => void bench.complaints.push(String(error));
    const control = await serveControlApi(bench.lab, { onDefect });
    const panel = await bench.tab();
    await panel.goto(control.panelLink());
    await panel.locator('#connection[data-state="open"]').waitFor();
    await control.close();
    await panel.locator('#connection', { hasText: 'The lab does not answer' }).waitFor();
    await card(panel).locator('button.touch').click();
    await panel.locator('#notice', { hasText: 'The lab cannot be reached' }).waitFor();
    const another = await serveControlApi(bench.lab, { onDefect, port: Number(new URL(control.url).port) });
    await panel.locator('#gate').waitFor();
    await another.close();
  });
});

describe('how the panel looks', () => {
  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { colorScheme: 'light', viewport: NARROW }],
    ['still', { colorScheme: 'dark', viewport: NARROW, reducedMotion: 'reduce' }],
  ] as const)('has nothing that axe finds fault with: %s', async (name, options) => {
    const device = await openNamedDevice(bench.key().devices[0]!);
    await new Ctap2Client(device).getInfo();
    await device.close();
    // However long it is looked at, the question stays.
    bench.lab.clock.freeze();
    const request = { operation: 'getAssertion', rpId: 'login.example.org', userName: 'alice' } as const;
    const asked = bench.key().presence.request(request, new AbortController());
    const panel = await bench.panel(options);
    expect(await question(panel)).toBe('login.example.org wants you to sign in as alice.');
    await panel.locator('.line summary').first().click();
    expect(await faultsOf(panel)).toEqual([]);
    await keepPicture(panel, `look-${name}`);
    await card(panel).locator('button.touch').click();
    expect(await asked).toBe('touched');
  });
});
