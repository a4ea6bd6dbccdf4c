import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, firstLine, MAIN, runCli, spawnCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-exec-'));
  env = environment(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const exec = (...command: string[]) => ['exec', '--transport', 'udp', '--', ...command];
const print = `console.log(JSON.stringify(process.env))`;

/** Rejects where the port is still taken. */
async function bind(device: string): Promise<void> {
  const [host, port] = device.replace('udp:', '').split(':');
  const socket = createSocket('udp4');
  socket.bind(Number(port), host);
  await once(socket, 'listening');
  socket.close();
}

describe('ctaplab exec', () => {
  it('gives the command the lab and the first key, and unplugs after', async () => {
    const { status, stdout, stderr } = await runCli(exec(process.execPath, '-e', print), env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const seen = JSON.parse(stdout);
    expect(seen.CTAPLAB_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(Buffer.from(seen.CTAPLAB_TOKEN, 'base64url')).toHaveLength(32);
    expect(seen.CTAPLAB_DEVICE).toMatch(/^udp:127\.0\.0\.1:\d+$/);
    expect(seen.PATH).toBe(env.PATH);
    await bind(seen.CTAPLAB_DEVICE);
    await expect(fetch(seen.CTAPLAB_URL)).rejects.toThrow();
  });

  it.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -TERM $$', 128 + 15],
    ['kill -KILL $$', 128 + 9],
    ['kill -SEGV $$', 128 + 11],
  ])('passes the status of "%s" on', async (script, status) => {
    const result = await runCli(exec('sh', '-c', script), env);
    expect(result).toEqual({ status, signal: null, stdout: '', stderr: '' });
  });

  it('tells a command that is not there or cannot be run', async () => {
    const missing = await runCli(exec('no-such-command'), env);
    expect(missing.status).toBe(127);
    expect(missing.stderr).toContain('there is no command "no-such-command"');
    const path = join(folder, 'not-executable');
    writeFileSync(path, 'text', { mode: 0o644 });
    const refused = await runCli(exec(path), env);
    expect(refused.status).toBe(126);
    expect(refused.stderr).toContain('EACCES');
  });

  it('hands stdin, stdout and stderr through', async () => {
    const result = await runCli(exec('sh', '-c', 'cat; echo err >&2'), env, 'through and through');
    expect(result).toEqual({ status: 0, signal: null, stdout: 'through and through', stderr: 'err\n' });
  });

  it('has a key that ctaplab itself finds, and leaves no trace of the lab', async () => {
    const { status, stdout } = await runCli(exec(process.execPath, MAIN, 'list', '--json'), env);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ lab: '1', product: 'FIDO2 Security Key' }));
    expect(existsSync(join(folder, 'ctaplab'))).toBe(false);
  });

  it('hands signals to the command, waits for its end, and unplugs', async () => {
    const script = `process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1000); ${print}`;
    const child = spawnCli(exec(process.execPath, '-e', script), env);
    const { CTAPLAB_DEVICE } = JSON.parse(await firstLine(child));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([42, null]);
    await bind(CTAPLAB_DEVICE);
  });

  it('makes several keys by options', async () => {
    const script = `console.log(JSON.stringify(process.env)); fetch(process.env.CTAPLAB_URL + '/keys', {
      headers: { authorization: 'Bearer ' + process.env.CTAPLAB_TOKEN },
    }).then((answer) => answer.text()).then(console.log)`;
    const args = ['exec', '--keys', '3', '--transport', 'udp', '--touch', 'deny', '--', process.execPath, '-e', script];
    const [first, second] = (await runCli(args, env)).stdout.trim().split('\n');
    const { keys } = JSON.parse(second!);
    expect(keys.map((key: { id: string }) => key.id)).toEqual(['1', '2', '3']);
    expect(new Set(keys.flatMap((key: { devices: string[] }) => key.devices)).size).toBe(3);
    expect(keys[0]).toMatchObject({ inserted: true, touch: 'deny', devices: [JSON.parse(first!).CTAPLAB_DEVICE] });
  });

  it('makes the same key twice from one seed, and different ones without', async () => {
    const list = async (...more: string[]) => {
      const args = ['exec', '--transport', 'udp', ...more, '--', process.execPath, MAIN, 'list', '--json'];
      return JSON.parse((await runCli(args, env)).stdout).find((key: { lab?: string }) => key.lab === '1').serialNumber;
    };
    expect(await list('--seed', 'c0ffee')).toBe(await list('--seed', 'C0FFEE'));
    expect(await list('--seed', 'c0ffee')).not.toBe(await list('--seed', 'c0ffef'));
    expect(await list()).not.toBe(await list());
  });
});
