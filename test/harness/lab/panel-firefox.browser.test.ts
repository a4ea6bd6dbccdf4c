/** The panel in Firefox ESR: a program asks the lab's key, and a person answers there. */
import type { Browser, KeyInput, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../../emulator/lab/lab.ts';
import { type ControlServer, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { openNamedDevice } from '../../../harness/browsers/named-device.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { WebAuthnClient } from '../../../harness/webauthn/index.ts';
import { launchFirefox } from '../browsers/firefox.ts';

const PATIENCE_MS = 200_000;
const TOUCH = '.key[data-key="1"] button.touch';
const QUESTION = '.key[data-key="1"] .question';

const creation = {
  rp: { id: 'localhost', name: 'A site' },
  user: { id: 'YWxpY2U', name: 'alice', displayName: 'Alice' },
  challenge: 'Y2hhbGxlbmdl',
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};

let lab: Lab;
let control: ControlServer;
let device: CtapDevice;
let client: WebAuthnClient;
let browser: Browser;
let panel: Page;
/** Defects of the lab, and what the page complains of. */
const complaints: string[] = [];

beforeAll(async () => {
  const transports = [{ kind: 'udp', port: 0 }] as const;
  lab = await Lab.open({ model: defaultModel, keys: 1, touch: 'manual', transports });
  control = await serveControlApi(lab, { onDefect: (error) => complaints.push(String(error)) });
  device = await openNamedDevice(lab.keys.get('1')!.devices[0]!);
  client = new WebAuthnClient({ origin: 'http://localhost', authenticators: device });
  browser = await launchFirefox({ timeout: PATIENCE_MS, protocolTimeout: PATIENCE_MS });
});
afterAll(async () => {
  await browser?.close();
  await device?.close();
  await control?.close();
  await lab?.close();
});

beforeEach(async () => {
  panel = await browser.newPage();
  panel.setDefaultTimeout(PATIENCE_MS);
  panel.on('pageerror', (error) => complaints.push(String(error)));
  panel.on('console', (message) => {
    if (/Content.Security.Policy|TrustedHTML/i.test(message.text())) complaints.push(message.text());
  });
  await panel.goto(control.panelLink());
  await panel.waitForSelector('#connection[data-state="open"]');
});
afterEach(async () => {
  await panel.close();
  expect(complaints.splice(0)).toEqual([]);
});

/** What the key is asked, once it is. */
async function question(): Promise<string> {
  await panel.waitForSelector(QUESTION, { visible: true });
  return panel.$eval(`${QUESTION} .question-sentence`, (sentence) => sentence.textContent ?? '');
}

it('touches the key for a registration and a sign-in', async () => {
  const made = client.create(creation);
  expect(await question()).toBe('localhost wants to enroll this key for alice.');
  await panel.locator(TOUCH).click();
  const { id } = await made;
  await panel.waitForSelector(QUESTION, { hidden: true });

  const signed = client.get({ challenge: 'Y2hhbGxlbmdl', allowCredentials: [{ type: 'public-key', id }] });
  expect(await question()).toBe('localhost wants you to sign in.');
  await panel.keyboard.press(' ' as KeyInput);
  expect((await signed).id).toBe(id);
});

it('denies, and pulls the key out and plugs it in again', async () => {
  const denied = expect(client.create(creation)).rejects.toMatchObject({ name: 'NotAllowedError' });
  await question();
  await panel.locator('.key[data-key="1"] ::-p-aria([name="Deny"][role="button"])').click();
  await denied;

  await panel.locator('::-p-aria([name="Remove key 1"][role="button"])').click();
  await panel.waitForSelector('::-p-aria([name="Insert key 1"][role="button"])');
  expect(lab.keys.get('1')?.inserted).toBe(false);
  await panel.locator('::-p-aria([name="Insert key 1"][role="button"])').click();
  await panel.waitForSelector('::-p-aria([name="Remove key 1"][role="button"])');
});
