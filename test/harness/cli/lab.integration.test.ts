import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceClient } from '../../../harness/cli/service-client.ts';
import { environment, firstLine, MAIN, runCli, spawnCli } from './run-cli.ts';

interface Ready {
  readonly panel: string;
  readonly pid: number;
  readonly url: string;
  readonly site: string | null;
  readonly siteAccess?: { readonly certificateAuthorityFile: string; readonly passwordFile: string };
  readonly keys: readonly { readonly id: string; readonly serialNumber: string; readonly devices: readonly string[] }[];
}

/** A program that waits for a touch of $TARGET, by the modules beside argv[1]: ends with 0 when touched, with 4 when denied. */
const SELECT = `
  const { dirname, join } = require('node:path');
  const { pathToFileURL } = require('node:url');
  const select = async () => {
    const { openDevice } = await import(pathToFileURL(join(dirname(process.argv[1]), 'devices.js')));
    const { ctap2, close } = await openDevice(process.env.TARGET);
    await ctap2.selection().finally(close);
  };
  select().catch((error) => {
    console.error(error);
    process.exitCode = error.status === 0x27 ? 4 : 1;
  });
`;

let folder: string;
let env: NodeJS.ProcessEnv;
let running: ChildProcessWithoutNullStreams[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-lab-'));
  env = environment(folder);
  running = [];
});
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true });
});

async function start(...args: string[]): Promise<{ child: ChildProcessWithoutNullStreams; ready: Ready }> {
  const child = spawnCli(['start', '--transport', 'udp', '--json', ...args], env);
  running.push(child);
  return { child, ready: JSON.parse(await firstLine(child)) as Ready };
}

async function end(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown[]> {
  child.kill(signal);
  return once(child, 'close');
}

describe('ctaplab start', () => {
  it('says where all is, serves the site, and ends cleanly', async () => {
    const { child, ready } = await start();
    expect(ready).toMatchObject({ pid: child.pid, keys: [{ id: '1', devices: [expect.stringMatching(/^udp:/)] }] });
    const { certificateAuthorityFile, passwordFile } = ready.siteAccess!;
    const visitor = new ServiceClient({
      url: ready.site!,
      certificateAuthority: readFileSync(certificateAuthorityFile, 'utf8'),
    });
    expect(await visitor.get('/portal')).toMatchObject({ status: 200, path: '/sign-in' });
    visitor.close();
    expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
    expect((await fetch(`${ready.url}/health`)).status).toBe(401);
    const [file] = readdirSync(join(folder, 'ctaplab'));
    expect(statSync(join(folder, 'ctaplab', file!)).mode & 0o777).toBe(0o600);
    expect(await end(child)).toEqual([0, null]);
    expect(readdirSync(join(folder, 'ctaplab'))).toEqual([]);
    expect(existsSync(certificateAuthorityFile)).toBe(false);
  });

  it('opens the panel by its link once, and the site with a key from there', async () => {
    const { ready } = await start();
    const code = new URL(ready.panel).hash.slice('#code='.length);
    const redeem = () =>
      fetch(`${ready.url}/panel/session`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ code }),
      });
    const { token } = (await (await redeem()).json()) as { token: string };
    expect((await redeem()).status).toBe(403);
    expect(await (await fetch(`${ready.url}/panel`)).text()).toContain('/panel/main.js');
    const ask = (id: string) =>
      fetch(`${ready.url}/keys/${id}/site-links`, { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    expect((await ask('7')).status).toBe(404);
    const made = await ask('1');
    expect(made.status).toBe(201);
    const { url } = (await made.json()) as { url: string };
    expect(new URL(url).hostname).toBe(new URL(ready.site!).hostname);
    expect(url).toMatch(/^http:\/\/api-[0-9a-f]{8}\.duo\.localhost:\d+\/lab-key\/open\?code=[\w-]{43}$/);
  });

  it('keeps the site with the keys, behaves as another relying party, and never prints its password', async () => {
    const state = join(folder, 'keys');
    const first = await start('--state', state, '--site-profile', 'entra');
    const { passwordFile } = first.ready.siteAccess!;
    expect(passwordFile).toBe(join(state, 'site', 'administrator-password.txt'));
    const password = readFileSync(passwordFile, 'utf8').trim();
    expect(password).toMatch(/^\w{20}$/);
    expect(JSON.stringify(first.ready)).not.toContain(password);
    await end(first.child);
    const second = await start('--state', state);
    expect(new URL(second.ready.site!).hostname).toBe(new URL(first.ready.site!).hostname);
    await end(second.child);
    const wrong = await runCli(['start', '--site-profile', 'nobody'], env);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/duo, entra, okta, github, google/);
  });

  it('takes RADIUS logins where it is told to', async () => {
    const { child, ready } = await start('--radius', '0');
    expect(ready).toMatchObject({ siteAccess: { radius: expect.stringMatching(/^127\.0\.0\.1:\d+$/) } });
    expect(await end(child)).toEqual([0, null]);
    expect(await runCli(['start', '--no-site', '--radius', '0'], env)).toMatchObject({ status: 2 });
  });

  it('ends cleanly on SIGINT too, and runs without the site', async () => {
    const { child, ready } = await start('--no-site');
    expect(ready.site).toBeNull();
    expect(await end(child, 'SIGINT')).toEqual([0, null]);
  });

  it('tells people one line of addresses and what to do next', async () => {
    const child = spawnCli(['start', '--transport', 'udp'], env);
    running.push(child);
    const line = await firstLine(child);
    expect(line).toMatch(
      /^ready {2}site: https:\/\/api-[0-9a-f]{8}\.duo\.localhost:\d+ {2}control: http:\/\/127\.0\.0\.1:\d+ {2}key 1: udp:\S+$/,
    );
    expect(await end(child)).toEqual([0, null]);
  });

  it('never prints its token', async () => {
    const { child } = await start('--touch', 'manual');
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    const [file] = readdirSync(join(folder, 'ctaplab'));
    const { token } = JSON.parse(readFileSync(join(folder, 'ctaplab', file!), 'utf8'));
    await runCli(['touch', '--json'], env);
    await end(child);
    expect(output).not.toContain(token);
  });

  it('takes the ports that it is given, and says when they are taken', async () => {
    const { ready } = await start('--no-site');
    const port = new URL(ready.url).port;
    const second = await runCli(['start', '--transport', 'udp', '--port', port, '--no-site'], env);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/EADDRINUSE.*\n.*another port/);
  });

  it('keeps keys in a folder from one run to the next', async () => {
    const state = join(folder, 'keys');
    const first = await start('--state', state, '--keys', '2', '--no-site');
    await runCli(['pin', 'set', 'lab:2'], env, '123456\n');
    await end(first.child);
    const second = await start('--state', state, '--keys', '2', '--no-site');
    const serials = ({ ready }: { ready: Ready }) => ready.keys.map((key) => key.serialNumber);
    expect(serials(second)).toEqual(serials(first));
    const status = async (key: string) => JSON.parse((await runCli(['pin', 'status', key, '--json'], env)).stdout);
    expect(await status('lab:1')).toMatchObject({ set: false });
    expect(await status('lab:2')).toMatchObject({ set: true, retries: 8 });
  });
});

describe('verbs against a running lab', () => {
  it('lists its keys', async () => {
    const { ready } = await start('--keys', '2', '--no-site');
    const { status, stdout } = await runCli(['list', '--json'], env);
    expect(status).toBe(0);
    const listed = JSON.parse(stdout).filter((key: { lab?: string }) => key.lab !== undefined);
    expect(listed.map((key: { device: string }) => key.device)).toEqual(ready.keys.flatMap((key) => key.devices));
    const table = (await runCli(['list'], env)).stdout;
    for (const key of ready.keys)
      expect(table).toMatch(new RegExp(`${key.devices[0]} .*${key.serialNumber} .*lab:${key.id}`));
  });

  it('tells what a key says of itself, by every name of it', async () => {
    const { ready } = await start('--no-site');
    const [key] = ready.keys;
    for (const name of [key!.devices[0]!, 'lab:1', key!.serialNumber]) {
      const { status, stdout, stderr } = await runCli(['info', name, '--json'], env);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const said = JSON.parse(stdout);
      expect(said.device).toBe(key!.devices[0]);
      expect(said.hid.capabilities).toContain('CBOR');
      expect(said.info).toMatchObject({
        aaguid: 'ab32f0c6-2239-afbb-c470-d2ef4e254db7',
        versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'],
        options: { clientPin: false, rk: true },
      });
    }
    const { stdout } = await runCli(['info', 'lab:1'], env);
    expect(stdout).toMatch(/options\.clientPin +false +takes a PIN; none is set/);
    expect(stdout).toMatch(/algorithms\[0\] +-7 +ES256/);
  });

  it('finds the lab by the environment too', async () => {
    const { ready } = await start('--no-site');
    const [file] = readdirSync(join(folder, 'ctaplab'));
    const { token } = JSON.parse(readFileSync(join(folder, 'ctaplab', file!), 'utf8'));
    const elsewhere = { ...env, XDG_RUNTIME_DIR: join(folder, 'elsewhere') };
    expect((await runCli(['info', 'lab:1'], elsewhere)).status).toBe(3);
    const told = { ...elsewhere, CTAPLAB_URL: ready.url, CTAPLAB_TOKEN: token };
    expect((await runCli(['info', 'lab:1'], told)).status).toBe(0);
    const wrong = await runCli(['info', 'lab:1'], { ...told, CTAPLAB_TOKEN: 'wrong' });
    expect(wrong.status).toBe(4);
  });

  it('asks which lab is meant where several run', async () => {
    await start('--no-site');
    await start('--no-site');
    const { status, stderr } = await runCli(['touch'], env);
    expect(status).toBe(2);
    expect(stderr).toContain('several labs run');
  });

  it('names keys that are not there', async () => {
    await start('--no-site');
    const missing = await runCli(['info', 'lab:9', '--json'], env);
    expect(missing.status).toBe(3);
    expect(JSON.parse(missing.stderr).error.message).toContain('there is no key "9"');
    const silent = await runCli(['info', 'udp:127.0.0.1:9'], env);
    expect([3, 5]).toContain(silent.status);
    expect((await runCli(['info', '99999999999'], env)).status).toBe(3);
  });

  it.each([
    ['touch', [], 0, 'touched'],
    ['refuse', ['--deny'], 4, 'denied'],
  ])('can %s what another program waits for', async (_, flags, status, answer) => {
    await start('--touch', 'manual', '--no-site');
    // A selection asks for nothing but a touch.
    const asking = runCli(['exec', '--transport', 'udp', '--', process.execPath, '-e', SELECT, MAIN], {
      ...env,
      TARGET: await deviceOf('1'),
    });
    const touched = await runCli(['touch', '--wait', '60000', '--json', ...flags], env);
    expect(touched.stderr).toBe('');
    expect(JSON.parse(touched.stdout)).toMatchObject({ key: '1', answer, request: { operation: 'selection' } });
    expect((await asking).status).toBe(status);
  });

  it('says when nothing asked in time', async () => {
    await start('--touch', 'manual', '--no-site');
    const late = await runCli(['touch', '--wait', '1'], env);
    expect(late.status).toBe(5);
    const idle = await runCli(['touch'], env);
    expect(idle.status).toBe(1);
    expect(idle.stderr).toContain('it asks for no touch now');
  });
});

async function deviceOf(lab: string): Promise<string> {
  const { stdout } = await runCli(['list', '--json'], env);
  return JSON.parse(stdout).find((key: { lab?: string }) => key.lab === lab).device;
}
