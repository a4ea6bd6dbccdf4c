import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobTimeoutError } from '../../scripts/kernel/guest.ts';
import { bootKernel } from './kernel.ts';

const kernel = await bootKernel();

describe('the kernel bench', () => {
  it('brings back output and status of a command', async () => {
    const result = await kernel.run('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ stdout: 'out\n', stderr: 'err\n', status: 3 });
    expect(readFileSync(join(result.folder, 'stdout'), 'utf8')).toBe('out\n');
  });

  it('runs Debian’s own kernel in the current folder, with the environment that was asked for', async () => {
    const { stdout } = await kernel.run('uname -r; pwd; echo "$WORDS"', { env: { WORDS: "it's\n$HOME `id`" } });
    const [release, folder, ...words] = stdout.trimEnd().split('\n');
    expect(release).toMatch(/^\d+\.\d+\.\d+-\d+-amd64$/);
    expect(folder).toBe(process.cwd());
    expect(words).toEqual(["it's", '$HOME `id`']);
  });

  it('tells the signal that ended a command', async () => {
    expect((await kernel.run('kill -SEGV $$')).status).toBe(128 + 11);
  });

  it('has what a virtual key needs of the kernel', async () => {
    const { stdout, status } = await kernel.run(
      'stat -c "%F %a %n" /dev/uhid /dev/uinput && modprobe vhci-hcd && ls -d /sys/devices/platform/vhci_hcd.0 && pidof systemd-udevd',
    );
    expect(stdout).toMatch(/character special file 666 \/dev\/uhid\n.* 666 \/dev\/uinput\n.*vhci_hcd\.0\n\d+/);
    expect(status).toBe(0);
  });

  it('has a loopback network', async () => {
    const server =
      "require('net').createServer((s) => s.end('hello')).listen(4711, '127.0.0.1', () => console.log('up'))";
    const job = await kernel.spawn(`exec node -e "${server}"`);
    await job.waitForLine(/^up$/);
    expect((await kernel.run('cat </dev/tcp/127.0.0.1/4711')).stdout).toBe('hello');
    await job.stop();
    expect((await kernel.run('cat </dev/tcp/127.0.0.1/4711')).status).not.toBe(0);
  });

  it('lets commands run in the background side by side', async () => {
    const first = await kernel.spawn('echo first $$; sleep 1000 & wait');
    const second = await kernel.spawn('echo second; read -r line </tmp/never');
    const [, pid] = await first.waitForLine(/^first (\d+)$/);
    expect((await second.ended).status).not.toBe(0);
    expect(first.running).toBe(true);
    expect((await first.stop()).status).toBe(128 + 15);
    // Its children are gone with it.
    expect((await kernel.run(`kill -0 -- -${pid}`)).stderr).toMatch(/No such process/);
  });

  it('says what a command printed that ended before the awaited line', async () => {
    const job = await kernel.spawn('echo something else');
    await expect(job.waitForLine(/^ready$/)).rejects.toThrow(/ended without one.*something else/s);
  });

  it('hands on output while the command runs', async () => {
    const job = await kernel.spawn('mkfifo /tmp/go; echo one; cat /tmp/go; echo three >&2');
    const seen: string[] = [];
    let answer: Promise<unknown> | undefined;
    await job.follow(
      (data) => {
        seen.push(Buffer.from(data).toString());
        // The command goes on only because its first line arrived here.
        answer ??= kernel.run('echo two >/tmp/go');
      },
      (data) => seen.push(`error: ${Buffer.from(data)}`),
    );
    await answer;
    expect(seen.join('')).toMatch(/^one\ntwo\nerror: three\n$|^one\nerror: three\ntwo\n$/);
  });

  it('ends a hang with its logs kept, and goes on', async () => {
    const hang = kernel.run('echo before the hang; trap "" TERM; while :; do sleep 1; done', { timeout: 3 });
    const error = await hang.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(JobTimeoutError);
    const { message } = error as JobTimeoutError;
    expect(message).toMatch(/expected the command to end within 3 s/);
    expect(message).toMatch(/stdout ends\nbefore the hang/);
    const folder = message.match(/kept in (.*)/)![1]!;
    expect(readFileSync(join(folder, 'stdout'), 'utf8')).toBe('before the hang\n');
    expect(existsSync(join(folder, 'console.log'))).toBe(true);
    expect((await kernel.run('echo on')).stdout).toBe('on\n');
  });

  it('exchanges files of any bytes', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3);
    await kernel.writeFile('/tmp/exchange/a file', bytes, 0o600);
    expect((await kernel.run('stat -c %a "/tmp/exchange/a file"')).stdout).toBe('600\n');
    expect(Buffer.compare(await kernel.readFile('/tmp/exchange/a file'), bytes)).toBe(0);
    await expect(kernel.readFile('/tmp/none')).rejects.toThrow(/\/tmp\/none.*No such file/);
  });

  it('leaves the host’s files alone', async () => {
    const marker = join(process.cwd(), 'test-results', 'written-in-the-guest');
    const { stdout } = await kernel.run(`mkdir -p test-results && echo yes >${marker} && cat ${marker}`);
    expect(stdout).toBe('yes\n');
    expect(existsSync(marker)).toBe(false);
  });
});
