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

describe('the example for @playwright/test', () => {
  it('passes in its runner', async () => {
    const config = 'test/examples/playwright/playwright.config.ts';
    expect(await run('node_modules/@playwright/test/cli.js', ['test', '-c', config])).toMatchObject({
      status: 0,
      output: expect.stringContaining('3 passed'),
    });
  });
});
