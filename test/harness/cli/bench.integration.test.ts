import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Measurement } from '../../../harness/cli/bench/rounds.ts';
import { environment, runCli } from './run-cli.ts';

const quick = ['bench', '--duration', '5', '--rounds', '5'];

it('bench gives its rows as an array, and as a table', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctaplab-bench-'));
  try {
    const env = environment(folder);
    const { status, stdout, stderr } = await runCli([...quick, '--json'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const rows = JSON.parse(stdout) as Measurement[];
    const names = [
      'make-credential',
      'get-assertion',
      'get-assertion-hid',
      'cbor-decode',
      'get-assertion-10000',
      'get-assertion-es384',
      'get-assertion-eddsa',
      'get-assertion-rs256',
      'get-assertion-ml-dsa-44',
      'list-credentials-10000',
      'open-store-10000',
      'write-large-blob',
    ];
    expect(rows.map((row) => row.name)).toEqual(names);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['name', 'perSecond', 'reference', 'referencePerSecond', 'ratio']);
      expect(row.perSecond).toBeGreaterThan(0);
      expect(row.ratio).toBeCloseTo(row.perSecond / row.referencePerSecond);
    }
    const table = await runCli([...quick, '--only', 'cbor-decode'], env);
    expect(table.stdout).toMatch(/^name +a second +reference +ratio\ncbor-decode +[\d,]+ +[\d,]+ +\d+\.\d\d +cbor-x/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
