/** Chromium registers and signs in with the one key that the kernel has, whoever made it: a program for the guest. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, UI_PORT } from './chromium-arguments.ts';
import { ChromiumDialog } from './chromium-dialog.ts';

const PATIENCE = 300_000;

/** In the page: a credential, and an assertion of it; the length of the signature. */
async function registerAndSignIn(timeout: number): Promise<number> {
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const made = await navigator.credentials.create({
    publicKey: {
      challenge,
      rp: { name: 'On the bus' },
      user: { id: Uint8Array.of(1), name: 'alice', displayName: 'Alice' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { authenticatorAttachment: 'cross-platform', userVerification: 'discouraged' },
      timeout,
    },
  });
  const { rawId: id } = made as PublicKeyCredential;
  const allowCredentials: PublicKeyCredentialDescriptor[] = [{ type: 'public-key', id, transports: ['usb'] }];
  const signed = await navigator.credentials.get({
    publicKey: { challenge, allowCredentials, userVerification: 'discouraged', timeout },
  });
  const { response } = signed as PublicKeyCredential;
  return (response as AuthenticatorAssertionResponse).signature.byteLength;
}

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>On the bus</title>');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const context = await chromium.launchPersistentContext('', {
  executablePath: '/usr/bin/chromium',
  args: [...CHROMIUM_ARGUMENTS],
  timeout: PATIENCE,
});
context.setDefaultTimeout(PATIENCE);
const [page] = context.pages();
if (page === undefined) throw new Error('expected Chromium to open a page');
await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
const dialog = await ChromiumDialog.connect(UI_PORT);
let settled = false;
const signature = page.evaluate(registerAndSignIn, PATIENCE).finally(() => {
  settled = true;
});
while (!settled) {
  const sheet = await dialog.read();
  const button = ['Allow', 'Continue', 'Next', 'OK'].find((text) => sheet?.buttons.includes(text));
  if (button !== undefined) await dialog.press(button);
  await Promise.race([signature, sleep(500)]);
}
process.stdout.write(`${JSON.stringify({ signature: await signature })}\n`);
await context.close();
server.close();
