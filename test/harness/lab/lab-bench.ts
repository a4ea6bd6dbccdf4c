/** A lab with its site, as `ctaplab start` puts it together, in this process; and Chromium before it. */
import { mkdir } from 'node:fs/promises';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { Lab, type LabOptions } from '../../../emulator/lab/lab.ts';
import type { LabKey } from '../../../emulator/lab/lab-key.ts';
import { type ControlServer, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { openSiteDoor, type SiteDoor } from '../../../harness/lab/with-key/site-door.ts';
import { type DuoService, startDuoService } from '../../../harness/sites/duo/service.ts';
import { capture, launchChromium } from '../sites/browser-bench.ts';
import { trustSwitch } from '../sites/server-key.ts';

const SCREENSHOTS = new URL('../../../test-results/panel/', import.meta.url);
/** Milliseconds that a question is waited for. */
const PATIENCE = 60_000;

export const WIDE = { width: 1366, height: 900 };
export const NARROW = { width: 360, height: 720 };

export class LabBench {
  readonly lab: Lab;
  readonly control: ControlServer;
  readonly service: DuoService;
  readonly door: SiteDoor;
  readonly browser: Browser;
  /** What should not have happened: defects of the lab, errors of pages, breaches of their content security policy. */
  readonly complaints: string[];
  readonly #contexts: BrowserContext[] = [];

  private constructor(
    { lab, control, service, door, browser }: Pick<LabBench, 'lab' | 'control' | 'service' | 'door' | 'browser'>,
    complaints: string[],
  ) {
    this.lab = lab;
    this.control = control;
    this.service = service;
    this.door = door;
    this.browser = browser;
    this.complaints = complaints;
  }

  static async open(options: Partial<LabOptions> = {}): Promise<LabBench> {
    const complaints: string[] = [];
    const onDefect = (error: unknown) => void complaints.push(String(error));
    const transports = [{ kind: 'udp', port: 0 }] as const;
    const lab = await Lab.open({ model: defaultModel, keys: 1, touch: 'manual', transports, ...options });
    const [control, service] = await Promise.all([serveControlApi(lab, { onDefect }), startDuoService({ onDefect })]);
    const door = await openSiteDoor(service, control);
    lab.links = { site: door.url, dashboard: `${door.url}/dashboard`, mailbox: `${door.url}/mailbox` };
    lab.siteLink = door.link;
    const browser = await launchChromium(await trustSwitch(service));
    return new LabBench({ lab, control, service, door, browser }, complaints);
  }

  key(id = '1'): LabKey {
    const key = this.lab.keys.get(id);
    if (key === undefined) throw new Error(`expected a key ${id} in the lab`);
    return key;
  }

  /** Asks the lab as a program does. @throws Error where it refuses */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { Authorization: `Bearer ${this.control.token}`, 'Content-Type': 'application/json' };
    const response = await fetch(`${this.control.url}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** A tab of a browser of its own, whose errors are complaints. */
  async tab(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: WIDE, ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE);
    context.on('page', (page) => this.#listen(page));
    const page = await context.newPage();
    await page.addInitScript({ content: axe.source });
    return page;
  }

  /** A tab with the panel, by a fresh link. */
  async panel(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.tab(options);
    await page.goto(this.control.panelLink());
    await page.locator('#connection[data-state="open"]').waitFor();
    await page.locator('.key').first().waitFor();
    return page;
  }

  /** Closes all tabs; the lab stays. */
  async closeTabs(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
  }

  async close(): Promise<void> {
    await this.closeTabs();
    await this.browser.close();
    await this.door.close();
    await this.service.close();
    await this.control.close();
    await this.lab.close();
  }

  #listen(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|TrustedHTML/i.test(message.text())) this.complaints.push(message.text());
    });
  }
}

/** Keeps a picture of the page. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await capture(page, new URL(`${name}.png`, SCREENSHOTS).pathname);
}

/** What axe finds wrong, and whether the page is wider than its window. */
export async function faultsOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  const found = violations.map(
    ({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' ')}`,
  );
  const overflow = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  return overflow ? [...found, 'the page is wider than its window'] : found;
}
