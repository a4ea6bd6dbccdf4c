/**
 * What lies in the folder of a lab that lasts: in one LMDB database, a namespace for each key and each programmable
 * token, one for the authority, and one for what the lab itself keeps of them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../environment.ts';
import { memoryStore } from '../store/memory.ts';

export type Whose = number | 'authority' | 'lab' | `token-${number}`;

function databaseOf(state: string): string {
  return join(state, 'keys');
}

/**
 * Opens the records of a key, named by its number, of a token, of the authority, or of the lab; without a folder they
 * last as long as the process.
 * @throws StoreError where the folder cannot be used, or a running lab has it
 */
export async function openStateStore(state: string | undefined, whose: Whose): Promise<Store> {
  if (state === undefined) return memoryStore();
  const { openLmdbStore } = await import('../store/lmdb.ts');
  return openLmdbStore(databaseOf(state), { namespace: typeof whose === 'number' ? `key-${whose}` : whose });
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

/** The numbers of what an open folder holds, ascending; numbers of what was deleted are missing. */
export async function numbersIn(state: string, kind: 'key' | 'token' = 'key'): Promise<number[]> {
  const { namespacesOf } = await import('../store/lmdb.ts');
  const form = new RegExp(`^${kind}-(\\d+)$`);
  return namespacesOf(databaseOf(state))
    .map((name) => Number(form.exec(name)?.[1]))
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
}

/** The numbers of the keys of a folder that nobody has open. */
export async function keyNumbers(state: string): Promise<number[]> {
  const store = await openStateStore(state, 'lab'); // which keeps the database open meanwhile
  try {
    return await numbersIn(state);
  } finally {
    await store.close();
  }
}

/** Runs `action`, whose commits to stores of that folder are all made or none; stores in memory keep what was done. */
export async function commitTogether(state: string | undefined, action: () => void): Promise<void> {
  if (state === undefined) return action();
  const lmdb = await import('../store/lmdb.ts');
  lmdb.commitTogether(databaseOf(state), action);
}
