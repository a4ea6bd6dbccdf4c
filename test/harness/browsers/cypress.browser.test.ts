/** What Cypress gets, against its interface: the tasks called as it calls them, the support file in a runner's page of Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CtaplabTasks, ctaplabTasks } from '../../../harness/browsers/index.ts';
import { launchChromium } from './chromium.ts';
import { type Pages, script, servePages } from './pages.ts';

const SUPPORT = join(import.meta.dirname, '../../../dist/harness/browsers/cypress-support.js');

/** A runner as far as the support file knows one: commands, tasks that take JSON to Node, and the hook of each page. */
const RUNNER = `
  const commands = {}, hooks = [];
  window.Cypress = { Commands: { add: (name, command) => { commands[name] = command; } } };
  window.cy = {
    task: (name, argument) => window.nodeTask(name, JSON.stringify(argument ?? null)).then(JSON.parse),
    on: (event, hook) => hooks.push(hook),
  };
  window.beforeLoad = (page) => hooks.forEach((hook) => hook(page));
  window.commands = commands;
  addSecurityKeyCommand(window);
`;

let browser: Browser;
let pages: Pages;
let runner: Page;
let tasks: CtaplabTasks;

beforeAll(async () => {
  [browser, pages] = await Promise.all([launchChromium(), servePages()]);
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

beforeEach(async () => {
  tasks = ctaplabTasks();
  runner = await browser.newPage();
  // Cypress puts such a script into the pages of the application.
  await runner.route('**/app', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<script>parent.beforeLoad(window)</script>' }),
  );
  await runner.exposeFunction('nodeTask', async (name: keyof CtaplabTasks, argument: string) => {
    const task = tasks[name] as (argument: unknown) => unknown;
    return JSON.stringify(await task(JSON.parse(argument)));
  });
  await runner.goto(pages.origin);
  const content = `${readFileSync(SUPPORT, 'utf8').replaceAll('export ', '')}\n${RUNNER}`;
  await runner.addScriptTag({ content, type: 'module' });
});
afterEach(async () => {
  await runner.close();
  await tasks['ctaplab:detach']();
});

/** `cy.securityKey(options)` and `cy.visit('/app')`. */
async function visit(options: object): Promise<Frame> {
  await runner.waitForFunction('window.commands?.securityKey');
  await runner.evaluate(`commands.securityKey(${JSON.stringify(options)})`);
  await runner.evaluate(`new Promise((resolve) => {
    const frame = Object.assign(document.createElement('iframe'), { src: '/app', onload: resolve });
    document.body.append(frame);
  })`);
  return runner.frames()[1]!;
}

const outcome = (frame: Frame, promise: string) => frame.evaluate(script.outcome(promise));

describe('the tasks and the command for Cypress', () => {
  it('give the application a key that the test touches, refuses, pulls out and asks', async () => {
    const app = await visit({ touch: 'manual', pin: '2468' });
    const created = outcome(app, script.create('{ authenticatorSelection: { residentKey: "required" } }'));
    expect(await tasks['ctaplab:touch']()).toMatchObject({ operation: 'makeCredential', rpId: 'localhost' });
    expect(await created).toBe('done');
    expect(await tasks['ctaplab:passkeys']()).toMatchObject([{ rpId: 'localhost', userName: 'alice' }]);
    const refused = outcome(app, script.get());
    await tasks['ctaplab:deny']();
    expect(await refused).toBe('NotAllowedError');
    tasks['ctaplab:fail']('SecurityError');
    expect(await outcome(app, script.get())).toBe('SecurityError');
    await tasks['ctaplab:remove']();
    const waiting = outcome(app, script.get());
    await tasks['ctaplab:insert']();
    await tasks['ctaplab:touch']();
    expect(await waiting).toBe('done');
    const conditional = outcome(app, script.get('{}', '{ mediation: "conditional" }'));
    await tasks['ctaplab:autofill']();
    await tasks['ctaplab:touch']();
    expect(await conditional).toBe('done');
  });

  it('call a request off by its signal, and with its page', async () => {
    const app = await visit({ touch: 'manual' });
    await app.evaluate('window.control = new AbortController()');
    const aborted = outcome(app, script.create('{}', '{ signal: control.signal }'));
    await app.evaluate('control.abort()');
    expect(await aborted).toBe('AbortError');
    void outcome(app, script.create()).catch(() => 'gone');
    await expect.poll(() => tasks['ctaplab:pending']()).toHaveLength(1);
    await runner.evaluate('document.querySelector("iframe").remove()');
    await expect.poll(() => tasks['ctaplab:pending']()).toEqual([]);
    const next = await visit({ touch: 'auto' });
    expect(await outcome(next, script.create())).toBe('done');
  });

  it('tell an application that forges its origin nothing but its own', async () => {
    const app = await visit({});
    await app.evaluate('window.origin = "https://example.com"');
    expect(await outcome(app, script.create('{ rp: { id: "example.com", name: "x" } }'))).toBe('SecurityError');
  });

  it('say what is missing', async () => {
    await expect(tasks['ctaplab:touch']()).rejects.toThrow('run the task ctaplab:attach, or cy.securityKey(), first');
    await expect(tasks['ctaplab:attach']({ model: 'none' })).rejects.toThrow(RangeError);
  });
});

describe('the bridge to the key', () => {
  it('opens to its secret alone', async () => {
    const { url, secret } = await tasks['ctaplab:attach']();
    const ask = async (authorization: string, body: string) =>
      (await fetch(url, { method: 'POST', headers: { authorization }, body })).status;
    expect(await ask('Bearer wrong', '{}')).toBe(401);
    expect(await ask(`Bearer ${secret}`, 'no JSON')).toBe(400);
  });
});
