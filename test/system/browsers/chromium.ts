/** Chromium with its own WebAuthn stack: a program for the guest. */
import { chromium } from 'playwright-core';
import { trustSwitch } from '../../harness/sites/server-key.ts';
import { CHROMIUM_ARGUMENTS, UI_PORT } from './chromium-arguments.ts';
import { ChromiumDialog, type Sheet } from './chromium-dialog.ts';
import { openSignInData } from './chromium-settings.ts';
import { getWithExtensions, makeWithExtensions } from './extensions-in-page.ts';
import { followGuide, manageDevices, openService, typePasscode } from './guide.ts';
import { PATIENCE, Visit } from './visit.ts';
import { startXServer } from './x-server.ts';

// A headless Chromium reads no keyboard of the kernel.
const [screen, service] = await Promise.all([startXServer(), openService()]);
const context = await chromium.launchPersistentContext('', {
  executablePath: '/usr/bin/chromium',
  headless: false,
  env: { ...process.env, DISPLAY: screen.display },
  args: [...CHROMIUM_ARGUMENTS, await trustSwitch(service)],
  timeout: PATIENCE,
});
context.setDefaultTimeout(PATIENCE);
const [page] = context.pages();
if (page === undefined) throw new Error('expected Chromium to open a page');
const dialog = await ChromiumDialog.connect(UI_PORT);
const PIN = '2468';

/** What a person does about Chromium's dialogs: gives the PIN, agrees, and closes what only tells. */
async function attend(): Promise<readonly string[]> {
  const sheet = await dialog.read();
  if (sheet !== undefined) await act(sheet);
  return sheet?.texts ?? [];
}

/** The sheet that the PIN was typed into last: it stays while the key judges the PIN. */
let entered = '';

async function act(sheet: Sheet): Promise<void> {
  const name = sheet.texts.join();
  if (sheet.fields > 0 && name !== entered) {
    for (let field = 0; field < sheet.fields; field++) if (!(await dialog.type(PIN, field))) return;
    entered = name;
  }
  // Who has refused the touch gives up: Chromium tells of the refusal, and leaves the page waiting for that.
  const ways =
    sheet.fields > 0 ? ['Next'] : visit.finger === 'deny' && visit.wasAsked ? ['Close', 'Cancel'] : ['Close'];
  const button = ways.find((way) => sheet.buttons.includes(way));
  if (name !== '' && button !== undefined) await dialog.press(button);
}

const visit = await Visit.begin(page, { attend });
const site = await visit.openSite();
await visit.enroll('register', site, 'alice');
await visit.enroll('register-again', site);
await visit.signIn('sign-in', site, 'alice');
await visit.signOut();
visit.finger = 'deny';
await visit.signIn('sign-in-denied', site, 'alice');
visit.finger = 'touch';
await followGuide(visit, service);
await manageDevices(visit, service);
await typePasscode(visit, service);
await visit.open(site.url, 'body');
await visit.runInPage('make-with-extensions', `(${makeWithExtensions})()`);
await visit.runInPage(
  'write-large-blob',
  `(${getWithExtensions})({ write: new TextEncoder().encode('a large blob') })`,
);
await visit.runInPage('read-large-blob', `(${getWithExtensions})({ read: true })`);
visit.tell('sign-in-data', { listed: await openSignInData(page, PIN), asked: visit.takeAsked() });
await context.close();
await visit.end();
await service.close();
await screen.stop();
