/** The pages of a driver with WebDriver BiDi, in Firefox itself: geckodriver only passes its address on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecurityKey } from '../../../../harness/browsers/index.ts';
import { PageCeremonies } from '../../../../harness/browsers/page-ceremonies.ts';
import { BidiConnection } from '../../../../harness/browsers/webdriver/bidi-connection.ts';
import { BidiPages } from '../../../../harness/browsers/webdriver/bidi-pages.ts';
import { type Pages, script, servePages } from '../pages.ts';

let pages: Pages;
let firefox: ChildProcess;
let profile: string;
/** What the client of the session would send, and what serves its pages. */
let client: BidiConnection;
let context: string;
let key: SecurityKey;
const defects: unknown[] = [];

beforeAll(async () => {
  [pages, key] = await Promise.all([servePages(), SecurityKey.open({ touch: 'manual' })]);
  profile = await mkdtemp(join(tmpdir(), 'ctaplab-firefox-'));
  firefox = spawn('/usr/bin/firefox-esr', ['--headless', '--remote-debugging-port=0', '--profile', profile], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: firefox.stderr! })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    client = await BidiConnection.open(`${address}/session`);
    break;
  }
  firefox.stderr!.resume();
  await client.send('session.new', { capabilities: {} });
  const tree = (await client.send('browsingContext.getTree', {})) as { contexts: { context: string }[] };
  context = tree.contexts[0]!.context;
  await navigate('/');
  await new BidiPages(client, new PageCeremonies(key), (error) => defects.push(error)).install();
});
afterAll(async () => {
  client?.close();
  const ended = firefox && once(firefox, 'exit');
  firefox?.kill();
  await ended;
  await rm(profile, { recursive: true, force: true });
  await key?.close();
  await pages?.close();
});

const navigate = (path: string, target = context) =>
  client.send('browsingContext.navigate', { context: target, url: pages.origin + path, wait: 'complete' });

async function outcome(promise: string, target = context, userActivation = false): Promise<unknown> {
  const { result } = (await client.send('script.evaluate', {
    expression: script.outcome(promise),
    target: { context: target },
    awaitPromise: true,
    userActivation,
  })) as { result: { value: unknown } };
  return result.value;
}

describe('the pages of a session with WebDriver BiDi', () => {
  it('have the key in a document that was there before, and in those that come', async () => {
    const registered = outcome(script.create('{ authenticatorSelection: { residentKey: "required" } }'));
    await key.touch();
    expect(await registered).toBe('done');
    await navigate('/elsewhere');
    const signedIn = outcome(script.get());
    await key.touch();
    expect(await signedIn).toBe('done');
  });

  it('leave nothing waiting when they go, or call it off', async () => {
    const called = outcome(script.create('{}', '{ signal: AbortSignal.timeout(1000) }'));
    await key.waitForTouch();
    expect(await called).toBe('TimeoutError');
    await expect.poll(() => key.pending).toEqual([]);
    void outcome(script.create()).catch(() => 'gone'); // Firefox answers nothing for a document that has gone
    await key.waitForTouch();
    await navigate('/third');
    await expect.poll(() => key.pending, { timeout: 10_000 }).toEqual([]);
  });

  it('heed what a frame of another site is allowed', async () => {
    const frame = async () => {
      const tree = (await client.send('browsingContext.getTree', { root: context })) as {
        contexts: { children: { context: string }[] }[];
      };
      return tree.contexts[0]!.children[0]!.context;
    };
    const other = encodeURIComponent(`${pages.other}/`);
    await navigate(`/?frame=${other}`);
    expect(await outcome(script.create(), await frame())).toBe('NotAllowedError');
    await navigate(`/?frame=${other}&allow=publickey-credentials-create`);
    expect(await outcome(script.create(), await frame())).toBe('NotAllowedError'); // its user has done nothing in it
    const created = outcome(script.create(), await frame(), true);
    await key.touch();
    expect(await created).toBe('done');
    expect(defects).toEqual([]);
  });
});
