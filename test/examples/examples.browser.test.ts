/** The examples whose runner is another program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Runs a program of Node to its end. */
async function run(file: string, args: readonly string[]): Promise<{ status: unknown; output: string }> {
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, output: output + errors };
}

const PLAYWRIGHT = 'node_modules/@playwright/test/cli.js';

describe('the example for @playwright/test', () => {
  it('passes in its runner', async () => {
    const config = 'test/examples/playwright/playwright.config.ts';
    expect(await run(PLAYWRIGHT, ['test', '-c', config])).toMatchObject({
      status: 0,
      output: expect.stringContaining('3 passed'),
    });
  });
});

describe('the example for exec', () => {
  it('passes with the key that exec plugs in, and exec passes its status on', async () => {
    const exec = ['exec', '--transport', 'udp', '--touch', 'manual', '--'];
    const command = ['node', PLAYWRIGHT, 'test', '-c', 'test/examples/exec/playwright.config.ts'];
    expect(await run('dist/harness/cli/main.js', [...exec, ...command])).toMatchObject({
      status: 0,
      output: expect.stringContaining('1 passed'),
    });
  });
});
