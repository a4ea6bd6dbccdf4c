/** The version of what lies in a store, and the way from older ones to it. */
import { StoreError } from './store-error.ts';

/** The records of a database as a migration sees them, in one transaction. */
export interface Records {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
  keys(): Iterable<string>;
}

/** Rewrites a store of one version as the next. */
export type Migration = (records: Records) => void;

/** The first leads from version 1 to 2, and so on. */
export const migrations: readonly Migration[] = [];

/** The version that stores have now. */
export const schemaVersion = migrations.length + 1;

const SCHEMA_KEY = '@schema'; // '@' begins no namespace

/**
 * Marks a fresh database, brings an older one up to date, and refuses all others.
 * @throws StoreError for a newer version, or for a database that is none of ours
 */
export function ensureSchema(records: Records, steps: readonly Migration[] = migrations): void {
  const current = steps.length + 1;
  const stored = records.get(SCHEMA_KEY);
  if (stored === undefined) {
    for (const key of records.keys()) throw new StoreError(`expected a store of ctaplab, got a database with "${key}"`);
  } else {
    const text = new TextDecoder().decode(stored);
    const version = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
    if (!(version <= current)) {
      throw new StoreError(
        `expected a store of version ${current} or older, got version ${text}: it is from a newer ctaplab`,
      );
    }
    for (const step of steps.slice(version - 1)) step(records);
    if (version === current) return;
  }
  records.put(SCHEMA_KEY, new TextEncoder().encode(String(current)));
}
