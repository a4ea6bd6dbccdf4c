/**
 * A person in front of a browser, with one key in its kernel's port and the site open: what both browsers are put
 * through. Runs as a program in the guest and prints each step as a line of JSON, which the tests judge.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../../emulator/lab/lab.ts';
import type { LabKey } from '../../../emulator/lab/lab-key.ts';
import { serveControlApi } from '../../../emulator/lab/server.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { type DuoSite, type DuoSiteOptions, startDuoSite } from '../../../harness/sites/duo/index.ts';

/** Milliseconds for anything a browser does: an emulated machine is slow, and may have to share. */
export const PATIENCE = 300_000;

/** Milliseconds between looks at the page and at the browser's dialogs. Waiting frame by frame, as both libraries do, leaves an emulated processor no time. */
const LOOK_INTERVAL = 500;

/** What Playwright's and Puppeteer's pages have in common. */
export interface BrowserPage {
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  locator(selector: string): { fill(text: string): Promise<void> };
  evaluate(expression: string): Promise<unknown>;
}

/** The outcome of {@link Visit.runInPage}, as the test reads it. */
export interface PageStep extends Pick<Step, 'step' | 'asked' | 'dialogs'> {
  readonly value?: unknown;
  readonly error?: string;
}

/** The browser's own dialogs, which stand between the page and the key. */
export interface BrowserDialogs {
  /** Looks at what is open, and does what a person must do about it. Returns what it says. */
  attend(): Promise<readonly string[]>;
}

/** What the page shows once a ceremony has ended. */
export interface Shown {
  readonly path: string;
  readonly heading: string;
  readonly text: string;
  /** The page's message of what failed: `error` is the name of the DOMException that the browser threw. */
  readonly alert: { readonly code: string; readonly title: string; readonly error: string | null } | null;
}

/** One step, as the test reads it. */
export interface Step extends Shown {
  readonly step: string;
  /** The questions that the key put to its user meanwhile, as "makeCredential localhost alice". */
  readonly asked: readonly string[];
  /** What the browser's own dialogs said. */
  readonly dialogs: readonly string[];
  /** The site's own verdicts meanwhile, as "registration accepted". */
  readonly site: readonly string[];
}

const READ = `(() => {
  const visible = (selector) => [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());
  const alert = visible('#alert');
  return {
    path: location.pathname,
    heading: visible('h1')?.textContent ?? '',
    text: visible('main')?.innerText ?? '',
    alert: alert ? {
      code: alert.dataset.code,
      title: alert.querySelector('#alert-title').textContent,
      error: alert.dataset.error ?? null,
    } : null,
  };
})()`;

/** Whether the page has an element like `selector`. */
const has = (selector: string) => `document.querySelector(${JSON.stringify(selector)}) !== null`;

export class Visit {
  readonly key: LabKey;
  readonly #lab: Lab;
  readonly page: BrowserPage;
  readonly #dialogs: BrowserDialogs;
  readonly #sites: DuoSite[] = [];
  readonly #verdicts: string[] = [];
  /** How the person answers the key. */
  finger: 'touch' | 'deny' = 'touch';
  #asked: string[] = [];

  private constructor(lab: Lab, page: BrowserPage, dialogs: BrowserDialogs) {
    const [key] = lab.keys.values();
    if (key === undefined) throw new Error('expected a lab with a key');
    this.#lab = lab;
    this.key = key;
    this.page = page;
    this.#dialogs = dialogs;
    const { manual } = key.presence;
    manual.onChange(() => {
      const [question] = manual.pending;
      if (question === undefined) return;
      const { operation, rpId, userName } = question.request;
      this.#asked.push([operation, rpId, userName].filter((word) => word !== undefined).join(' '));
      // The question is answered after whoever put it has returned, as a person would.
      setImmediate(() => (this.finger === 'touch' ? manual.touch() : manual.deny()));
    });
  }

  /** Plugs the key into the kernel. */
  static async begin(page: BrowserPage, dialogs: BrowserDialogs): Promise<Visit> {
    const model = findModel('token2-r3');
    const lab = await Lab.open({ model, keys: 1, touch: 'manual', transports: [{ kind: 'uhid' }] });
    return new Visit(lab, page, dialogs);
  }

  /** Opens a site of its own; ceremonies may take as long as the machine is slow. */
  async openSite(options: DuoSiteOptions = {}): Promise<DuoSite> {
    const site = await startDuoSite({
      timeout: PATIENCE,
      onEvent: ({ type, accepted, reason }) =>
        this.#verdicts.push(`${type} ${accepted ? 'accepted' : `refused: ${reason}`}`),
      ...options,
    });
    this.#sites.push(site);
    return site;
  }

  /** Goes to a page, and waits until it has an element like `selector`. */
  async open(url: string, selector: string): Promise<void> {
    await this.page.goto(url);
    await this.wait(selector);
  }

  /** Waits until the page has an element like `selector`. */
  async wait(selector: string): Promise<void> {
    await this.#wait(has(selector));
  }

  /** Adds the key to an account: from the first page to the outcome. */
  async enroll(step: string, site: DuoSite, username?: string): Promise<void> {
    await this.open(`${site.url}/enroll`, '#enroll[data-ready]');
    if (username !== undefined) await this.page.locator('#username').fill(username);
    await this.page.click('#get-started');
    await this.page.click('#method-security-key');
    await this.page.click('#continue');
    await this.tellOutcome(step, '[data-step="done"]:not([hidden]), #alert:not([hidden])');
  }

  /** Signs in to an account, or tries to. */
  async signIn(step: string, site: DuoSite, username: string): Promise<void> {
    await this.open(`${site.url}/sign-in`, '#sign-in-card[data-ready]');
    await this.page.locator('#username').fill(username);
    await this.page.click('#sign-in');
    await this.tellOutcome(step, '#account-name, #alert:not([hidden])');
  }

  /**
   * Lets the page run a ceremony that the site has no button for: `script` is an expression that gives a promise.
   * What that comes to, or the name of its error, is the step's `value`.
   */
  async runInPage(step: string, script: string): Promise<void> {
    await this.page.evaluate(
      `(${script}).then((value) => { window.outcome = { value }; }, (error) => { window.outcome = { error: String(error) }; }); 0`,
    );
    const dialogs = await this.#attendUntil('window.outcome !== undefined');
    const outcome = await this.page.evaluate('(({ outcome }) => { delete window.outcome; return outcome; })(window)');
    this.tell(step, { ...(outcome as object), asked: this.takeAsked(), dialogs });
  }

  async signOut(): Promise<void> {
    await this.page.click('#sign-out');
    await this.wait('#sign-in-card[data-ready]');
  }

  /** The questions that the key has put to its user since it was last asked, as "makeCredential localhost alice". */
  takeAsked(): string[] {
    return this.#asked.splice(0);
  }

  /** Whether the key has asked its user for anything in this step. */
  get wasAsked(): boolean {
    return this.#asked.length > 0;
  }

  /** Touches the key by the lab's control API while the key asks for nothing: it types. */
  async press(): Promise<void> {
    const control = await serveControlApi(this.#lab, { onDefect: console.error });
    const headers = { authorization: `Bearer ${control.token}` };
    const answer = await fetch(`${control.url}/keys/${this.key.id}/touch`, { method: 'POST', headers });
    if (!answer.ok) throw new Error(`expected the touch to type, got ${answer.status} ${await answer.text()}`);
    await control.close();
  }

  /** Tells of something else than a ceremony. */
  tell(step: string, seen: object): void {
    process.stdout.write(`${JSON.stringify({ step, ...seen })}\n`);
  }

  async end(): Promise<void> {
    for (const site of this.#sites) await site.close();
    await this.#lab.close();
  }

  /** Attends to the browser's dialogs until the page has an element like `selector`, and tells what came of it. */
  async tellOutcome(step: string, selector: string): Promise<void> {
    const dialogs = await this.#attendUntil(has(selector));
    const shown = (await this.page.evaluate(READ)) as Shown;
    const asked = this.takeAsked();
    const site = this.#verdicts.splice(0);
    this.tell(step, { ...shown, asked, dialogs, site } satisfies Omit<Step, 'step'>);
  }

  /** Attends to the browser's dialogs until `expression` is true in the page; returns what they said. */
  async #attendUntil(expression: string): Promise<readonly string[]> {
    const dialogs = new Set<string>();
    try {
      await this.#wait(expression, async () => {
        for (const text of await this.#dialogs.attend()) dialogs.add(text);
      });
    } catch (error) {
      throw new Error(`the browser said: ${[...dialogs].join(' | ') || 'nothing'}`, { cause: error });
    }
    return [...dialogs];
  }

  /** Waits until `expression` is true in the page, and does something meanwhile. */
  async #wait(expression: string, meanwhile?: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      // While the page changes to the next one, there is nothing to ask: both libraries fail then.
      const found = await this.page.evaluate(expression).catch((error: unknown) => error);
      if (found === true) return;
      if (performance.now() > deadline)
        throw new Error(`expected this to come true in the page: ${expression}`, { cause: found });
      await meanwhile?.();
      await sleep(LOOK_INTERVAL);
    }
  }
}
