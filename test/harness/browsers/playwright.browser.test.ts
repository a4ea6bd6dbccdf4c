/** A key in the pages of Chromium, by Playwright. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SecurityKey, type WithSecurityKeyOptions, withSecurityKey } from '../../../harness/browsers/index.ts';
import { compareRecordings, Recorder, replay } from '../../../harness/recording/index.ts';
import { startDuoSite } from '../../../harness/sites/duo/index.ts';
import { launchChromium } from './chromium.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let context: BrowserContext;
let page: Page;
let key: SecurityKey;

beforeAll(async () => {
  [browser, pages] = await Promise.all([launchChromium(), servePages()]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  await key?.close();
});

async function open(options: WithSecurityKeyOptions = {}, path = '/'): Promise<void> {
  key = await withSecurityKey(context, options);
  page = await context.newPage();
  await page.goto(pages.origin + path);
}

const outcome = (promise: string, where: Pick<Page, 'evaluate'> = page) => where.evaluate(script.outcome(promise));

describe('a page with a security key', () => {
  it('registers and signs in at a site that knows nothing of it', async () => {
    key = await withSecurityKey(context);
    page = await context.newPage();
    const site = await startDuoSite();
    try {
      await page.goto(`${site.url}/enroll`);
      await page.fill('#username', 'alice');
      await page.click('#get-started');
      await page.click('#method-security-key');
      await page.click('#continue');
      await page.waitForSelector('[data-step="done"]:not([hidden])');
      await page.goto(`${site.url}/sign-in`);
      await page.fill('#username', 'alice');
      await page.click('#sign-in');
      await page.waitForSelector('#account-name');
    } finally {
      await site.close();
    }
  });

  it('sees the classes, members and JSON of WebAuthn', async () => {
    await open();
    await page.evaluate(script.create('{ attestation: "direct", extensions: { credProps: true } }'));
    const seen = await page.evaluate(() => {
      const made = (window as unknown as { credential: PublicKeyCredential }).credential;
      const response = made.response as AuthenticatorAttestationResponse;
      return {
        classes: [made instanceof PublicKeyCredential, response instanceof AuthenticatorAttestationResponse],
        type: made.type,
        sameId: made.toJSON().id === made.id,
        raw: made.rawId.byteLength > 0,
        attachment: made.authenticatorAttachment,
        algorithm: response.getPublicKeyAlgorithm(),
        publicKey: response.getPublicKey()?.byteLength,
        transports: response.getTransports(),
        data: response.getAuthenticatorData().byteLength > 37,
        client: JSON.parse(new TextDecoder().decode(response.clientDataJSON)),
        outputs: made.getClientExtensionResults(),
      };
    });
    expect(seen).toMatchObject({
      classes: [true, true],
      type: 'public-key',
      sameId: true,
      raw: true,
      attachment: 'cross-platform',
      algorithm: -7,
      publicKey: 91,
      transports: expect.arrayContaining(['usb']),
      data: true,
      client: { type: 'webauthn.create', origin: pages.origin, crossOrigin: false },
      outputs: { credProps: { rk: false } },
    });
    await page.evaluate(script.get(script.allowed));
    expect(
      await page.evaluate(() => {
        const { response } = (window as unknown as { credential: PublicKeyCredential }).credential;
        return [
          response instanceof AuthenticatorAssertionResponse,
          (response as AuthenticatorAssertionResponse).userHandle,
        ];
      }),
    ).toEqual([true, null]);
    expect(
      await page.evaluate(() =>
        Promise.all([
          PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable(),
          PublicKeyCredential.isConditionalMediationAvailable(),
        ]),
      ),
    ).toEqual([false, true]);
  });

  it('gets the errors of a browser', async () => {
    await open();
    expect(await outcome(script.create('{ challenge: "text" }'))).toBe('TypeError');
    expect(await outcome(script.create('{ rp: { id: "example.com", name: "x" } }'))).toBe('SecurityError');
    expect(await outcome(script.create('{ pubKeyCredParams: [{ type: "public-key", alg: -999 }] }'))).toBe(
      'NotSupportedError',
    );
    expect(await outcome(script.create())).toBe('done');
    expect(await outcome(script.create(script.allowed.replace('allow', 'exclude')))).toBe('InvalidStateError');
    key.presence = 'deny';
    expect(await outcome(script.get(script.allowed))).toBe('NotAllowedError');
    key.presence = 'auto';
    key.fail('SecurityError');
    expect(await outcome(script.get(script.allowed))).toBe('SecurityError');
    expect(await outcome(script.get(script.allowed))).toBe('done');
  });

  it('waits for the touch, and is called off by its own signal', async () => {
    await open({ touch: 'manual' });
    const created = outcome(script.create());
    expect(await key.touch()).toMatchObject({ operation: 'makeCredential', rpId: 'localhost', userName: 'alice' });
    expect(await created).toBe('done');
    await page.evaluate('window.control = new AbortController()');
    const got = outcome(script.get(script.allowed, '{ signal: window.control.signal }'));
    await key.waitForTouch();
    await page.evaluate('window.control.abort()');
    expect(await got).toBe('AbortError');
    await expect.poll(() => key.pending).toEqual([]);
  });

  it('sets a PIN on first use, asks for it, and gives up after three wrong ones', async () => {
    await open({ pin: '2468' });
    const verified = '{ authenticatorSelection: { userVerification: "required" } }';
    expect(await outcome(script.create(verified))).toBe('done');
    const asked: unknown[] = [];
    key.pin = ({ reason, attempts }) => {
      asked.push([reason, attempts]);
      return '1111';
    };
    const get = script.get(`{ ...${script.allowed}, userVerification: "required" }`);
    expect(await outcome(get)).toBe('NotAllowedError');
    expect(asked).toEqual([
      ['enter', 8],
      ['enter', 7],
      ['enter', 6],
    ]);
    key.pin = '2468';
    expect(await outcome(get)).toBe('NotAllowedError');
    await key.remove();
    await key.insert();
    expect(await outcome(get)).toBe('done');
  });

  it('signs in by a passkey that the field offers', async () => {
    await open({ pin: '2468' });
    const passkey = '{ authenticatorSelection: { residentKey: "required", userVerification: "required" } }';
    expect(await outcome(script.create(passkey))).toBe('done');
    expect(key.passkeys()).toMatchObject([{ rpId: 'localhost', userName: 'alice', alg: -7 }]);
    const conditional = outcome(script.get('{}', '{ mediation: "conditional" }'));
    await key.autofill();
    expect(await conditional).toBe('done');
    expect(await page.evaluate('new TextDecoder().decode(credential.response.userHandle)')).toBe('user handle');
  });

  it('evaluates a PRF', async () => {
    await open();
    const prf = '{ extensions: { prf: { eval: { first: new Uint8Array(32) } } } }';
    await page.evaluate(script.create(prf));
    const evaluate = async () => {
      await page.evaluate(script.get(`{ ...${script.allowed}, ...${prf} }`));
      return page.evaluate('[...new Uint8Array(credential.getClientExtensionResults().prf.results.first)]');
    };
    const first = await evaluate();
    expect(first).toHaveLength(32);
    await page.evaluate(`window.credential = { rawId: credential.rawId }`);
    expect(await evaluate()).toEqual(first);
  });

  it('shares its key with popups and frames, and heeds who may ask', async () => {
    await open({}, `/?frame=/`);
    const popup = context.waitForEvent('page');
    await page.evaluate('void window.open("/")');
    expect(await outcome(script.create(), await popup)).toBe('done');
    const frame = () => page.frames()[1]!;
    expect(await outcome(script.create(), frame())).toBe('done');
    const other = encodeURIComponent(`${pages.other}/`);
    await page.goto(`${pages.origin}/?frame=${other}`);
    expect(await outcome(script.create(), frame())).toBe('NotAllowedError');
    await page.goto(`${pages.origin}/?frame=${other}&allow=publickey-credentials-create`);
    expect(await outcome(script.create(), frame())).toBe('done');
    expect(
      await frame().evaluate('JSON.parse(new TextDecoder().decode(credential.response.clientDataJSON))'),
    ).toMatchObject({ origin: pages.other, crossOrigin: true, topOrigin: pages.origin });
  });

  it('leaves nothing waiting when it goes', async () => {
    await open({ touch: 'manual' });
    void outcome(script.create()).catch(() => 'gone');
    await key.waitForTouch();
    await page.evaluate('location.hash = "#there"');
    expect(key.pending).toHaveLength(1);
    await page.goto(`${pages.origin}/elsewhere`);
    await expect.poll(() => key.pending).toEqual([]);
    void outcome(script.create()).catch(() => 'gone');
    await key.waitForTouch();
    await page.close();
    await expect.poll(() => key.pending).toEqual([]);
  });

  it('waits for a key that is out', async () => {
    await open();
    await key.remove();
    const created = outcome(script.create());
    await key.insert();
    expect(await created).toBe('done');
  });

  it('tells the test of each request, and takes its answer', async () => {
    await open();
    const seen: unknown[] = [];
    const stop = key.onRequest(({ type, origin, options }) => {
      seen.push([type, origin, options.challenge]);
      return undefined;
    });
    await page.evaluate(script.create());
    stop();
    await page.evaluate(script.get(script.allowed));
    expect(seen).toEqual([['create', pages.origin, Buffer.from('a challenge').toString('base64url')]]);
  });

  it('is recorded, and replayed to the byte', async () => {
    const recorder = new Recorder();
    await open({ recorder });
    await page.evaluate(script.create());
    await page.evaluate(script.get(script.allowed));
    await key.close();
    const recording = recorder.recording();
    expect(recording.steps.filter(({ type }) => type === 'outcome')).toMatchObject([
      { ceremony: 1, clientData: { type: 'webauthn.create', origin: pages.origin } },
      { ceremony: 2, clientData: { type: 'webauthn.get', origin: pages.origin } },
    ]);
    expect(compareRecordings(recording, await replay(recording))).toEqual([]);
  });

  it('serves a page that was open before, from its next load on', async () => {
    page = await context.newPage();
    key = await withSecurityKey(page, { touch: 'deny' });
    await page.goto(pages.origin);
    expect(await outcome(script.create())).toBe('NotAllowedError');
    key.presence = 'auto';
    expect(await outcome(script.create())).toBe('done');
  });

  it('is one key for two contexts, where the test says so', async () => {
    await open();
    await page.evaluate(script.create('{ authenticatorSelection: { residentKey: "required" } }'));
    const second = await browser.newContext();
    try {
      expect(await withSecurityKey(second, { key })).toBe(key);
      const elsewhere = await second.newPage();
      await elsewhere.goto(pages.origin);
      expect(await outcome(script.get(), elsewhere)).toBe('done');
    } finally {
      await second.close();
    }
  });
});
