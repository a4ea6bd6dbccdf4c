import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Measurement } from '../../../harness/cli/bench/rounds.ts';
import { environment, runCli } from './run-cli.ts';

const quick = ['bench', '--duration', '5', '--rounds', '5'];
const rows = [
  'make-credential',
  'get-assertion',
  'get-assertion-hid',
  'cbor-decode',
  'get-assertion-es384',
  'get-assertion-eddsa',
  'get-assertion-rs256',
  'get-assertion-ml-dsa-44',
  'write-large-blob',
  'site-sign-in',
  'site-sign-in-tls',
];
/** Those that make thousands of credentials or users first. */
const large = [
  'get-assertion-10000',
  'list-credentials-10000',
  'open-store-10000',
  'site-sign-in-100000',
  'lab-touch-1000-keys',
  'lab-events-50-watchers',
  'lab-start-1000-keys',
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function measure(names: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await runCli([...quick, '--json', '--only', ...names], environment(folder));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const measured = JSON.parse(stdout) as Measurement[];
  expect(measured.map((row) => row.name)).toEqual(names);
  for (const row of measured) {
    expect(Object.keys(row)).toEqual(['name', 'perSecond', 'reference', 'referencePerSecond', 'ratio']);
    expect(row.perSecond).toBeGreaterThan(0);
    expect(row.ratio).toBeCloseTo(row.perSecond / row.referencePerSecond);
  }
}

it('bench gives its rows as an array', () => measure(rows));

it.each(large)('measures %s', (name) => measure([name]), 300_000);

it('prints a table, and names its rows where one is unknown', async () => {
  const table = await runCli([...quick, '--only', 'cbor-decode'], environment(folder));
  expect(table.stdout).toMatch(/^name +a second +reference +ratio\ncbor-decode +[\d,]+ +[\d,]+ +\d+\.\d\d +cbor-x/);
  const unknown = await runCli([...quick, '--only', 'nothing'], environment(folder));
  expect(unknown.status).toBe(2);
  for (const name of [...rows, ...large]) expect(unknown.stderr).toContain(name);
});
