/** Firefox ESR with its own WebAuthn stack, over WebDriver BiDi: a program for the guest. */
import puppeteer from 'puppeteer-core';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';
import { FirefoxPrompts } from './firefox-prompts.ts';
import { PATIENCE, Visit } from './visit.ts';

const PIN = '2468';

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: '/usr/bin/firefox-esr',
  headless: true,
  timeout: PATIENCE,
  protocolTimeout: PATIENCE,
  args: ['--remote-allow-system-access'], // the browser's own prompts are out of a page's reach
  extraPrefsFirefox: { 'ui.prefersReducedMotion': 1 },
});
// A tab of its own has the focus, as one that a person opens; the one that was there at the start has not, and may not ask for a key.
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE);
const prompts = await FirefoxPrompts.of(browser);
const visit = await Visit.begin(page, { attend });

/** What a person does about Firefox's prompts: gives the PIN where it is asked for. */
async function attend(): Promise<readonly string[]> {
  const { panels, box } = await prompts.read();
  if (box === null) return panels;
  await prompts.enter(PIN);
  return [...panels, box.text];
}

/** Gives the key a PIN, as `ctaplab pin set` does: Firefox itself only says that one is missing. */
async function setPin(): Promise<void> {
  const device = await CtapHidDevice.open(connectInProcess(visit.key.key));
  await new PinClient(new Ctap2Client(device)).setPin(PIN);
  await device.close();
}

const site = await visit.openSite();
await visit.enroll('register', site, 'alice');
await visit.enroll('register-again', site);
await visit.signIn('sign-in', site, 'alice');
await visit.signOut();
visit.finger = 'deny';
await visit.signIn('sign-in-denied', site, 'alice');
visit.finger = 'touch';
await setPin();
const strict = await visit.openSite({ userVerification: 'required', residentKey: 'required' });
await visit.enroll('register-with-pin', strict, 'carol');
await visit.signIn('sign-in-with-pin', strict, 'carol');
await browser.close();
await visit.end();
