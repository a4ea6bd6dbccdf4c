/** What a page sees of WebAuthn around its ceremonies, who may ask, and what is left behind when it goes. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SecurityKey, type WithSecurityKeyOptions, withSecurityKey } from '../../../harness/browsers/index.ts';
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

async function open(options: WithSecurityKeyOptions = {}): Promise<void> {
  key = await withSecurityKey(context, options);
  page = await context.newPage();
  await page.goto(pages.origin);
}

const outcome = (promise: string, where: Pick<Page, 'evaluate'> = page) => where.evaluate(script.outcome(promise));

describe('PublicKeyCredential', () => {
  it('tells what the client can do', async () => {
    await open();
    expect(await page.evaluate('PublicKeyCredential.getClientCapabilities()')).toMatchObject({
      conditionalGet: true,
      conditionalCreate: false,
      relatedOrigins: false,
      userVerifyingPlatformAuthenticator: false,
      'extension:prf': true,
    });
  });

  it('reads options from JSON, extensions too, and writes credentials to it', async () => {
    await open();
    const seen = await page.evaluate(`(async () => {
      const user = { id: 'dXNlcg', name: 'alice', displayName: 'Alice' };
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
        rp: { name: 'Example' }, user, challenge: 'Y2hhbGxlbmdl', pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        extensions: { prf: { eval: { first: 'AAAA' } }, credProps: true },
      });
      const made = await navigator.credentials.create({ publicKey });
      const json = made.toJSON();
      const request = PublicKeyCredential.parseRequestOptionsFromJSON({
        challenge: 'Y2hhbGxlbmdl', allowCredentials: [{ type: 'public-key', id: json.id }],
        extensions: { prf: { evalByCredential: { [json.id]: { first: 'AAAA' } } } },
      });
      const got = await navigator.credentials.get({ publicKey: request });
      return {
        challenge: new TextDecoder().decode(publicKey.challenge),
        first: publicKey.extensions.prf.eval.first.byteLength,
        made: [json.type, json.rawId === json.id, json.clientExtensionResults],
        got: Object.keys(got.toJSON().response).sort(),
        prf: got.getClientExtensionResults().prf.results.first.byteLength,
      };
    })()`);
    expect(seen).toEqual({
      challenge: 'challenge',
      first: 3,
      made: ['public-key', true, { credProps: { rk: false }, prf: expect.objectContaining({ enabled: true }) }],
      got: ['authenticatorData', 'clientDataJSON', 'signature'],
      prf: 32,
    });
    const parse = (json: string) =>
      page.evaluate(`(() => {
        try { PublicKeyCredential.parseRequestOptionsFromJSON(${json}); return 'done'; } catch (error) { return error.name; }
      })()`);
    expect(await parse('{ challenge: "?" }')).toBe('EncodingError');
    expect(await parse('{}')).toBe('TypeError');
  });

  it('takes the signals about credentials, where they make sense', async () => {
    await open();
    const signal = (name: string, options: string) => outcome(`PublicKeyCredential.${name}(${options})`);
    expect(await signal('signalUnknownCredential', '{ rpId: "localhost", credentialId: "AAAA" }')).toBe('done');
    expect(await signal('signalUnknownCredential', '{ rpId: "localhost", credentialId: "?" }')).toBe('TypeError');
    expect(await signal('signalUnknownCredential', '{ rpId: "example.com", credentialId: "AAAA" }')).toBe(
      'SecurityError',
    );
    const accepted = '{ rpId: "localhost", userId: "AAAA", allAcceptedCredentialIds: ["AAAA"] }';
    expect(await signal('signalAllAcceptedCredentials', accepted)).toBe('done');
    expect(await signal('signalCurrentUserDetails', '{ rpId: "localhost", userId: "AAAA" }')).toBe('TypeError');
  });
});

describe('a credential', () => {
  it('has its members where a browser has them, and is not stored', async () => {
    await open();
    const seen = await page.evaluate(`(async () => {
      const user = { id: new Uint8Array(), name: 'alice', displayName: 'Alice' };
      const publicKey = { rp: { name: 'x' }, user, challenge: new Uint8Array(1), pubKeyCredParams: [] };
      const made = await navigator.credentials.create({ publicKey });
      const getter = (of, name) => Object.getOwnPropertyDescriptor(of.prototype, name).get;
      return {
        own: [...Object.keys(made), ...Object.keys(made.response)],
        same: [made.rawId === made.rawId, made.response === made.response],
        type: getter(Credential, 'type').call(made),
        object: getter(AuthenticatorAttestationResponse, 'attestationObject').call(made.response).byteLength > 0,
        stranger: (() => { try { return getter(PublicKeyCredential, 'rawId').call({}); } catch (error) { return error.name; } })(),
        stored: await navigator.credentials.store(made).catch((error) => error.name),
      };
    })()`);
    expect(seen).toEqual({
      own: [],
      same: [true, true],
      type: 'public-key',
      object: true,
      stranger: 'TypeError',
      stored: 'NotSupportedError',
    });
  });
});

describe('who may ask', () => {
  it('is no page that calls the way to the key by itself', async () => {
    await open();
    expect(await page.evaluate('typeof window.__securityKey')).toBe('undefined');
  });

  it('is a popup without an address, which has the origin of its opener', async () => {
    await open();
    const popup = context.waitForEvent('page');
    await page.evaluate('void window.open("about:blank")');
    expect(await outcome(script.create('{ rp: { id: "localhost", name: "x" } }'), await popup)).toBe('done');
  });

  it('is no document in a sandbox, whose origin is its own', async () => {
    await open();
    await page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      Object.assign(frame, { src: '/', sandbox: 'allow-scripts', allow: 'publickey-credentials-create', onload: resolve });
      document.body.append(frame);
    })`);
    expect(await outcome(script.create(), page.frames()[1])).toBe('NotAllowedError');
  });

  it('is no document whose policy header says so', async () => {
    await open();
    await context.route('**/policy', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'Permissions-Policy': 'publickey-credentials-get=()' },
        body: '<!doctype html>',
      }),
    );
    await page.goto(`${pages.origin}/policy`);
    expect(await outcome(script.create())).toBe('done');
    expect(await outcome(script.get(script.allowed))).toBe('NotAllowedError');
  });

  it('is an origin that the RP names as related', async () => {
    const asked: string[] = [];
    await open({
      async fetchRelatedOrigins(rpId) {
        asked.push(rpId);
        return { origins: ['https://shop.example.org'] };
      },
    });
    await context.route('https://shop.example.org/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
    );
    await page.goto('https://shop.example.org/');
    expect(await outcome(script.create('{ rp: { id: "example.com", name: "x" } }'))).toBe('done');
    expect(await outcome(script.create('{ rp: { id: "example.net", name: "x" } }'))).toBe('done');
    expect(asked).toEqual(['example.com', 'example.net']);
  });
});

describe('a ceremony that ends otherwise', () => {
  it('ends with its timeout where nobody touches, and leaves nothing', async () => {
    await open({ touch: 'manual', timeoutRange: [1, 1000] });
    expect(await outcome(script.create('{ timeout: 100 }'))).toBe('NotAllowedError');
    await expect.poll(() => key.pending).toEqual([]);
    key.presence = 'auto';
    expect(await outcome(script.create())).toBe('done');
  });

  it('ends with a page that crashes', async () => {
    await open({ touch: 'manual' });
    void outcome(script.create()).catch(() => 'crashed');
    await key.waitForTouch();
    const crashed = page.waitForEvent('crash');
    void page.goto('chrome://crash').catch(() => 'crashed');
    await crashed;
    await expect.poll(() => key.pending).toEqual([]);
  });

  it('leaves no listener on its page', async () => {
    await open();
    const events = ['framenavigated', 'framedetached', 'close', 'crash'];
    const count = () => events.map((event) => (page as unknown as NodeJS.EventEmitter).listenerCount(event));
    const before = count();
    await page.evaluate(script.create());
    await page.evaluate(script.get(script.allowed));
    expect(count()).toEqual(before);
  });
});
