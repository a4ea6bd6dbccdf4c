import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environment, firstLine, spawnCli } from '../cli/run-cli.ts';
import { requireLabAt } from './running.ts';

let folder: string;
let children: ChildProcessWithoutNullStreams[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-kill-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true });
});

async function start() {
  const env = environment(folder);
  const args = [
    'start',
    '--state',
    join(folder, 'state'),
    '--transport',
    'udp',
    '--touch',
    'auto',
    '--no-site',
    '--json',
  ];
  const child = spawnCli(args, env);
  children.push(child);
  await firstLine(child);
  return { child, lab: requireLabAt(env) };
}

it('has, after kill -9 while keys work, all that was acknowledged', async () => {
  const { child, lab } = await start();
  /** What the lab said that it has done. */
  const keys = new Map<string, { model: string; touch: string; inserted: boolean; passkeys: Set<string> }>();
  const deleted = new Set<string>();
  let tokens = 0;
  let acknowledged = 0;
  const worker = async (number: number) => {
    for (let round = 0; ; round++) {
      const model = round % 2 === 0 ? 'ctap2.1' : 'token2-r3';
      const key = await lab.createKey({ model });
      const known = { model, touch: 'auto', inserted: true, passkeys: new Set<string>() };
      keys.set(key.id, known);
      for (let made = 0; made < 3; made++) {
        const passkey = await lab.addPasskey(key.id, { rp: { id: `site${made}.example` }, user: { id: 'YWxpY2U' } });
        known.passkeys.add(passkey.credentialId);
        acknowledged += 1;
      }
      await lab.setTouchPolicy(key.id, `after=${number}`);
      known.touch = `after=${number}`;
      if (round % 3 === 0) {
        await lab.remove(key.id);
        known.inserted = false;
      }
      if (round % 4 === 3) {
        keys.delete(key.id); // until it says so, both may be
        await lab.deleteKey(key.id);
        deleted.add(key.id);
      }
      if (round % 5 === 0) {
        await lab.createToken({});
        tokens += 1;
      }
      if (acknowledged > 60) child.kill('SIGKILL');
    }
  };
  const workers = await Promise.allSettled([1, 2, 3, 4].map(worker));
  expect(workers.every(({ status }) => status === 'rejected')).toBe(true);
  if (child.signalCode === null) await once(child, 'close');

  const { child: second, lab: again } = await start();
  const found = new Map((await again.keys()).map((key) => [key.id, key]));
  expect(keys.size).toBeGreaterThan(4);
  for (const [id, { model, inserted, touch, passkeys }] of keys) {
    expect(found.get(id)).toMatchObject({ model });
    const there = (await again.passkeys(id)).map(({ credentialId }) => credentialId);
    expect(there).toEqual(expect.arrayContaining([...passkeys]));
    // What was under way when it was killed may have been done or not.
    if (touch !== 'auto') expect(found.get(id)!.touch).toBe(touch);
    if (!inserted) expect(found.get(id)!.inserted).toBe(false);
  }
  for (const id of deleted) expect(found.has(id)).toBe(false);
  expect((await again.tokens()).length).toBeGreaterThanOrEqual(tokens);
  expect(keys.has((await again.createKey()).id)).toBe(false);
  second.kill('SIGTERM');
  expect(await once(second, 'close')).toEqual([0, null]);
});
