/** The pages of reports in Chromium, from a file, as people open them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compareRuns } from '../../../../harness/conformance/report/compare.ts';
import { comparePage } from '../../../../harness/conformance/report/compare-page.ts';
import { runPage } from '../../../../harness/conformance/report/run-page.ts';
import type { Run } from '../../../../harness/conformance/result.ts';
import { launchChromium } from '../../browsers/chromium.ts';
import { exampleRun, HOSTILE, hostileRun } from './example-run.ts';

let browser: Browser;
let folder: string;
let page: Page;
let complaints: string[];
beforeAll(async () => {
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-pages-'));
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  complaints = [];
});
afterEach(async () => {
  await page.context().close();
  expect(complaints).toEqual([]);
});

interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly javaScriptEnabled?: boolean;
}

async function show(content: string, { colorScheme = 'light', width = 1200, javaScriptEnabled = true }: Look = {}) {
  const file = join(folder, 'report.html');
  writeFileSync(file, content);
  const context = await browser.newContext({ colorScheme, javaScriptEnabled, viewport: { width, height: 900 } });
  page = await context.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
}

async function expectAccessible(): Promise<void> {
  for (const details of await page.locator('details').all())
    await details.evaluate((node) => node.setAttribute('open', ''));
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  const overflow = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect(overflow, 'wider than its window').toBe(false);
}

const LONG_WORD = 'getPinUvAuthTokenUsingPinWithPermissionsAndMore';
/** A few checks of each outcome, for each is looked at node by node, and one in words that do not fit a narrow page. */
function brief(run: Run): Run {
  const chosen = (outcome: string) => run.results.filter((result) => result.outcome === outcome).slice(0, 4);
  const results = [...new Set(run.results.map(({ outcome }) => outcome))].flatMap(chosen);
  const long = { id: `clientPin.${LONG_WORD}`, statement: `${LONG_WORD} succeeds.` };
  return { ...run, results: [{ ...results[0]!, ...long }, ...results] };
}

const shown = () => page.locator('.check:visible');

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each([1200, 380])('the report of a run can be read by everybody, %i pixels wide', async (width) => {
    await show(await runPage(brief(await exampleRun(['ping-seven-bits']))), { colorScheme, width });
    await expectAccessible();
  });

  it('so can a comparison', async () => {
    const [good, bad] = [await exampleRun(), await exampleRun(['ping-seven-bits'])];
    await show(await comparePage(compareRuns(good, bad)), { colorScheme });
    await expectAccessible();
  });
});

it('shows what is chosen: by outcome without a script, and by words with one', async () => {
  const content = await runPage(hostileRun());
  await show(content, { javaScriptEnabled: false });
  await expect.poll(() => shown().count()).toBe(4);
  await page.getByRole('checkbox', { name: /^not applicable/ }).check();
  await page.getByRole('checkbox', { name: /^passed/ }).uncheck();
  expect(await shown().locator('.id').allTextContents()).not.toContain('example.passed');
  expect(await shown().count()).toBe(4);
  expect(await page.getByRole('searchbox').isVisible()).toBe(false);
  await page.context().close();

  await show(content);
  await page.getByRole('searchbox').fill('something EXAMPLE.failed');
  expect(await shown().locator('.id').allTextContents()).toEqual(['example.failed']);
  await page.getByRole('searchbox').fill('');
  expect(await shown().count()).toBe(4);
});

it('shows the exchange of a failed check at once, and its bytes when asked', async () => {
  await show(await runPage(await exampleRun(['ping-seven-bits'])));
  const check = page.locator('.check.failed');
  await expect.poll(() => check.getByText('CTAPHID_PING', { exact: true }).first().isVisible()).toBe(true);
  const bytes = check.locator('.exchange details').first();
  expect(await bytes.locator('pre').isVisible()).toBe(false);
  await bytes.locator('summary').click();
  expect(await bytes.locator('pre').textContent()).toMatch(/^[0-9a-f]{8} [0-9a-f]{8}$/);
});

it('shows text of a key as text', async () => {
  await show(await runPage(hostileRun()));
  expect(await page.title()).toContain('Conformance of </script>');
  expect(await page.locator('h1').textContent()).toContain("document.title='owned'");
  expect(await page.locator('img').count()).toBe(0);
  expect(HOSTILE).toContain('<img');
});
