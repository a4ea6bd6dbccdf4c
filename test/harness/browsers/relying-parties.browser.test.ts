/** Relying parties that others wrote, unchanged, with a key in their pages. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../emulator/environment.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { type SecurityKey, withSecurityKey } from '../../../harness/browsers/index.ts';
import { launchChromium } from './chromium.ts';
import { openBetterAuth } from './relying-parties/better-auth.ts';
import { openPasswordlessId } from './relying-parties/passwordless-id.ts';
import type { Offered, RelyingParty } from './relying-parties/relying-party.ts';
import { openSimpleWebAuthn } from './relying-parties/simplewebauthn.ts';

let browser: Browser;
let party: RelyingParty;
const opened: { context: BrowserContext; key: SecurityKey }[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const { context, key } of opened.splice(0)) {
    await context.close();
    await key.close();
  }
});

/** A browser profile with a key of its own, at the relying party's page. */
async function visit(store?: Store): Promise<{ page: Page; key: SecurityKey }> {
  const context = await browser.newContext();
  const key = await withSecurityKey(context, { store });
  opened.push({ context, key });
  const page = await context.newPage();
  await page.goto(party.origin);
  await page.waitForFunction('"signIn" in window');
  return { page, key };
}

const run = (page: Page, flow: keyof Offered) => page.evaluate(`window.${flow}()`);

/** Signs in, and anew where the packages misread a good signature. */
async function signIn(page: Page): Promise<string> {
  for (;;) {
    const said = (await run(page, 'signIn')) as string;
    if (!party.misreads?.(said)) return said;
  }
}

/** What a key remembers, on another key. */
async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore();
  await copy.commit(Array.from(store.list(''), ([path, value]) => ({ path, value })));
  return copy;
}

describe.each([
  ['SimpleWebAuthn', openSimpleWebAuthn, /NotAllowedError/],
  ['Passwordless.ID', openPasswordlessId, /NotAllowedError/],
  ['Better Auth', openBetterAuth, /cancel|declined|not allowed|no credential/i],
])('%s', (_, open, notAllowed) => {
  beforeAll(async () => {
    party = await open();
  });
  afterAll(() => party?.close());

  it('registers and signs in', async () => {
    const { page, key } = await visit();
    expect(await run(page, 'register')).toBe('done');
    expect(await signIn(page)).toBe('done');
    key.presence = 'deny';
    expect(await run(page, 'signIn')).toMatch(notAllowed);
    expect(await run(page, 'register')).toMatch(notAllowed);
    key.presence = 'auto';
    expect(await signIn(page)).toBe('done');
  });

  it('lets no other key in, and no clone that is behind', async () => {
    const store = memoryStore();
    const { page } = await visit(store);
    expect(await run(page, 'register')).toBe('done');
    const stolen = await copyOf(store);
    for (let times = 0; times < 3; times++) expect(await signIn(page)).toBe('done');
    const other = await visit();
    expect(await run(other.page, 'signIn')).toMatch(notAllowed);
    const clone = await visit(stolen);
    expect(await signIn(clone.page)).toMatch(/counter|verif|fail/i);
    expect(await signIn(page)).toBe('done');
  });
});
