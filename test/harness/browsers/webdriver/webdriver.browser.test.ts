/**
 * The same script of Selenium with Chromium's own virtual authenticators, and through our server in Chromium and in
 * WebKit: the outcome must be the same.
 */
import { createECDH, createPrivateKey } from 'node:crypto';
import type { WebDriver } from 'selenium-webdriver';
import { Credential, VirtualAuthenticatorOptions } from 'selenium-webdriver/lib/virtual_authenticator.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWebDriverServer, type WebDriverServer } from '../../../../harness/browsers/index.ts';
import { Driver } from '../../../../harness/browsers/webdriver/driver.ts';
import { type Pages, script, servePages } from '../pages.ts';
import { CHROMEDRIVER, CHROMIUM, openScreen, openSession, type Screen, WEBKIT, WEBKIT_DRIVER } from './drivers.ts';

let pages: Pages;
let screen: Screen;

beforeAll(async () => {
  [pages, screen] = await Promise.all([servePages(), openScreen()]);
  process.env.DISPLAY = screen.display;
});
afterAll(async () => {
  await screen?.close();
  await pages?.close();
});

/** Runs an expression that gives a promise. */
const run = <T>(driver: WebDriver, promise: string): Promise<T> =>
  driver.executeAsyncScript(`const done = arguments[arguments.length - 1]; (async () => ${promise})().then(done)`);
const outcome = (driver: WebDriver, promise: string) => run<string>(driver, script.outcome(promise));

/** PKCS #8 of a fresh P-256 key, as Selenium takes it. */
function privateKey(): string {
  const curve = createECDH('prime256v1');
  const point = curve.generateKeys();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: curve.getPrivateKey().toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'pkcs8' }).toString('binary');
}

const VERIFIED = '{ authenticatorSelection: { residentKey: "required", userVerification: "required" } }';

/** Everything that Selenium can do with virtual authenticators; resolves to what came of it. */
async function useAuthenticators(driver: WebDriver): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const credentials = async () =>
    (await driver.getCredentials()).map((credential) => ({
      rpId: credential.rpId(),
      isResident: credential.isResidentCredential(),
      signCount: credential.signCount(),
      userHandle: credential.userHandle() && Buffer.from(credential.userHandle()!).toString(),
      privateKey: credential.privateKey().length,
    }));
  const options = new VirtualAuthenticatorOptions();
  options.setProtocol('ctap2');
  options.setTransport('internal');
  options.setHasResidentKey(true);
  options.setHasUserVerification(true);
  options.setIsUserVerified(true);
  await driver.get(pages.origin);
  await driver.addVirtualAuthenticator(options);
  seen.platform = await run(driver, 'PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()');
  seen.registered = await outcome(driver, script.create(VERIFIED));
  seen.response = await run(
    driver,
    `[credential.authenticatorAttachment, credential.response.getTransports(), credential.response.getPublicKeyAlgorithm(),
      new Uint8Array(credential.response.getAuthenticatorData())[32]]`,
  );
  seen.afterRegistration = await credentials();
  seen.excluded = await outcome(driver, script.create(script.allowed.replace('allow', 'exclude')));
  await driver.get(`${pages.origin}/elsewhere`);
  seen.signedIn = await outcome(driver, script.get('{ userVerification: "required" }'));
  seen.userHandle = await run(driver, 'new TextDecoder().decode(credential.response.userHandle)');
  seen.afterSignIn = await credentials();
  await driver.setUserVerified(false);
  seen.unverified = await outcome(driver, script.get('{ userVerification: "required" }'));
  await driver.setUserVerified(true);
  seen.verifiedAgain = await outcome(driver, script.get('{ userVerification: "required" }'));
  await driver.removeAllCredentials();
  seen.afterRemoval = await credentials();
  seen.noCredential = await outcome(driver, script.get());
  const imported = Credential.createResidentCredential(
    Uint8Array.of(1, 2, 3, 4),
    'localhost',
    Buffer.from('imported'),
    privateKey(),
    7,
  );
  await driver.addCredential(imported);
  seen.importedSignsIn = await outcome(driver, script.get());
  seen.importedHandle = await run(driver, 'new TextDecoder().decode(credential.response.userHandle)');
  seen.afterImport = await credentials();
  await driver.removeCredential(Buffer.from(Uint8Array.of(1, 2, 3, 4)).toString('base64url'));
  seen.afterRemovingIt = await credentials();
  await driver.removeVirtualAuthenticator();

  const u2f = new VirtualAuthenticatorOptions();
  u2f.setProtocol('ctap1/u2f');
  u2f.setTransport('usb');
  await driver.addVirtualAuthenticator(u2f);
  seen.u2fRegistered = await outcome(
    driver,
    script.create('{ authenticatorSelection: { userVerification: "discouraged" } }'),
  );
  seen.u2fSignedIn = await outcome(driver, script.get(script.allowed));
  seen.u2fSaved = (await credentials()).map(({ isResident, signCount }) => [isResident, signCount]);
  const other = Credential.createNonResidentCredential(Buffer.alloc(48, 9), 'localhost', privateKey(), 40);
  await driver.addCredential(other);
  await driver.executeScript('window.credential = { rawId: new Uint8Array(48).fill(9) }');
  seen.u2fImported = await outcome(driver, script.get(script.allowed));
  seen.counted = await run(driver, 'new DataView(credential.response.authenticatorData).getUint32(33)');
  await driver.removeVirtualAuthenticator();
  return seen;
}

/** What came of it with Chromium's own. */
let reference: Record<string, unknown>;

async function withSession(
  url: string,
  capabilities: object,
  use: (driver: WebDriver) => Promise<void>,
): Promise<void> {
  const driver = await openSession(url, capabilities);
  try {
    await use(driver);
  } finally {
    await driver.quit();
  }
}

describe("a script of Selenium with Chromium's own virtual authenticators", () => {
  it('runs, and says what is to be expected', async () => {
    const own = await Driver.start(CHROMEDRIVER);
    try {
      await withSession(own.url.href, CHROMIUM, async (driver) => {
        reference = await useAuthenticators(driver);
      });
    } finally {
      await own.close();
    }
    expect(reference).toMatchObject({ registered: 'done', signedIn: 'done', unverified: 'NotAllowedError' });
  });
});

describe.each([
  ['Chromium', CHROMEDRIVER, CHROMIUM],
  ['WebKit', WEBKIT_DRIVER, WEBKIT],
])('the same script through our server in %s', (_, path, capabilities) => {
  let server: WebDriverServer;
  beforeAll(async () => {
    server = await startWebDriverServer({ driver: path });
  });
  afterAll(() => server?.close());

  it('has the same outcome', () =>
    withSession(server.url, capabilities, async (driver) => {
      expect(await useAuthenticators(driver)).toEqual(reference);
    }));
});
