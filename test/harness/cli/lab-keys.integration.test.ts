/** Several keys of a running lab: watched, told apart by a touch, and their traffic live. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraffic } from '../../../ctap/trace/capture/read-capture.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import { LabClient } from '../../../harness/lab/lab-client.ts';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
let lab: ChildProcessWithoutNullStreams;
let client: LabClient;
let devices: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-keys-'));
  env = environment(folder);
  const options = ['--transport', 'udp', '--keys', '2', '--touch', 'manual', '--no-site', '--json'];
  lab = spawnCli(['start', ...options], env);
  const ready = JSON.parse(await firstLine(lab)) as { keys: { id: string; devices: string[] }[] };
  devices = ready.keys.map((key) => key.devices[0]!);
  const { labDirectory, runningLabs } = await import('../../../emulator/lab/state-file.ts');
  client = new LabClient(runningLabs(labDirectory(env))[0]!);
});
afterAll(async () => {
  lab.kill('SIGTERM');
  await once(lab, 'close');
  rmSync(folder, { recursive: true });
});

interface LiveEntry {
  readonly key: string;
  readonly type: string;
  readonly name: string;
}

/** A verb that goes on: its lines as they come, and its end by Ctrl-C. */
function follow(...args: readonly string[]) {
  const child = spawnCli(args, env);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next(): Promise<unknown> {
      const { value } = await lines.next();
      return JSON.parse(value as string);
    },
    async interrupt(): Promise<unknown[]> {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      return closed;
    },
  };
}

describe('one of several keys', () => {
  it('is the one that is touched; the others stop waiting', async () => {
    const info = runCli(['info', 'pick', '--json'], env);
    const waiting = await Promise.all(['1', '2'].map((id) => client.pending(id, 60_000)));
    expect(waiting.map(([request]) => request?.operation)).toEqual(['selection', 'selection']);
    await client.touch('2');
    const { status, stdout, stderr } = await info;
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ device: devices[1] });
    expect(stderr).toContain(`Touch the key that you mean: ${devices.join(', ')}`);
    expect(await client.pending('1', 0)).toEqual([]);
  });

  it('is none where the user refuses', async () => {
    const info = runCli(['info', 'pick'], env);
    await client.pending('1', 60_000);
    await client.deny('1');
    expect(await info).toMatchObject({ status: 4, stdout: '' });
    expect(await client.pending('2', 0)).toEqual([]);
  });

  it('has to be named where nobody can be asked', async () => {
    const { status, stderr } = await runCli(['info'], env);
    expect(status).toBe(2);
    expect(stderr).toContain('touch it: pick, in place of a name');
  });
});

describe('ctaplab list --watch', () => {
  it('tells of keys that go and come', async () => {
    const watching = follow('list', '--watch', '--json');
    const key = (index: number) => expect.objectContaining({ device: devices[index], lab: String(index + 1) });
    expect([await watching.next(), await watching.next()]).toEqual([
      { change: 'present', key: key(0) },
      { change: 'present', key: key(1) },
    ]);
    await client.remove('2');
    expect(await watching.next()).toEqual({ change: 'removed', key: key(1) });
    const { devices: again } = await client.insert('2');
    expect(await watching.next()).toMatchObject({ change: 'added', key: { device: again[0], lab: '2' } });
    devices[1] = again[0]!;
    expect(await watching.interrupt()).toEqual([0, null]);
  });
});

describe('ctaplab trace', () => {
  it('tells the traffic of one key as it goes by, and keeps it', async () => {
    const file = join(folder, 'live.pcapng');
    const tracing = follow('trace', 'lab:1', '--json', '--out', file);
    // the first answer that is seen shows that it listens; asking another key is not told
    const first = tracing.next();
    let seen = false;
    void first.then(() => {
      seen = true;
    });
    while (!seen) for (const device of [devices[1]!, devices[0]!]) await runCli(['info', device], env);
    const entries = [await first];
    const isWhole = ({ type, name }: LiveEntry) => type === 'answer' && name === 'authenticatorGetInfo';
    while (!isWhole(entries.at(-1) as LiveEntry)) entries.push(await tracing.next());
    expect(entries.at(-1)).toMatchObject({
      ...{ key: '1', carrier: 'ctaphid', status: 'CTAP2_OK' },
      fields: { maxMsgSize: expect.any(Number) },
    });
    expect(entries.every((entry) => (entry as LiveEntry).key === '1')).toBe(true);
    expect(await tracing.interrupt()).toEqual([0, null]);
    const kept = decodeTrace(readTraffic(readFileSync(file)).traffic).map(({ name }) => name);
    expect(kept).toEqual(expect.arrayContaining(['CTAPHID_INIT', 'authenticatorGetInfo']));
  });

  it('tells what was said lately', async () => {
    const { status, stdout } = await runCli(['trace', 'lab', '--past'], env);
    expect(status).toBe(0);
    expect(stdout).toContain('authenticatorSelection CTAP2_OK');
  });

  it('refuses what a lab cannot show', async () => {
    expect(await runCli(['trace', 'lab:1', '--secrets'], env)).toMatchObject({ status: 2 });
    expect(await runCli(['trace', 'file.log', '--past'], env)).toMatchObject({ status: 2 });
  });

  it('knows no key that is none', async () => {
    expect(await runCli(['trace', 'lab:9'], env)).toMatchObject({ status: 3 });
  });
});
