/** The verbs that act on a running lab: wait, insert, remove, clock, fault. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
let lab: ChildProcessWithoutNullStreams;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-hold-'));
  env = environment(folder);
  lab = spawnCli(['start', '--transport', 'udp', '--touch', 'manual', '--no-site', '--json'], env);
  await firstLine(lab);
});
afterAll(async () => {
  lab.kill('SIGTERM');
  await once(lab, 'close');
  rmSync(folder, { recursive: true });
});

async function json(...args: string[]) {
  const { status, stdout, stderr } = await runCli([...args, '--json'], env);
  return { status, body: JSON.parse(status === 0 ? stdout : stderr) };
}

it('waits for a question, and for its end', async () => {
  const asking = runCli(['reset', 'lab:1', '--yes'], env);
  expect(await json('wait', 'pending')).toMatchObject({ status: 0, body: { pending: [{ operation: 'reset' }] } });
  expect(await json('wait', 'idle', '1', '--timeout', '1')).toMatchObject({ status: 5 });
  await runCli(['touch'], env);
  expect((await asking).status).toBe(0);
  expect(await json('wait', 'idle', '1')).toEqual({ status: 0, body: { key: '1', idle: true } });
  expect((await json('wait', 'pending', '1', '--timeout', '1')).body.error.message).toContain('asked for no touch');
  expect(await json('wait', 'nothing')).toMatchObject({ status: 2 });
});

it('pulls a key out and puts it back', async () => {
  expect((await json('remove')).body.key).toMatchObject({ inserted: false, led: 'off' });
  const { stdout } = await runCli(['insert'], env);
  expect(stdout).toMatch(/^key 1 is plugged in: udp:127\.0\.0\.1:\d+\n$/);
  expect(await json('insert', '7')).toMatchObject({ status: 3 });
});

it('moves the clock', async () => {
  expect((await json('clock', 'freeze')).body.frozen).toBe(true);
  expect((await json('clock', 'set', '2031-02-03T04:05:06Z')).body.now).toBe('2031-02-03T04:05:06.000Z');
  expect((await json('clock', 'advance', '1500')).body.now).toBe('2031-02-03T04:05:07.500Z');
  expect((await json('clock', 'show')).body.now).toBe('2031-02-03T04:05:07.500Z');
  expect((await json('clock', 'run')).body.frozen).toBe(false);
  expect((await json('clock', 'reset')).body.offset).toBe(0);
  expect((await json('clock', 'set', 'noon')).status).toBe(2);
});

it('lets a key misbehave', async () => {
  const [first] = (await json('fault', '--list')).body;
  expect((await json('fault', first.id)).body).toEqual({ key: '1', active: [first.id] });
  expect((await runCli(['fault', first.id, '--off'], env)).stdout).toBe('key 1 behaves\n');
  expect((await json('fault', 'none-such')).status).toBe(2);
});
