/** Our own verbs on a key in the kernel that might be anybody's: what they ask before, and a reset by hand. */
import { describe, expect, it } from 'vitest';
import { fail, onTerminal, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';

const kernel = await bootKernel();
const lab = await startLab(kernel, '--model', 'ctap2.3-everything', '--touch', 'auto', '--no-site');
const device = `hidraw:${lab.node}`;
const PIN = '735917';
await succeed(kernel, `mkdir -p /tmp/host-management && echo ${PIN} >/tmp/host-management/pin`);

/** A verb that does not see the lab, and so takes its key for a physical one. */
const strange = (words: string) => `env XDG_RUNTIME_DIR=/tmp/no-lab ${CTAPLAB} ${words}`;
/** What libfido2 says of the key. */
const options = () => succeed(kernel, `fido2-token -I ${lab.node} | grep ^options:`);
const pinFile = '--pin-file /tmp/host-management/pin';

describe('a physical key', () => {
  it('gets its PIN by hand, or with --yes', async () => {
    await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${lab.node}`);
    const piped = await fail(kernel, `${strange(`passkeys list ${device} ${pinFile}`)}`);
    expect(piped).toMatchObject({ status: 4, stderr: expect.stringMatching(/would cost .* an attempt\n.*--yes/) });
    expect(await succeed(kernel, strange(`passkeys list ${device} ${pinFile} --yes`))).toMatch(/^0 passkeys/);
    const typed = await succeed(kernel, onTerminal(strange(`passkeys list ${device}`), PIN));
    expect(typed).toMatch(/PIN of .*\/dev\/hidraw.*: [\s\S]*0 passkeys/);
  });

  it('keeps what nobody agrees to change', async () => {
    const refused = await fail(kernel, strange(`config always-uv on ${device} ${pinFile} --json`));
    expect(refused.status).toBe(4);
    expect(JSON.parse(refused.stderr).error).toMatchObject({ code: 'refused', next: expect.stringContaining('--yes') });
    expect(await options()).toMatch(/\bnoalwaysUv\b/);
    const reset = await fail(kernel, strange(`reset ${device}`));
    expect(reset).toMatchObject({ status: 4, stderr: expect.stringMatching(/would be gone for ever\n.*--yes/) });
  });

  it('is reset once it was unplugged and plugged in again', async () => {
    const job = await kernel.spawn(strange(`reset ${device} --yes --json`));
    await job.waitForLine(/"instruction":"Unplug .*\/dev\/hidraw/);
    await lab.ask('POST', '/keys/1/remove');
    await job.waitForLine(/"instruction":"Plug it in again/);
    await lab.ask('POST', '/keys/1/insert');
    const { status, stdout } = await job.ended;
    expect({ status, ...JSON.parse(stdout) }).toEqual({ status: 0, device, reset: true });
    expect(await options()).toMatch(/\bnoclientPin\b/);
  });
});
