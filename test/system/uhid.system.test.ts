/** Sixteen keys of one process in one kernel. */
import { describe, expect, it } from 'vitest';
import { fail, succeed } from './commands.ts';
import { bootKernel, type Job } from './kernel.ts';

const kernel = await bootKernel();
const COUNT = 16;
const GO = '/tmp/uhid-go';

interface Plugged {
  readonly job: Job;
  /** As /dev/hidraw0. */
  readonly nodes: readonly string[];
}

/** Runs uhid/keys.ts, whose stdin ends when somebody opens the fifo. */
async function plugIn(count: number): Promise<Plugged> {
  await succeed(kernel, `rm -f ${GO}; mkfifo ${GO}`);
  const job = await kernel.spawn(`exec node --import tsx test/system/uhid/keys.ts ${count} < <(exec cat ${GO})`);
  const [line] = await job.waitForLine(/^\{.*\}$/);
  const { devices } = JSON.parse(line) as { devices: string[] };
  return { job, nodes: devices.map((device) => device.replace(/^hidraw:/, '')) };
}

const anyNode = 'ls /dev/hidraw*';

describe('sixteen keys in one process', () => {
  it('are all there, and answer all at once while the process uses its thread pool', async () => {
    const { job, nodes } = await plugIn(COUNT);
    expect(new Set(nodes).size).toBe(COUNT);
    const listed = await succeed(kernel, 'fido2-token -L');
    for (const node of nodes) expect(listed).toContain(`${node}: vendor=0x349e, product=0x0022`);
    const said = await succeed(kernel, `python3 test/system/python/exchange_all.py ${nodes.join(' ')}`);
    expect(said).toBe(`${COUNT} keys answered\n`);

    await succeed(kernel, `: >${GO}`);
    expect(await job.ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^detached$/m) });
    expect((await fail(kernel, anyNode)).stdout).toBe('');
  });

  it('vanish with the process, even when it is killed', async () => {
    const { job, nodes } = await plugIn(COUNT);
    await succeed(kernel, `test -c ${nodes.at(-1)}`);
    job.kill('KILL');
    expect((await job.ended).status).toBe(128 + 9);
    await succeed(kernel, `while ls ${nodes.join(' ')}; do sleep 0.1; done`, { timeout: 30 });
  });
});
