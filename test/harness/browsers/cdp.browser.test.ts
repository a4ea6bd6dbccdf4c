/** Our key and Chromium's own virtual authenticator, with the same credentials at the same site. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ChromiumAuthenticator,
  type SecurityKey,
  withPortableCredentials,
  withSecurityKey,
} from '../../../harness/browsers/index.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let contexts: readonly BrowserContext[];
let key: SecurityKey;
/** A page with our key, and one with Chromium's. */
let ours: Page;
let theirs: Page;
let authenticator: ChromiumAuthenticator;

beforeAll(async () => {
  [browser, pages] = await Promise.all([
    chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    }),
    servePages(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

beforeEach(async () => {
  contexts = [await browser.newContext(), await browser.newContext()];
  key = await withSecurityKey(contexts[0]!, { model: withPortableCredentials('ctap2.1'), pin: '2468' });
  [ours, theirs] = (await Promise.all(contexts.map((context) => context.newPage()))) as [Page, Page];
  await Promise.all([ours.goto(pages.origin), theirs.goto(pages.origin)]);
  authenticator = await ChromiumAuthenticator.add(await contexts[1]!.newCDPSession(theirs), key.key);
});
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  await key.close();
});

const outcome = (page: Page, promise: string) => page.evaluate(script.outcome(promise));
/** The sign count and the signer of the last sign-in. */
const signed = (page: Page) =>
  page.evaluate(
    '[new DataView(credential.response.authenticatorData).getUint32(33), credential.id, new TextDecoder().decode(credential.response.userHandle ?? new ArrayBuffer())]',
  );
const PASSKEY = '{ authenticatorSelection: { residentKey: "required", userVerification: "required" } }';

describe("Chromium's virtual authenticator in step with a key", () => {
  it('signs in with what our key has registered, and our key goes on counting', async () => {
    expect(await outcome(ours, script.create(PASSKEY))).toBe('done');
    const id = await ours.evaluate('credential.id');
    expect(await authenticator.push()).toEqual([]);
    expect(await outcome(theirs, script.get())).toBe('done');
    expect(await signed(theirs)).toEqual([2, id, 'user handle']);
    await authenticator.pull();
    expect(await outcome(ours, script.get())).toBe('done');
    expect(await signed(ours)).toEqual([3, id, 'user handle']);
    await authenticator.push();
    expect(await outcome(theirs, script.get())).toBe('done');
    expect(await signed(theirs)).toEqual([4, id, 'user handle']);
  });

  it('registers what our key signs in with, without being asked for it', async () => {
    expect(await outcome(theirs, script.create(PASSKEY))).toBe('done');
    const id = await theirs.evaluate('credential.id');
    await expect.poll(() => key.passkeys()).toMatchObject([{ id, rpId: 'localhost', userName: 'alice', alg: -7 }]);
    expect(await outcome(theirs, script.get())).toBe('done');
    await expect.poll(async () => (await key.key.portable!.list())[0]!.signCount).toBe(2);
    expect(await outcome(ours, script.get())).toBe('done');
    expect(await signed(ours)).toEqual([3, id, 'user handle']);
  });

  it('has the credentials too that are not discoverable', async () => {
    expect(await outcome(ours, script.create())).toBe('done');
    await authenticator.push();
    await theirs.evaluate(
      `window.credential = { rawId: new Uint8Array(${JSON.stringify(await ours.evaluate('[...new Uint8Array(credential.rawId)]'))}) }`,
    );
    expect(await outcome(theirs, script.get(script.allowed))).toBe('done');
    expect(await outcome(theirs, script.create())).toBe('done');
    await authenticator.pull();
    await ours.evaluate(
      `window.credential = { rawId: new Uint8Array(${JSON.stringify(await theirs.evaluate('[...new Uint8Array(credential.rawId)]'))}) }`,
    );
    expect(await outcome(ours, script.get(script.allowed))).toBe('done');
    expect(await ours.evaluate('new DataView(credential.response.authenticatorData).getUint32(33)')).toBe(2);
  });

  it('leaves the credentials to the key when it goes', async () => {
    expect(await outcome(theirs, script.create(PASSKEY))).toBe('done');
    await authenticator.remove();
    expect(await outcome(ours, script.get())).toBe('done');
  });

  it('says which credentials Chromium cannot take, and which keys give none away', async () => {
    expect(await outcome(ours, script.create('{ pubKeyCredParams: [{ type: "public-key", alg: -8 }] }'))).toBe('done');
    expect(await authenticator.push()).toEqual([await ours.evaluate('credential.id')]);
    const other = await withSecurityKey(await browser.newContext());
    const session = await contexts[1]!.newCDPSession(theirs);
    await expect(ChromiumAuthenticator.add(session, other.key)).rejects.toThrow(TypeError);
    await other.close();
  });
});
