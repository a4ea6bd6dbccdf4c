/** Two processes and one store. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../ctap/bytes.ts';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ctaplab-owner-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Holder = ChildProcessByStdio<Writable, Readable, null>;

/** Starts a process that opens the store; resolves to what it says of that. */
async function hold(folder: string): Promise<{ holder: Holder; said: string }> {
  const program = join(import.meta.dirname, 'holder.ts');
  const holder = spawn(process.execPath, ['--import', 'tsx', program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
  return { holder, said };
}

async function end(holder: Holder, how: () => void): Promise<void> {
  const closed = once(holder, 'close');
  how();
  await closed;
}

describe('a store that another process has open', () => {
  it('is refused, and free once that process has closed it', async () => {
    const folder = join(scratch, 'closed');
    const { holder, said } = await hold(folder);
    expect(said).toBe('open');
    await expect(openLmdbStore(folder, { namespace: 'key-1' })).rejects.toThrow(
      `the store ${folder} is in use by process ${holder.pid}: end that first, or choose another folder`,
    );
    await expect(openLmdbStore(folder, { namespace: 'key-2' })).rejects.toThrow('is in use by process');
    await end(holder, () => holder.stdin.end());
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    expect(fromUtf8(store.get('holder')!)).toBe(String(holder.pid));
    await store.close();
  });

  it('is free once that process was killed', async () => {
    const folder = join(scratch, 'killed');
    const { holder } = await hold(folder);
    await end(holder, () => holder.kill('SIGKILL'));
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    expect(fromUtf8(store.get('holder')!)).toBe(String(holder.pid));
    await store.close();
  });

  it('is refused the other way round too', async () => {
    const folder = join(scratch, 'ours');
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    const { holder, said } = await hold(folder);
    expect(said).toContain(`is in use by process ${process.pid}`);
    await once(holder, 'close');
    await store.close();
  });
});
