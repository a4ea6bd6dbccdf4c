/** The judge over a key in the kernel: hidraw and uhid between, every check that such a key allows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../harness/conformance/result.ts';
import { succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';

const kernel = await bootKernel();
/** Seconds: what the issue of a key may take that a person waits for. */
const LIMIT = 300;

describe('ctaplab conformance over a key in the kernel', () => {
  it('finds nothing wrong, in less than five minutes', async () => {
    const lab = await startLab(kernel, '--model', 'token2-r3.3-pin-plus', '--touch', 'auto', '--no-site');
    const report = '/tmp/conformance.json';
    await succeed(kernel, `${CTAPLAB} conformance hidraw:${lab.node} --allow-reset --yes --report ${report}`, {
      timeout: 600,
    });
    const run = JSON.parse(await succeed(kernel, `cat ${report}`)) as Run;
    expect(run.counts.passed).toBeGreaterThan(300);
  });
});
