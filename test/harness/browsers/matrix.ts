/** The script that every browser runs with our key; SimpleWebAuthn is the server. */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { expect } from 'vitest';
import type { SecurityKey, SecurityKeyOptions } from '../../../harness/browsers/index.ts';
import type { Pages } from './pages.ts';

/** Where a script runs: a page, a popup or a frame. */
export interface Place {
  /** The value of an expression, awaited where it is a promise. */
  evaluate(expression: string): Promise<unknown>;
}

export interface MatrixPage extends Place {
  goto(url: string): Promise<void>;
  /** Has the page open a popup of that address. */
  popup(url: string): Promise<Place>;
  /** The first frame of the page. */
  frame(): Place;
  /** A click of the user in it. */
  clickFrame(): Promise<void>;
}

/** A browser of the matrix. */
export interface MatrixBrowser {
  /** A page with a fresh key. */
  open(options?: SecurityKeyOptions): Promise<{ readonly page: MatrixPage; readonly key: SecurityKey }>;
  close(): Promise<void>;
}

type Outcome = { readonly error: string } | { readonly credential: Record<string, unknown> };

const RP_ID = 'localhost';

/** Runs a ceremony as a page does; `more` are members beside publicKey. */
async function ceremony(place: Place, type: 'create' | 'get', options: object, more = '{}'): Promise<Outcome> {
  const parse = type === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON';
  const { extensions, ...json } = options as { extensions?: object };
  const text = await place.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.${parse}(${JSON.stringify(json)});
    const prf = { eval: { first: new Uint8Array(32).fill(7) } };
    ${extensions === undefined ? '' : `publicKey.extensions = ${'prf' in extensions ? '{ prf }' : '{}'};`}
    try {
      const credential = await navigator.credentials.${type}({ publicKey, ...${more} });
      const { prf: outputs } = credential.getClientExtensionResults();
      const first = outputs?.results?.first;
      window.secret = first === undefined ? undefined : Array.from(new Uint8Array(first)).join();
      return JSON.stringify({ credential: credential.toJSON() });
    } catch (error) {
      return JSON.stringify({ error: error.name });
    }
  })()`);
  return JSON.parse(text as string) as Outcome;
}

interface Site {
  readonly pages: Pages;
  /** Registers and verifies, or resolves to the error's name. */
  register(place: Place, options?: object, required?: boolean): Promise<WebAuthnCredential | string>;
  /** Signs in and verifies; `done`, or the error's name. */
  signIn(place: Place, credential: WebAuthnCredential | string, options?: object, more?: string): Promise<string>;
}

export function openSite(pages: Pages): Site {
  const trust = { expectedOrigin: pages.origin, expectedRPID: RP_ID, requireUserVerification: false };
  return {
    pages,
    async register(place, more = {}) {
      const options = await generateRegistrationOptions({ rpName: 'Example', rpID: RP_ID, userName: 'alice' });
      const outcome = await ceremony(place, 'create', { ...options, extensions: undefined, ...more });
      if ('error' in outcome) return outcome.error;
      const response = outcome.credential as never;
      const verified = await verifyRegistrationResponse({ response, expectedChallenge: options.challenge, ...trust });
      return verified.registrationInfo!.credential;
    },
    async signIn(place, credential, more = {}, request = '{}') {
      if (typeof credential === 'string') throw new Error(`expected a credential, got ${credential}`);
      const options = await generateAuthenticationOptions({ rpID: RP_ID, allowCredentials: [credential] });
      const outcome = await ceremony(place, 'get', { ...options, ...more }, request);
      if ('error' in outcome) return outcome.error;
      const response = outcome.credential as never;
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response,
        expectedChallenge: options.challenge,
        credential,
        ...trust,
      });
      credential.counter = authenticationInfo.newCounter;
      return verified ? 'done' : 'not verified';
    },
  };
}

const isCredential = expect.objectContaining({ id: expect.any(String) });
const VERIFIED = { authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' } };
const PASSKEY = { authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' } };

/** By what they show. */
export const scenarios: Readonly<Record<string, (browser: MatrixBrowser, site: Site) => Promise<void>>> = {
  async 'registers and signs in'(browser, site) {
    const { page } = await browser.open();
    const credential = await site.register(page);
    expect(credential).toEqual(isCredential);
    await page.goto(`${site.pages.origin}/sign-in`);
    expect(await site.signIn(page, credential)).toBe('done');
  },

  async 'signs in by a passkey that a field offers'(browser, site) {
    const { page, key } = await browser.open();
    const credential = await site.register(page, PASSKEY);
    expect(key.passkeys()).toMatchObject([{ rpId: RP_ID, userName: 'alice' }]);
    const signedIn = site.signIn(page, credential, { allowCredentials: [] }, '{ mediation: "conditional" }');
    await key.autofill();
    expect(await signedIn).toBe('done');
  },

  async 'does not sign in with the wrong key'(browser, site) {
    const first = await browser.open();
    const credential = await site.register(first.page);
    const other = await browser.open();
    expect(await site.signIn(other.page, credential)).toBe('NotAllowedError');
  },

  async 'hears of a touch that is denied'(browser, site) {
    const { page, key } = await browser.open({ touch: 'manual' });
    const refused = site.register(page);
    await key.deny();
    expect(await refused).toBe('NotAllowedError');
    const registered = site.register(page);
    await key.touch();
    expect(await registered).toEqual(isCredential);
  },

  async 'sets a PIN on first use, and is refused after three wrong ones'(browser, site) {
    const { page, key } = await browser.open();
    const asked: string[] = [];
    key.pin = ({ reason }) => {
      asked.push(reason);
      return '2468';
    };
    const credential = await site.register(page, VERIFIED);
    expect(credential).toEqual(isCredential);
    key.pin = ({ reason }) => {
      asked.push(reason);
      return '1111';
    };
    expect(await site.signIn(page, credential, { userVerification: 'required' })).toBe('NotAllowedError');
    expect(asked).toEqual(['set', 'enter', 'enter', 'enter']);
    key.pin = '2468';
    expect(await site.signIn(page, credential, { userVerification: 'required' })).toBe('NotAllowedError');
    await key.remove();
    await key.insert();
    expect(await site.signIn(page, credential, { userVerification: 'required' })).toBe('done');
  },

  async 'falls back to U2F with a key that has nothing else'(browser, site) {
    const { page } = await browser.open({ model: 'u2f-only' });
    const discouraged = { authenticatorSelection: { residentKey: 'discouraged', userVerification: 'discouraged' } };
    const credential = await site.register(page, discouraged);
    expect(credential).toEqual(isCredential);
    expect(await site.signIn(page, credential, { userVerification: 'discouraged' })).toBe('done');
  },

  async 'gets the same secret of a PRF twice'(browser, site) {
    const { page } = await browser.open();
    const credential = await site.register(page, { extensions: { prf: {} } });
    const secrets: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      expect(await site.signIn(page, credential, { extensions: { prf: {} } })).toBe('done');
      secrets.push(await page.evaluate('window.secret'));
    }
    expect(secrets[0]).toMatch(/^(\d+,){31}\d+$/);
    expect(secrets[1]).toBe(secrets[0]);
  },

  async 'has its key in a popup'(browser, site) {
    const { page } = await browser.open();
    const credential = await site.register(page);
    const popup = await page.popup(`${site.pages.origin}/popup`);
    expect(await site.signIn(popup, credential)).toBe('done');
  },

  async 'has its key in a frame'(browser, site) {
    const { page } = await browser.open();
    await page.goto(`${site.pages.origin}/?frame=/`);
    const credential = await site.register(page.frame());
    expect(credential).toEqual(isCredential);
    expect(await site.signIn(page, credential)).toBe('done');
  },

  async 'heeds what a frame of another site is allowed'(browser, { pages }) {
    const { page } = await browser.open();
    const options = {
      ...(await generateRegistrationOptions({ rpName: 'Example', rpID: 'other.localhost', userName: 'alice' })),
      extensions: undefined,
    };
    const other = encodeURIComponent(`${pages.other}/`);
    await page.goto(`${pages.origin}/?frame=${other}`);
    expect(await ceremony(page.frame(), 'create', options)).toEqual({ error: 'NotAllowedError' });
    await page.goto(`${pages.origin}/?frame=${other}&allow=publickey-credentials-create`);
    // It makes one where its user has just acted in it.
    await page.clickFrame();
    const outcome = await ceremony(page.frame(), 'create', options);
    if ('error' in outcome) throw new Error(`expected a credential, got ${outcome.error}`);
    const verified = await verifyRegistrationResponse({
      response: outcome.credential as never,
      expectedChallenge: options.challenge,
      expectedOrigin: pages.other,
      expectedRPID: 'other.localhost',
      requireUserVerification: false,
    });
    expect(verified.verified).toBe(true);
  },
};
