/** The Web Platform Tests for WebAuthn, in each browser: a second opinion of what a page may expect. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumAlone, chromiumInPage, firefoxInPage, type TestBrowser, webkitInPage } from './browsers.ts';
import { type Column, knownToFail, leftOut } from './known.ts';
import { runTest } from './run.ts';
import { listTests, startTestServer, type TestServer, testsFolder } from './server.ts';

const COLUMNS: readonly (readonly [Column, () => Promise<TestBrowser>])[] = [
  ['Chromium alone', chromiumAlone],
  ['Chromium, in-page', chromiumInPage],
  ['Firefox, in-page', firefoxInPage],
  ['WebKit, in-page', webkitInPage],
];

const folder = testsFolder();
if (folder === undefined) console.log('Web Platform Tests: skipped, they are not there; scripts/setup brings them');
const files = folder === undefined ? ['scripts/setup has to bring them first'] : await listTests(folder);
let server: TestServer;
beforeAll(async () => {
  if (folder !== undefined) server = await startTestServer(folder);
});
afterAll(() => server?.close());

describe.skipIf(folder === undefined).each(COLUMNS)('Web Platform Tests: %s', (column, open) => {
  let browser: TestBrowser;
  const sum = { passed: 0, all: 0 };
  beforeAll(async () => {
    browser = await open();
  });
  afterAll(async () => {
    await browser?.close();
    console.log(`Web Platform Tests: ${column}: ${sum.passed} of ${sum.all} subtests pass`);
  });

  it.each(files.filter((file) => leftOut(file, column) === undefined))('%s', async (file) => {
    const results = await runTest(browser, server.urlOf(file));
    const failed = [...results].filter(([, { status }]) => status !== 'PASS');
    sum.all += results.size;
    sum.passed += results.size - failed.length;
    expect(results.size).toBeGreaterThan(0);
    const unknown = failed.filter(([name]) => !knownToFail(file, column).includes(name));
    expect(Object.fromEntries(unknown)).toEqual({});
    // One that passes by now has no business in the list.
    expect(failed.map(([name]) => name).sort()).toEqual(knownToFail(file, column).sort());
  });
});
