/** What lies in the folder of a lab that lasts: one namespace of an LMDB database for each key, one for the authority. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../environment.ts';
import { memoryStore } from '../store/memory.ts';

function databaseOf(state: string): string {
  return join(state, 'keys');
}

/**
 * Opens the records of a key, named by its number, or of the authority; without a folder they last as long as the process.
 * @throws StoreError where the folder cannot be used, or a running lab has it
 */
export async function openStateStore(state: string | undefined, whose: number | 'authority'): Promise<Store> {
  if (state === undefined) return memoryStore();
  const { openLmdbStore } = await import('../store/lmdb.ts');
  return openLmdbStore(databaseOf(state), { namespace: whose === 'authority' ? whose : `key-${whose}` });
}

/** True where a lab has been in that folder. */
export function isStateFolder(state: string): boolean {
  return existsSync(databaseOf(state));
}

/** Opens the records of a key for the time of `action`. */
export async function withKeyStore<T>(
  state: string,
  number: number,
  action: (store: Store) => Promise<T> | T,
): Promise<T> {
  const store = await openStateStore(state, number);
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

/** How many keys the folder holds; they are numbered from 1 without gaps. */
export async function countKeys(state: string): Promise<number> {
  for (let count = 0; ; count++) {
    const next = await withKeyStore(state, count + 1, (store) => store.get('serial'));
    if (next === undefined) return count;
  }
}
