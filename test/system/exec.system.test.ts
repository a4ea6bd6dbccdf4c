/** `ctaplab exec`: a key in the kernel for as long as a command runs, and no longer. */
import { describe, expect, it } from 'vitest';
import { fail, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB } from './lab.ts';

const kernel = await bootKernel();
const EXEC = `${CTAPLAB} exec`;
const noNode = () => fail(kernel, 'ls /dev/hidraw*');

describe('ctaplab exec', () => {
  it('plugs a key in for the command, tells it where, and passes its status', async () => {
    const result = await kernel.run(`${EXEC} -- sh -c 'echo "$CTAPLAB_DEVICE"; fido2-token -L; exit 7'`);
    expect(result).toMatchObject({ status: 7, stderr: '' });
    const [device, listed] = result.stdout.split('\n');
    expect(device).toMatch(/^hidraw:\/dev\/hidraw\d+$/);
    expect(listed).toMatch(new RegExp(`^${device!.slice('hidraw:'.length)}: vendor=0x349e`));
    await noNode();
  });

  it('unplugs the key when the command is killed, or is told to end', async () => {
    const killed = await kernel.run(`${EXEC} -- sh -c 'test -c "\${CTAPLAB_DEVICE#hidraw:}" && kill -KILL $$'`);
    expect(killed).toMatchObject({ status: 128 + 9, stderr: '' });
    await noNode();

    const job = await kernel.spawn(`exec ${EXEC} -- sh -c 'echo "runs with $CTAPLAB_DEVICE"; exec sleep 1000'`);
    const [, node] = await job.waitForLine(/^runs with hidraw:(.*)$/);
    await succeed(kernel, `test -c ${node}`);
    expect(await job.stop()).toMatchObject({ status: 128 + 15, stderr: '' });
    await noNode();
  });

  it('loses the key with its own process, even when that is killed', async () => {
    const job = await kernel.spawn(`exec ${EXEC} -- sh -c 'echo "runs with $CTAPLAB_DEVICE"; exec sleep 1000'`);
    await job.waitForLine(/^runs with /);
    job.kill('KILL');
    await job.ended;
    await succeed(kernel, 'while ls /dev/hidraw*; do sleep 0.1; done', { timeout: 30 });
  });
});
