/** python-fido2 as a library; what it does and checks is in python/fido2_library.py and python/management.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { report } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { startLab } from './lab.ts';

const kernel = await bootKernel();

describe.each([
  ['fido2_library.py', []],
  ['management.py', ['--model', 'ctap2.3-everything']],
])('python-fido2, %s', async (file, options) => {
  const script = `test/system/python/${file}`;
  const names = [...readFileSync(script, 'utf8').matchAll(/^ {4}def (test_\w+)/gm)].map(([, name]) => name!);
  const lab = await startLab(kernel, '--touch', 'auto', '--no-site', ...options);
  // One interpreter for all: it takes longer to start than its tests.
  const result = await kernel.run(`/usr/bin/python3 ${script}`);
  await lab.stop();

  it.each(names)('%s', (name) => {
    expect(result.stderr, report(result)).toMatch(new RegExp(`^${name} \\(.*\\) \\.\\.\\. ok$`, 'm'));
  });

  it('all of them, and nothing skipped', () => {
    expect(names.length).toBeGreaterThan(0);
    expect(result.stderr, report(result)).toMatch(new RegExp(`^Ran ${names.length} tests in .*\\n\\nOK\\n$`, 'm'));
    expect(result.status).toBe(0);
  });
});
