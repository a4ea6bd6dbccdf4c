/**
 * Chromium and this project's WebAuthn client, each with an equal key: a program for the guest. Chromium's key is in the
 * kernel, the client's in this process. Prints what both made of the option sets as one line of JSON.
 */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { ctap23Everything } from '../../../emulator/models/ctap2.3-everything.ts';
import type { Model } from '../../../emulator/models/index.ts';
import { attachUhid } from '../../../emulator/transports/uhid.ts';
import { WebAuthnClient } from '../../../harness/webauthn/index.ts';
import { openKey, plugIn } from '../../harness/client/keys.ts';
import { trustSwitchOf } from '../../harness/sites/server-key.ts';
import { enrollFinger, setPin } from '../../harness/webauthn/management.ts';
import { type Reply, runInPage } from '../../harness/webauthn/side-by-side/chromium-page.ts';
import { judge, makeOwn, ORIGIN, type Run, runBoth, runOurs } from '../../harness/webauthn/side-by-side/compare.ts';
import { optionSets } from '../../harness/webauthn/side-by-side/option-sets.ts';
import { CHROMIUM_ARGUMENTS, UI_PORT } from './chromium-arguments.ts';
import { ChromiumDialog } from './chromium-dialog.ts';

const PIN = '735917';
/** Milliseconds for one ceremony. */
const PATIENCE = 120_000;
/** Milliseconds after which a ceremony may be waiting for a person. */
const UNATTENDED = 8000;
const COUNT = 200;

/** A key that verifies its user by fingerprint: nobody has to type. No RSA: an emulated machine takes seconds for a key. */
const model: Model = { ...ctap23Everything, algorithms: [-7, -8] };

async function openKeyWithFinger() {
  const key = await openKey({ model });
  const device = await plugIn(key);
  await setPin(device, PIN);
  await enrollFinger(device, PIN);
  return { key, device };
}

/** A site at {@link ORIGIN}, whose certificate Chromium takes by the hash of its key. */
async function openSite(): Promise<{ port: number; trustSwitch: string; close(): void }> {
  const { hostname } = new URL(ORIGIN);
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', '-'];
  const name = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
  const pem = execFileSync('openssl', [...request, ...name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const server = createServer({ key: pem, cert: pem }, (_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Side by side</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const certificate = pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----'));
  return { port, trustSwitch: trustSwitchOf(new X509Certificate(certificate)), close: () => server.close() };
}

const site = await openSite();
const theirs = await openKeyWithFinger();
await theirs.device.close();
const plug = await attachUhid(theirs.key);
const context = await chromium.launchPersistentContext('', {
  executablePath: '/usr/bin/chromium',
  args: [
    ...CHROMIUM_ARGUMENTS,
    `--host-resolver-rules=MAP ${new URL(ORIGIN).hostname} 127.0.0.1:${site.port}`,
    site.trustSwitch,
  ],
  timeout: 300_000,
});
context.setDefaultTimeout(300_000);
const [page] = context.pages();
if (page === undefined) throw new Error('expected Chromium to open a page');
await page.goto(ORIGIN);
const dialog = await ChromiumDialog.connect(UI_PORT);
const sheets: Record<string, number> = {};

/** Presses what a person would, who agrees to everything. */
async function attend(): Promise<void> {
  const sheet = await dialog.read();
  const button = ['Allow', 'Continue', 'Next', 'OK', 'Close'].find((text) => sheet?.buttons.includes(text));
  const text = `${sheet?.texts.join(' | ')} -> ${button ?? 'waits'}`;
  sheets[text] = (sheets[text] ?? 0) + 1;
  process.stderr.write(`${text}\n`);
  if (button !== undefined) await dialog.press(button);
}

const inPage: Run = async (set) => {
  let settled = false;
  const reply = (page.evaluate(runInPage, { set, patience: PATIENCE }) as Promise<Reply>).finally(() => {
    settled = true;
  });
  await Promise.race([reply, sleep(UNATTENDED)]);
  while (!settled) {
    await attend();
    await Promise.race([reply, sleep(500)]);
  }
  return reply;
};

const own = await openKeyWithFinger();
const ours = runOurs(new WebAuthnClient({ origin: ORIGIN, authenticators: own.device }));
const extensions = { prf: {} };
const sides = [
  { run: inPage, ids: await makeOwn(inPage, extensions) },
  { run: ours, ids: await makeOwn(ours, extensions) },
] as const;
const sets = optionSets(COUNT, {
  dialogs: 2,
  userVerification: true,
  extensions: ['credBlob', 'hmacCreateSecret', 'largeBlob', 'minPinLength', 'prf'],
});
const begun = performance.now();
const replies: { chromium: Reply; ours: Reply }[] = [];
for (const set of sets) {
  const both = await runBoth(set, ...sides);
  replies.push(both);
  for (const difference of judge([set], [both]).unexplained) process.stderr.write(`${JSON.stringify(difference)}\n`);
  if (replies.length % 10 === 0) {
    process.stderr.write(`${replies.length} sets in ${Math.round((performance.now() - begun) / 1000)} s\n`);
  }
}
const comparison = judge(sets, replies);
process.stdout.write(`${JSON.stringify({ compared: replies.length, ...comparison, sheets })}\n`);
await context.close();
await plug.detach();
await theirs.key.close();
await own.device.close();
await own.key.close();
site.close();
