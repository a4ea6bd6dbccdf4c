/** Ceremonies through pages of Chromium: by our key, by Chromium's own virtual authenticator, and without a browser. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, freePort, listen } from '../../../emulator/lab/listening.ts';
import { createBrowserlessClient } from '../../browsers/browserless.ts';
import { withDebuggedChromium } from '../../browsers/debugged-chromium.ts';
import { type PlaywrightContext, type PlaywrightPage, withSecurityKey } from '../../browsers/playwright.ts';
import { CdpConnection } from '../../browsers/webdriver/cdp-connection.ts';
import { closing } from '../closing.ts';
import { type Contest, type Operation, Unavailable } from './rounds.ts';

export const browserContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['page-registration', () => pageContest('page-registration', CREATE, debuggedPage)],
  ['page-sign-in', () => pageContest('page-sign-in', GET, debuggedPage)],
  ['page-echo', pageEchoContest],
  ['playwright-registration', () => pageContest('playwright-registration', CREATE, playwrightPage)],
  ['playwright-sign-in', () => pageContest('playwright-sign-in', GET, playwrightPage)],
  ['page-start', pageStartContest],
  ['browserless-registration', () => browserlessContest('browserless-registration', CREATE)],
  ['browserless-sign-in', () => browserlessContest('browserless-sign-in', GET)],
];

/** Looked for in this order, where $CTAPLAB_CHROMIUM does not name one. */
const CHROMIUMS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/opt/google/chrome/chrome'];
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];

const RP = { id: 'localhost', name: 'Bench' };
const PARAMETERS = [{ type: 'public-key', alg: -7 }];

// What a page runs. Its credential is made once, when a sign-in first needs it.
const CREATE = `async (count) => {
  const bytes = (text) => new TextEncoder().encode(text);
  const create = (index) => navigator.credentials.create({
    publicKey: {
      rp: ${JSON.stringify(RP)},
      user: { id: bytes('user ' + index), name: 'alice', displayName: 'Alice' },
      challenge: bytes('challenge'),
      pubKeyCredParams: ${JSON.stringify(PARAMETERS)},
    },
  });
  for (let index = 0; index < count; index++) window.credential = await create(index);
}`;
const GET = `async (count) => {
  if (!window.credential) await (${CREATE})(1);
  const allowCredentials = [{ type: 'public-key', id: window.credential.rawId }];
  const challenge = new TextEncoder().encode('challenge');
  for (let index = 0; index < count; index++) {
    await navigator.credentials.get({ publicKey: { challenge, allowCredentials } });
  }
}`;

// What is used of playwright-core, which is not a dependency: who wants these rows has it.
interface Page extends PlaywrightPage {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
}
interface Context extends PlaywrightContext {
  newPage(): Promise<Page>;
  newCDPSession(page: Page): Promise<{ send(method: string, parameters?: object): Promise<unknown> }>;
  close(): Promise<void>;
}
interface Chromium {
  readonly browser: { newContext(): Promise<Context> };
  /** A page at `http://localhost`. */
  readonly origin: string;
  /** `HOST:PORT` of its DevTools. */
  readonly debugger: string;
  close(): Promise<void>;
}

async function openChromium(): Promise<Chromium> {
  const { CTAPLAB_CHROMIUM: named } = process.env;
  const paths = named ? [named] : CHROMIUMS;
  const executablePath = paths.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Unavailable(`no Chromium at ${paths.join(', ')}`);
  const name: string = 'playwright-core';
  const { chromium } = await import(name).catch((cause: unknown) => {
    throw new Unavailable('the package playwright-core is not installed', { cause });
  });
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Bench</title>');
  });
  await listen(server, 0, '127.0.0.1');
  const debuggingPort = await freePort();
  const args = [...ARGUMENTS, `--remote-debugging-port=${debuggingPort}`];
  const browser = await chromium.launch({ executablePath, args });
  return {
    browser,
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    debugger: `127.0.0.1:${debuggingPort}`,
    close: () =>
      closing(async (onClose) => {
        onClose(() => closeServer(server));
        onClose(() => browser.close());
      }),
  };
}

function inPage(page: Page, script: string): Operation {
  return async (count) => {
    await page.evaluate(`(${script})(${count})`);
  };
}

async function openPage(context: Context, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(origin);
  return page;
}

/** A page that reaches the key by Playwright's own means. */
async function playwrightPage({ browser, origin }: Chromium): Promise<Page> {
  const context = await browser.newContext();
  await withSecurityKey(context);
  return openPage(context, origin);
}

/** A page that reaches the key by a DevTools connection of ours. */
async function debuggedPage({ browser, origin, debugger: address }: Chromium): Promise<Page> {
  await withDebuggedChromium(address);
  return openPage(await browser.newContext(), origin);
}

async function theirPage({ browser, origin }: Chromium): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', automaticPresenceSimulation: true },
  });
  await page.goto(origin);
  return page;
}

/** Beside a page with Chromium's own authenticator, in a Chromium each: a DevTools connection serves all pages of one. */
async function besideTheirs(
  names: Pick<Contest, 'name' | 'against'>,
  subject: (chromium: Chromium) => Promise<Operation>,
  script: string,
): Promise<Contest> {
  const [ours, theirs] = [await openChromium(), await openChromium()];
  return {
    ...names,
    subject: await subject(ours),
    reference: inPage(await theirPage(theirs), script),
    close: () =>
      closing(async (onClose) => {
        onClose(() => ours.close());
        onClose(() => theirs.close());
      }),
  };
}

function pageContest(name: string, script: string, ourPage: (chromium: Chromium) => Promise<Page>): Promise<Contest> {
  const names = { name, against: 'Chromium’s own virtual authenticator' };
  return besideTheirs(names, async (chromium) => inPage(await ourPage(chromium), script), script);
}

/** The name of the page's function that reaches this process. */
const CHANNEL = 'echo';
const ECHO = `async (count) => {
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => {
      window.settle = resolve;
      window.${CHANNEL}('challenge');
    });
  }
}`;

/**
 * A call of a page to this process and its answer, and nothing else: no key outside the browser can be faster than that,
 * while Chromium's own signs inside it.
 */
function pageEchoContest(): Promise<Contest> {
  const names = { name: 'page-echo', against: 'a sign-in by Chromium’s own virtual authenticator' };
  return besideTheirs(names, async (chromium) => inPage(await echoingPage(chromium), ECHO), GET);
}

/** A page whose calls a DevTools connection of ours answers; it ends with the browser. */
async function echoingPage({ browser, origin, debugger: address }: Chromium): Promise<Page> {
  const page = await openPage(await browser.newContext(), origin);
  const connection = await CdpConnection.open(address);
  const { targetInfos } = await connection.send<{ targetInfos: readonly { url: string; targetId: string }[] }>(
    'Target.getTargets',
  );
  const targetId = targetInfos.find(({ url }) => url.startsWith(origin))?.targetId;
  const target = { targetId, flatten: true };
  const { sessionId } = await connection.send<{ sessionId: string }>('Target.attachToTarget', target);
  connection.on<{ executionContextId: number }>('Runtime.bindingCalled', ({ executionContextId: contextId }) => {
    connection.send('Runtime.evaluate', { expression: 'window.settle()', contextId }, sessionId).catch(() => undefined); // of a page that goes
  });
  await connection.send('Runtime.enable', {}, sessionId);
  await connection.send('Runtime.addBinding', { name: CHANNEL }, sessionId);
  return page;
}

/** A context, its first page, and the load of that. */
async function pageStartContest(): Promise<Contest> {
  const chromium = await openChromium();
  const starting =
    (attach: (context: Context) => Promise<unknown>): Operation =>
    async (count) => {
      for (let index = 0; index < count; index++) {
        const context = await chromium.browser.newContext();
        await attach(context);
        await (await context.newPage()).goto(chromium.origin);
        await context.close();
      }
    };
  return {
    name: 'page-start',
    subject: starting((context) => withSecurityKey(context)),
    against: 'the start of a page without a key',
    reference: starting(async () => undefined),
    close: () => chromium.close(),
  };
}

async function browserlessContest(name: string, script: string): Promise<Contest> {
  const chromium = await openChromium();
  const client = await createBrowserlessClient({ origin: 'http://localhost' });
  const challenge = Buffer.from('challenge').toString('base64url');
  const user = { id: 'dXNlcg', name: 'alice', displayName: 'Alice' };
  const creation = { rp: RP, user, challenge, pubKeyCredParams: PARAMETERS };
  const { id } = await client.create(creation);
  const request = { challenge, allowCredentials: [{ type: 'public-key', id }] };
  return {
    name,
    async subject(count) {
      for (let index = 0; index < count; index++) {
        await (script === CREATE ? client.create(creation) : client.get(request));
      }
    },
    against: 'the same key behind a page of Chromium',
    reference: inPage(await debuggedPage(chromium), script),
    close: () =>
      closing(async (onClose) => {
        onClose(() => chromium.close());
        onClose(() => client.close());
      }),
  };
}
