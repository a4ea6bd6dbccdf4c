/** Reports of a run: what is in them, and that others can read them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse as parseJunit } from 'junit2json';
import pc from 'picocolors';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compareRuns } from '../../../../harness/conformance/report/compare.ts';
import { comparePage } from '../../../../harness/conformance/report/compare-page.ts';
import { escapeXml, junitXml } from '../../../../harness/conformance/report/junit.ts';
import { runPage } from '../../../../harness/conformance/report/run-page.ts';
import { readRun, runSchema } from '../../../../harness/conformance/report/run-schema.ts';
import { countsText, terminalLines } from '../../../../harness/conformance/report/terminal.ts';
import type { Run } from '../../../../harness/conformance/result.ts';
import { exampleRun, HOSTILE, hostileRun } from './example-run.ts';

let good: Run;
let bad: Run;
beforeAll(async () => {
  good = await exampleRun();
  bad = await exampleRun(['ping-seven-bits', 'get-info-trailing-byte']);
});

const failed = (run: Run) => run.results.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);

describe('the JSON report', () => {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(runSchema);

  it.each([
    ['of a good key', () => good],
    ['of a bad key', () => bad],
    ['with one check of each outcome', hostileRun],
  ])('fits its schema: %s', (_, run) => {
    validate(JSON.parse(JSON.stringify(run())));
    expect(validate.errors).toBeNull();
  });

  it.each([
    ['another format', { format: 'junit' }],
    ['a member too many', { colour: 'green' }],
    ['an outcome that is none', { results: [{ outcome: 'fine' }] }],
    ['no counts', { counts: undefined }],
  ])('does not fit with %s', (_, change) => {
    expect(validate(JSON.parse(JSON.stringify({ ...good, ...change })))).toBe(false);
  });

  describe('read again', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ctaplab-report-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const file = (content: string) => {
      const path = join(folder, 'run.json');
      writeFileSync(path, content);
      return path;
    };

    it('is the same', () => {
      expect(readRun(file(JSON.stringify(bad)))).toEqual(JSON.parse(JSON.stringify(bad)));
    });

    it('says what is wrong with a file that is no report', () => {
      expect(() => readRun(file('<xml/>'))).toThrow(/run\.json: expected a report in JSON, got something else/);
      const { counts, ...rest } = good;
      expect(() => readRun(file(JSON.stringify(rest)))).toThrow(/expected a report, but .* 'counts'/);
    });
  });
});

describe('the JUnit report', () => {
  it('has each check as a case of its suite, and failures with their reasons', async () => {
    const read = await parseJunit(junitXml(bad));
    expect(read).toMatchObject({ tests: bad.results.length, failures: 2, errors: 0 });
    const suites = read && 'testsuite' in read ? (read.testsuite ?? []) : [];
    expect(suites.map(({ name }) => name)).toEqual(['authenticatorGetInfo', 'CTAPHID framing']);
    const cases = suites.flatMap((suite) => suite.testcase ?? []);
    expect(cases.map(({ name }) => name)).toEqual(bad.results.map(({ id }) => id));
    const failures = cases.filter((testCase) => testCase.failure !== undefined);
    expect(failures.map(({ name }) => name)).toEqual(failed(bad));
    const reason = bad.results.find(({ outcome }) => outcome === 'failed')?.reason;
    expect(failures[0]?.failure?.[0]).toMatchObject({ message: reason, inner: expect.stringContaining(reason!) });
    const skipped = bad.results.filter(({ outcome }) => outcome === 'not-applicable' || outcome === 'not-run').length;
    expect(cases.filter((testCase) => testCase.skipped !== undefined).length).toBe(skipped);
  });

  it('carries hostile names unharmed, but for what XML has no place for', async () => {
    const read = await parseJunit(junitXml(hostileRun()));
    const [suite] = (read && 'testsuite' in read ? read.testsuite : []) ?? [];
    const product = suite?.properties?.find(({ name }) => name === 'product')?.value;
    expect(product).toBe(HOSTILE.replaceAll('\0', '\ufffd').replace('\u001b', '\ufffd').replace('\ud800', '\ufffd'));
    const outcomes = suite?.testcase?.map((one) => [one.failure, one.skipped].map((part) => part !== undefined));
    expect(outcomes).toEqual([
      [false, false],
      [true, false],
      [false, false],
      [false, true],
      [false, true],
    ]);
  });

  it('escapes each character that means something', () => {
    expect(escapeXml('<a href="x">\n\'&\u0007\u{1f511}')).toBe(
      '&lt;a href=&quot;x&quot;&gt;&#10;&apos;&amp;\ufffd\u{1f511}',
    );
  });
});

describe('the page', () => {
  it('has each check with its rule, and the exchange by the names of the specification', async () => {
    const text = await runPage(bad);
    for (const { id, section } of bad.results) {
      expect(text).toContain(`id="${id}"`);
      expect(text).toContain(section);
    }
    expect(text).toContain('2 of ');
    expect(text).toContain('authenticatorGetInfo');
    expect(await runPage(good)).toContain('versions: U2F_V2, FIDO_2_0');
  });

  const shown = (text: string, id: string) =>
    new RegExp(`id="${id}"[^]*?(?=<details class="check|<footer)`).exec(text)?.[0] ?? '';

  it('shows all of a failed check, to the bytes, and of others enough', async () => {
    const text = await runPage(bad);
    const whole = bad.results.filter(({ id }) => /\d+ bytes<\/summary>/.test(shown(text, id)));
    expect(whole.map(({ id }) => id)).toEqual(failed(bad));
  });

  it('shows once what the key says again and again', async () => {
    const text = await runPage(good);
    expect(shown(text, 'getInfo.canonical')).toContain('versions: U2F_V2, FIDO_2_0');
    expect(shown(text, 'getInfo.versions.type')).toContain('<a href="#getInfo.canonical">as in getInfo.canonical</a>');
  });

  it('takes nothing from elsewhere, and lets nothing run but its own script', async () => {
    const text = await runPage(bad);
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^;]+'; script-src 'sha256-[^;]+'; base-uri 'none'/);
    expect(text).not.toMatch(/https?:|<link|<iframe| style=| on[a-z]+=/);
  });

  it('escapes what a key says', async () => {
    const text = await runPage(hostileRun());
    expect(text).not.toContain('<img');
    expect(text.split('</script>').length).toBe(2);
  });
});

describe('the terminal', () => {
  it('tells failures with their reasons, and the sums', () => {
    const lines = terminalLines(bad, pc.createColors(false), (text) => text);
    expect(lines.at(-1)).toBe(countsText(bad.counts));
    for (const id of failed(bad)) expect(lines.join('\n')).toContain(`FAILED   ${id}`);
    expect(countsText(bad.counts)).toMatch(/^\d+ passed, 2 failed/);
  });

  it('shows nothing that a key says as it is', () => {
    const lines = terminalLines(hostileRun(), pc.createColors(false), (text) => text.replace(/\p{C}/gu, '?'));
    expect(lines.join('\n')).not.toContain('\u001b');
    expect(lines.at(-1)).toBe('The run is not complete.');
  });
});

describe('a comparison', () => {
  it('tells what broke and what was fixed', () => {
    const broken = compareRuns(good, bad);
    expect(broken.counts).toMatchObject({ broken: 2, fixed: 0, same: good.results.length - 2 });
    expect(broken.changes.map(({ id, kind }) => [id, kind])).toEqual(failed(bad).map((id) => [id, 'broken']));
    expect(broken.changes[0]).toMatchObject({ before: 'passed', after: 'failed', reasonAfter: expect.any(String) });
    expect(compareRuns(bad, good).counts).toMatchObject({ broken: 0, fixed: 2 });
    expect(compareRuns(bad, bad)).toMatchObject({ changes: [], stillFailing: failed(bad) });
  });

  it('knows checks that one run has alone, and such as came to apply', () => {
    const [first, ...rest] = good.results;
    const fewer = { ...good, results: rest };
    expect(compareRuns(fewer, good).changes).toMatchObject([
      { id: first?.id, kind: 'other', before: null, after: 'passed' },
    ]);
    expect(compareRuns(good, fewer).changes).toMatchObject([
      { id: first?.id, kind: 'other', before: 'passed', after: null },
    ]);
    const ruledOut = { ...good, results: [{ ...first!, outcome: 'not-applicable' as const, reason: 'r' }, ...rest] };
    expect(compareRuns(ruledOut, good).changes).toMatchObject([{ kind: 'other', reasonBefore: 'r' }]);
    expect(compareRuns(ruledOut, bad).changes[0]).toMatchObject({ kind: 'broken' });
  });

  it('is a page', async () => {
    const text = await comparePage(compareRuns(good, bad));
    expect(text).toContain('2 broken, 0 fixed');
    for (const id of failed(bad)) expect(text).toContain(id);
  });
});
