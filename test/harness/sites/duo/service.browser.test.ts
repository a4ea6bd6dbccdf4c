/** Chromium walks every page of the service, as the guide does; each step leaves a screenshot. */
import { mkdirSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { totp } from '../../../../ctap/otp/totp.ts';
import { createEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { assignToken, createToken } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration } from '../../../../harness/sites/duo/domain/integrations.ts';
import { changePolicy, DEFAULT_POLICY } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser, findUser } from '../../../../harness/sites/duo/domain/users.ts';
import { credentialsOfUser } from '../../../../harness/sites/duo/domain/webauthn-credentials.ts';
import { type DuoService, startDuoService } from '../../../../harness/sites/duo/service.ts';
import { capture, KeyedPage, launchChromium } from '../browser-bench.ts';
import { trustSwitch } from '../server-key.ts';

const SCREENSHOTS = new URL('../../../../test-results/duo-service/', import.meta.url);
const ADMINISTRATOR = { email: 'admin@example.org', password: 'correct horse battery' };
const SECRET = new Uint8Array(20).fill(7);
const SECRET_HEX = '07'.repeat(20);
// Cookies expire by the browser's own clock.
const NOW = Date.now();
const PATIENCE_MS = 400_000;

let service: DuoService;
let browser: Browser;
let keyed: KeyedPage;
let page: Page;
let now = NOW;
const complaints: string[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  service = await startDuoService({ administrator: ADMINISTRATOR, now: () => now });
  browser = await launchChromium(await trustSwitch(service));
}, PATIENCE_MS);
afterAll(async () => {
  await browser.close();
  await service.close();
}, PATIENCE_MS);
beforeEach(async () => {
  now = NOW;
  await changePolicy(service.tenant, { ...DEFAULT_POLICY });
  await use({});
}, PATIENCE_MS);
afterEach(async () => {
  await keyed.close();
  expect(complaints.splice(0)).toEqual([]);
}, PATIENCE_MS);

async function use(options: BrowserContextOptions): Promise<void> {
  await keyed?.close();
  keyed = await KeyedPage.open(browser, options);
  page = keyed.page;
  page.setDefaultTimeout(PATIENCE_MS / 3);
  await page.addInitScript({ content: axe.source });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
}

/** Keeps a picture of the page, and asks axe what is wrong with it: by all of its rules, or by some. */
async function look(name: string, rules?: readonly string[]): Promise<void> {
  await capture(page, new URL(`${name}.png`, SCREENSHOTS).pathname);
  const { violations } = await page.evaluate(
    (options) => (globalThis as unknown as { axe: typeof axe }).axe.run(options),
    rules === undefined ? {} : { runOnly: [...rules] },
  );
  const found = violations.map(
    ({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' ')}`,
  );
  expect(found, name).toEqual([]);
  const overflow = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect(overflow, `${name} is wider than its window`).toBe(false);
}

const WIDE = { width: 1280, height: 800 };

// What a theme or a narrow screen changes is asked of it alone.
const APPEARANCES = [
  { name: 'light', colorScheme: 'light', viewport: WIDE, rules: undefined },
  { name: 'dark', colorScheme: 'dark', viewport: WIDE, rules: ['color-contrast'] },
  {
    name: 'narrow',
    colorScheme: 'light',
    viewport: { width: 360, height: 720 },
    rules: ['scrollable-region-focusable', 'target-size'],
  },
] as const;

/** Looks at the page in each appearance, and leaves it in the first. */
async function lookAtAll(name: string): Promise<void> {
  const change = async ({ colorScheme, viewport }: (typeof APPEARANCES)[number]) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
  };
  for (const appearance of APPEARANCES) {
    await change(appearance);
    await look(`${appearance.name}-${name}`, appearance.rules);
  }
  await change(APPEARANCES[0]);
}

async function open(path: string): Promise<void> {
  await page.goto(service.url + path);
}

async function signInAsAdministrator(): Promise<void> {
  await open('/dashboard');
  await page.fill('#email', ADMINISTRATOR.email);
  await page.fill('#password', ADMINISTRATOR.password);
  await page.click('#sign-in');
  await page.waitForURL('**/dashboard');
}

/** The text of the notice after a form. */
async function notice(): Promise<string> {
  return (await page.locator('#notice').textContent()) ?? '';
}

async function enrol(): Promise<void> {
  await page.locator('#wizard[data-ready]').waitFor();
  await page.click('#get-started');
  await page.click('[data-kind="security-key"]');
  await page.click('#continue');
  await page.locator('#success').waitFor();
}

/** To the prompt, where a key that is touched at once leads on before anybody sees it. */
async function beginSignIn(username: string): Promise<void> {
  await open('/sign-in');
  await page.fill('#username', username);
  await page.click('#sign-in');
}

async function toPrompt(username: string): Promise<void> {
  await beginSignIn(username);
  await page.locator('#prompt[data-ready]').waitFor();
}

/** Enters the passcode the way a key does: characters into the focused field, then Enter. */
async function typePasscode(passcode: string): Promise<void> {
  await page.keyboard.type(passcode);
  await page.keyboard.press('Enter');
}

describe('the guide', () => {
  const [alice, hotpSerial, totpSerial] = ['alice', 'H-1', 'T-1'];

  it('goes from the switch to every kind of sign-in', { timeout: PATIENCE_MS }, async () => {
    await use({ colorScheme: 'light', viewport: WIDE });
    let step = 0;
    const picture = (name: string) => lookAtAll(`${String(++step).padStart(2, '0')}-${name}`);

    await open('/dashboard');
    await picture('administrator-sign-in');
    await signInAsAdministrator();
    await picture('overview');
    await page.click('nav >> text=Policy');
    await picture('policy');
    await page.check('#securityKeys');
    await page.fill('#rememberedDeviceDays', '7');
    await page.click('#save');
    expect(await notice()).toBe('Policy saved.');
    await page.click('nav >> text=Users');
    await page.fill('#username', alice);
    await page.fill('#realName', 'Alice Example');
    await page.fill('#email', `${alice}@example.org`);
    await page.click('#add-user');
    await page.click('#send-mail');
    expect(await notice()).toBe(`Enrollment e-mail sent to ${alice}@example.org.`);
    await picture('user-settings');

    await page.click('nav >> text=Mailbox');
    await picture('mailbox');
    await page.click('#mails a');
    await page.locator('#mail').waitFor();
    await page.frameLocator('.mail-html').locator('a').waitFor();
    await picture('mail');
    await page.click('.mail-text a');

    const first = await keyed.addKey();
    await page.locator('#wizard[data-ready]').waitFor();
    await picture('wizard-get-started');
    await page.click('#get-started');
    await picture('wizard-choose');
    await page.click('[data-kind="security-key"]');
    await picture('wizard-continue');
    await page.click('#continue');
    await page.locator('#success').waitFor();
    await picture('wizard-success');
    await page.click('#finish');

    await page.fill('#username', alice);
    await picture('portal-name');
    await page.click('#sign-in');
    await page.waitForURL('**/portal');
    await picture('portal');
    await page.fill('#devices input[name="name"]', 'Blue key');
    await page.click('#devices >> text=Rename');
    expect(await notice()).toBe('Renamed to “Blue key”.');

    await keyed.removeKey(first);
    await keyed.addKey();
    await page.click('#add-device');
    await enrol();
    await page.click('#finish');
    await page.waitForURL('**/portal');
    expect(await page.locator('#devices > li').count()).toBe(2);
    await page.locator('#devices summary').first().click();
    await picture('portal-remove');
    await page.click('text=Remove Blue key');
    expect(await notice()).toContain('“Blue key” was removed');
    await page.click('#sign-out');

    await signInAsAdministratorAgain();
    await page.click('nav >> text=Hardware tokens');
    await page.selectOption('#type', 'h6');
    await page.fill('#csv', `${hotpSerial},${SECRET_HEX}`);
    await page.click('#import');
    await page.selectOption('#type', 't6');
    await page.fill('#csv', `${totpSerial},${SECRET_HEX}`);
    await page.click('#import');
    expect(await notice()).toBe(`TOTP-6 token ${totpSerial} was imported.`);
    await picture('tokens');
    for (const serial of [hotpSerial, totpSerial]) {
      await page.click('nav >> text=Hardware tokens');
      await page.click(`td >> text=${serial}`);
      await page.fill('#username', alice);
      await page.click('#assign');
      expect(await notice()).toBe(`Assigned to ${alice}.`);
      await picture(`token-${serial.slice(0, 1).toLowerCase()}`);
    }
    await page.click('nav >> text=Hardware tokens');
    await page.click(`td >> text=${hotpSerial}`);
    for (const index of [0, 1, 2]) await page.fill(`#code${index + 1}`, hotp(SECRET, 1500 + index));
    await page.click('#resync');
    expect(await notice()).toBe(`HOTP-6 token ${hotpSerial} is in step again.`);

    await page.click('nav >> text=Groups');
    await page.fill('#name', 'Staff');
    await page.click('#add-group');
    await picture('groups');
    await page.click('nav >> text=Applications');
    await page.fill('#name', 'Wiki');
    await page.click('#protect');
    await picture('applications');

    await toPromptWithoutKey(alice);
    await page.click('#cancel');
    await page.locator('#alert:not([hidden])').waitFor();
    await picture('prompt-cancelled');
    await page.click('#other-options');
    await picture('prompt-options');
    await page.click('#option-passcode');
    await typePasscode('000000');
    await page.locator('#passcode-error:not([hidden])').waitFor();
    await picture('prompt-wrong-passcode');
    await typePasscode(hotp(SECRET, 1503));
    await page.waitForURL('**/portal');
    await page.click('#sign-out');
    await toPromptWithoutKey(alice);
    await page.click('#other-options');
    await page.click('#option-passcode');
    await typePasscode(totp(SECRET, NOW / 1000));
    await page.waitForURL('**/portal');

    await open('/dashboard/log');
    await picture('log');
    await page.click('#account-name');
    await picture('account');
    await open('/nothing');
    await picture('not-found');
  });

  async function signInAsAdministratorAgain(): Promise<void> {
    // The dashboard's session is its own: signing out of the portal leaves it.
    await open('/dashboard');
    expect(await page.locator('nav >> text=Policy').count()).toBe(1);
  }

  async function toPromptWithoutKey(username: string): Promise<void> {
    for (const id of keyed.keys) await keyed.setTouch(id, false);
    await toPrompt(username);
  }
});

describe('an application that asks for a second factor', () => {
  /** Where the application waits; what it shows is not this test's. */
  const applicationUrl = () => `${service.url}/application`;

  /** Sends the browser to the prompt, as the OIDC endpoint does. */
  async function visit(username: string): Promise<void> {
    const integration = await createIntegration(service.tenant, { type: 'web', name: 'Wiki' });
    const redirectUri = applicationUrl();
    const complete = async (result: { accepted: boolean }) => `${redirectUri}?accepted=${result.accepted}`;
    const { path } = service.prompts.begin({ username, integration, redirectUri, complete });
    await open(path);
  }

  it('has a new user enrol first, remembers the browser, and locks out who fails too often', {
    timeout: PATIENCE_MS,
  }, async () => {
    await changePolicy(service.tenant, { rememberedDeviceDays: 3, lockoutAttempts: 2 });
    await keyed.addKey();
    await visit('bob');
    await enrol();
    await look('prompt-inline-enrolment');
    await page.click('#finish');
    await page.waitForURL(`${applicationUrl()}?accepted=true`);

    const { userId } = findUser(service.tenant, 'bob')!;
    const token = await createToken(service.tenant, { type: 'h6', serial: 'H9', secret: SECRET_HEX });
    await assignToken(service.tenant, token.tokenId, userId);
    await visitWithoutTouch('bob');
    await page.click('#other-options');
    await page.click('#option-passcode');
    await page.check('#remember');
    await page.focus('#passcode');
    await typePasscode(hotp(SECRET, 0));
    await page.waitForURL(`${applicationUrl()}?accepted=true`);
    await visit('bob');
    await page.waitForURL(`${applicationUrl()}?accepted=true`);

    await keyed.context.clearCookies();
    await visitWithoutTouch('bob');
    await page.click('#other-options');
    await page.click('#option-passcode');
    await typePasscode('000000');
    await page.locator('#passcode-error:not([hidden])').waitFor();
    await typePasscode('000000');
    await page.locator('#alert-title >> text=locked out').waitFor();
    await visit('bob');
    await page.locator('#barred[data-reason="locked"]').waitFor();
    await look('prompt-locked-out');
  });

  async function visitWithoutTouch(username: string): Promise<void> {
    for (const id of keyed.keys) await keyed.setTouch(id, false);
    await visit(username);
    await page.locator('#prompt[data-ready]').waitFor();
    await look('prompt-waiting');
  }

  it('is left to the browser that opened the prompt first', { timeout: PATIENCE_MS }, async () => {
    await createUser(service.tenant, { username: 'carol' });
    await visit('carol');
    await page.locator('#wizard[data-ready]').waitFor();
    const integration = await createIntegration(service.tenant, { type: 'web', name: 'Wiki' });
    const redirectUri = applicationUrl();
    const complete = async () => redirectUri;
    const { path } = service.prompts.begin({ username: 'carol', integration, redirectUri, complete });
    await open(path);
    await use({});
    await open(path);
    expect(await page.locator('main').textContent()).toContain('another browser');
  });
});

describe('the wizard', () => {
  it('hides what policy has switched off, and refuses links that are used, expired or forged', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { userId } = await createUser(service.tenant, { username: 'dave' });
    await keyed.addKey();
    const link = await createEnrolmentLink(service.tenant, userId);
    await changePolicy(service.tenant, { platformAuthenticators: false });
    await page.goto(link.url);
    expect(await page.locator('[data-kind]').count()).toBe(1);
    await enrol();
    await page.goto(link.url);
    await page.locator('#link-error[data-code="used"]').waitFor();
    await look('link-used');
    await open(`/enroll?code=${'A'.repeat(43)}`);
    await page.locator('#link-error[data-code="not_found"]').waitFor();
    await look('link-forged');
    const late = await createEnrolmentLink(service.tenant, userId, 60);
    now += 61_000;
    await page.goto(late.url);
    await page.locator('#link-error[data-code="expired"]').waitFor();
    await look('link-expired');
  });

  it('says why a key is refused: cancelled, and enrolled already', { timeout: PATIENCE_MS }, async () => {
    const { userId } = await createUser(service.tenant, { username: 'erin' });
    const key = await keyed.addKey();
    await page.goto((await createEnrolmentLink(service.tenant, userId)).url);
    await enrol();
    await page.click('#add-another');
    await page.click('[data-kind="security-key"]');
    await page.click('#continue');
    await page.locator('#alert[data-code="already-enrolled"]').waitFor();
    await look('wizard-already-enrolled');
    await keyed.removeKey(key);
    await keyed.setTouch(await keyed.addKey(), false);
    await page.click('#continue');
    await page.click('#cancel');
    await page.locator('#alert[data-code="cancelled"]').waitFor();
    await look('wizard-cancelled');
  });

  it('enrols a device with an authenticator of its own, which signs in', { timeout: PATIENCE_MS }, async () => {
    const { userId } = await createUser(service.tenant, { username: 'grace' });
    await keyed.addKey('internal');
    await page.goto((await createEnrolmentLink(service.tenant, userId)).url);
    await page.locator('#wizard[data-ready]').waitFor();
    await page.click('#get-started');
    await page.click('[data-kind="platform"]');
    await page.click('#continue');
    await page.locator('#success').waitFor();
    expect(credentialsOfUser(service.tenant, userId)).toMatchObject([{ platform: true, name: 'This device' }]);
    await beginSignIn('grace');
    await page.waitForURL('**/portal');
    await changePolicy(service.tenant, { platformAuthenticators: false });
    await page.click('#sign-out');
    const asked = page.waitForResponse('**/sign-in/options');
    await toPrompt('grace');
    const { allowCredentials } = (await (await asked).json()) as { allowCredentials: { id: string }[] };
    const [credential] = credentialsOfUser(service.tenant, userId);
    expect(allowCredentials).toHaveLength(1);
    expect(allowCredentials[0]?.id).not.toBe(Buffer.from(credential!.credentialId).toString('base64url'));
  });

  it('is done by keyboard alone', { timeout: PATIENCE_MS }, async () => {
    const { userId } = await createUser(service.tenant, { username: 'frank' });
    await keyed.addKey();
    await page.goto((await createEnrolmentLink(service.tenant, userId)).url);
    await page.locator('#wizard[data-ready]').waitFor();
    const focus = () => page.evaluate('document.activeElement.id || document.activeElement.dataset.kind || ""');
    const tabTo = async (id: string) => {
      for (let press = 0; press < 10 && (await focus()) !== id; press++) await page.keyboard.press('Tab');
      expect(await focus()).toBe(id);
    };
    await tabTo('get-started');
    await page.keyboard.press('Enter');
    await page.locator('[data-kind="security-key"]').waitFor();
    await tabTo('security-key');
    await page.keyboard.press('Enter');
    await tabTo('continue');
    await page.keyboard.press('Enter');
    await page.locator('#success').waitFor();
    await tabTo('finish');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sign-in');
  });
});
