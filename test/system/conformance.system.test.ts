/** The judge over a key in the kernel, with hidraw and uhid between, and a lab that touches and replugs. */
import { describe, expect, it } from 'vitest';
import type { Run } from '../../harness/conformance/result.ts';
import { succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';

const kernel = await bootKernel();

describe('ctaplab conformance', () => {
  it('finds nothing wrong with a key in the kernel, whatever may be tried on it', async () => {
    const lab = await startLab(kernel, '--model', 'token2-r3.3-pin-plus', '--touch', 'auto', '--no-site');
    const device = `hidraw:${lab.node}`;
    const report = await succeed(kernel, `${CTAPLAB} conformance ${device} --allow-reset --yes --json`, {
      timeout: 900,
    });
    const run = JSON.parse(report) as Run;
    const seconds = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
    console.log(`conformance over uhid: ${run.counts.passed} checks passed in ${seconds.toFixed()} s`);
    expect(run.complete).toBe(true);
    expect(run.key).toMatchObject({ virtual: false, carrier: 'hid' });
    expect(run.results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning')).toEqual([]);
    expect(run.results.filter(({ outcome, reason }) => outcome !== 'passed' && reason === undefined)).toEqual([]);
    const tried = new Set(run.results.filter(({ outcome }) => outcome === 'passed').map(({ group }) => group));
    expect([...tried]).toEqual(expect.arrayContaining(['CTAPHID framing', 'authenticatorReset', 'U2F']));
  });
});
