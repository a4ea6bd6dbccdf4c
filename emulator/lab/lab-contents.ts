/** All that the keys and tokens of a lab keep, to put it elsewhere or back. */
import type { Store, StoreChange } from '../environment.ts';
import { type KeySettings, writeKeySettings } from './key-settings.ts';
import type { LabRecords } from './lab-records.ts';
import type { TokenSettings } from './lab-token.ts';
import { commitTogether, openStateStore, type Whose } from './state-folder.ts';

export type Records = ReadonlyMap<string, Uint8Array>;

export interface LabContents {
  readonly keys: readonly {
    readonly number: number;
    readonly settings: KeySettings;
    readonly records: Records;
    /** Ids of the faults that are on. */
    readonly faults: readonly string[];
  }[];
  readonly tokens: readonly { readonly number: number; readonly settings: TokenSettings; readonly records: Records }[];
}

export function changesOf(records: Records): StoreChange[] {
  return Array.from(records, ([path, value]) => ({ path, value }));
}

/** Writes other contents into a folder, all of them or nothing; what is in there must be closed, and the lab's records open. */
export async function writeContents(
  state: string,
  lab: LabRecords,
  before: LabContents,
  after: LabContents,
): Promise<void> {
  const stores = new Map<Whose, Store>();
  for (const name of [...namesOf(before), ...namesOf(after)]) {
    if (!stores.has(name)) stores.set(name, await openStateStore(state, name));
  }
  try {
    await commitTogether(state, () => {
      for (const store of stores.values())
        void store.commit(Array.from(store.list(''), ([path]) => ({ path, value: undefined })));
      for (const { number, records } of after.keys) void stores.get(number)!.commit(changesOf(records));
      for (const { number, records } of after.tokens) void stores.get(`token-${number}`)!.commit(changesOf(records));
      void lab.commit([
        ...before.keys.map(({ number }) => lab.change('key', String(number), undefined)),
        ...before.tokens.map(({ number }) => lab.change('token', String(number), undefined)),
        ...after.keys.map(({ number, settings }) => lab.change('key', String(number), writeKeySettings(settings))),
        ...after.tokens.map(({ number, settings }) => lab.change('token', String(number), settings)),
      ]);
    });
  } finally {
    for (const store of stores.values()) await store.close();
  }
}

function namesOf({ keys, tokens }: LabContents): Whose[] {
  return [...keys.map(({ number }) => number), ...tokens.map(({ number }): Whose => `token-${number}`)];
}
