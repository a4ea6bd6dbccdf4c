import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../../harness/cli/bench/rounds.ts';
import { environment, runCli } from './run-cli.ts';

const rows = ['page-sign-in', 'page-echo', 'browserless-sign-in'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bench = (more: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCli(['bench', '--duration', '5', '--rounds', '5', '--json', ...more], environment(folder, env));

describe('ctaplab bench in Chromium', () => {
  it('measures pages beside Chromium’s own authenticator, and beside no browser', async () => {
    const { status, stdout, stderr } = await bench(['--only', ...rows]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const measured = JSON.parse(stdout) as Measurement[];
    expect(measured.map(({ name }) => name)).toEqual(rows);
    for (const row of measured) expect(row.ratio).toBeCloseTo(row.perSecond / row.referencePerSecond);
  });

  it('leaves the rows out, with a line, where there is no Chromium', async () => {
    const { status, stdout, stderr } = await bench(['--only', 'page-start'], { CTAPLAB_CHROMIUM: '/none' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '[]\n' });
    expect(stderr).toBe('skipped page-start: no Chromium at /none\n');
  });
});
