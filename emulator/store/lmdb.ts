/**
 * A store that lasts, in LMDB: one folder, one process, and in it a namespace for each key.
 * A commit is in the system's page cache when it returns, so it outlives the process whatever kills that. It is not
 * flushed to the disk each time (noSync): that would cost a hundred times as much, and guards against power failure
 * alone, after which a virtual key may be made anew. An orderly close does flush.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { equalBytes } from '../../ctap/bytes.ts';
import type { Store, StoreChange } from '../environment.ts';
import { decodeOwner, encodeOwner, isAlive, thisOwner } from './owner.ts';
import { ensureSchema, type Records } from './schema-version.ts';
import { StoreError } from './store-error.ts';

export { StoreError };

export interface LmdbStoreOptions {
  /** Whose records they are: [A-Za-z0-9_-]+. Each key of a folder has its own. */
  readonly namespace: string;
}

const OWNER_KEY = '@owner';
const PATH = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;
const MAX_PATH_LENGTH = 400;
const DATA_FILE = 'data.mdb';
/** Of the first meta page, after the page's own header. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;

/** The folders that this process has open, by their real paths, and those that it is closing. */
const folders = new Map<string, Folder>();
const closing = new Map<string, Promise<void>>();
/** The same by the names that they were opened by, so that the next key of a folder does not look it up again. */
const names = new Map<string, Folder>();

/**
 * Opens one key's records in `folder`, which is made, for its owner alone, where it is missing.
 * @throws StoreError where the folder cannot be used, belongs to another process, or is of a newer version
 */
export async function openLmdbStore(folder: string, { namespace }: LmdbStoreOptions): Promise<Store> {
  if (!/^[A-Za-z0-9_-]+$/.test(namespace)) throw new TypeError(`expected a namespace, got "${namespace}"`);
  const known = names.get(folder);
  if (known !== undefined) return known.store(namespace);
  const { open } = await import('lmdb');
  const path = privateFolder(folder);
  await closing.get(path);
  const shared = folders.get(path) ?? new Folder(path, openDatabase(open, path));
  names.set(folder, shared);
  return shared.store(namespace);
}

/**
 * The namespaces of a store that this process has open, in the order of their names: their number is what it costs.
 * @throws StoreError where none of its namespaces is open
 */
export function namespacesOf(folder: string): string[] {
  return openFolder(folder).namespaces();
}

/** Runs `action`, whose commits to the keys of that store are all made or none. @throws StoreError as {@link namespacesOf} */
export function commitTogether(folder: string, action: () => void): void {
  openFolder(folder).together(action);
}

function openFolder(folder: string): Folder {
  const open = folders.get(realpathSync(folder));
  if (open === undefined) throw new StoreError(`the store ${folder} is not open in this process`);
  return open;
}

function privateFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = realpathSync(folder);
    if (statSync(path).mode & 0o077) chmodSync(path, 0o700);
    return path;
  } catch (error) {
    throw new StoreError(`cannot use ${folder} as a store: ${(error as Error).message}`, { cause: error });
  }
}

type Open = typeof import('lmdb').open;

function openDatabase(open: Open, path: string): Database<Uint8Array, string> {
  try {
    assertMagic(join(path, DATA_FILE));
    return open(path, { encoding: 'binary', noSync: true });
  } catch (error) {
    throw new StoreError(`cannot open the store ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Looks before LMDB does, which takes the whole process down over a file that is not its own. */
function assertMagic(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const header = new DataView(new ArrayBuffer(MAGIC_OFFSET + 4));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  const found = header.getUint32(MAGIC_OFFSET, endianness() === 'LE');
  if (found !== MAGIC) throw new TypeError(`${DATA_FILE} is no LMDB database`);
}

/** The database of a folder, shared by the keys of this process. */
class Folder {
  readonly #path: string;
  readonly #database: Database<Uint8Array, string>;
  readonly #owner = encodeOwner(thisOwner());
  readonly #namespaces = new Set<string>();

  constructor(path: string, database: Database<Uint8Array, string>) {
    this.#path = path;
    this.#database = database;
    try {
      database.transactionSync(() => {
        this.#inPath(() => ensureSchema(recordsOf(database)));
        this.#takeOwnership();
      });
    } catch (error) {
      void database.close();
      throw error;
    }
    folders.set(path, this);
  }

  store(namespace: string): Store {
    if (this.#namespaces.has(namespace))
      throw new StoreError(`${namespace} of the store ${this.#path} is open already in this process`);
    this.#namespaces.add(namespace);
    return new LmdbStore(this.#database, namespace, {
      assertOwner: () => this.#assertOwner(),
      close: () => this.#release(namespace),
    });
  }

  namespaces(): string[] {
    const found: string[] = [];
    for (let start = ''; ; ) {
      const [key] = this.#database.getKeys({ start, limit: 1 });
      if (key === undefined) return found;
      const end = key.indexOf('/');
      if (end > 0) found.push(key.slice(0, end));
      start = end > 0 ? `${key.slice(0, end)}0` : `${key}\0`; // '0' follows '/': past the whole namespace
    }
  }

  together(action: () => void): void {
    this.#database.transactionSync(action);
  }

  #takeOwnership(): void {
    const record = this.#database.get(OWNER_KEY);
    const owner = record && decodeOwner(record);
    if (owner && isAlive(owner)) {
      throw new StoreError(
        `the store ${this.#path} is in use by process ${owner.pid}: end that first, or choose another folder`,
      );
    }
    this.#database.putSync(OWNER_KEY, this.#owner);
  }

  /** Another process may have taken the folder where it cannot see this one, as from another container. */
  #assertOwner(): void {
    if (!this.#isOwner()) throw new StoreError(`another process has taken the store ${this.#path}`);
  }

  #isOwner(): boolean {
    const record = this.#database.get(OWNER_KEY);
    return record !== undefined && equalBytes(record, this.#owner);
  }

  async #release(namespace: string): Promise<void> {
    this.#namespaces.delete(namespace);
    if (this.#namespaces.size > 0) return;
    folders.delete(this.#path);
    for (const [name, folder] of names) if (folder === this) names.delete(name);
    const closed = this.#close().finally(() => closing.delete(this.#path));
    closing.set(this.#path, closed);
    await closed;
  }

  async #close(): Promise<void> {
    this.#database.transactionSync(() => {
      if (this.#isOwner()) this.#database.removeSync(OWNER_KEY);
    });
    await this.#database.close();
    const file = await openFile(join(this.#path, DATA_FILE), 'r+');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Says of which store an error tells. */
  #inPath(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof StoreError) throw new StoreError(`${this.#path}: ${error.message}`, { cause: error });
      throw error;
    }
  }
}

function recordsOf(database: Database<Uint8Array, string>): Records {
  return {
    get: (key) => database.get(key),
    put: (key, value) => database.putSync(key, value),
    remove: (key) => void database.removeSync(key),
    keys: () => database.getKeys(),
  };
}

interface Keeper {
  assertOwner(): void;
  close(): Promise<void>;
}

class LmdbStore implements Store {
  readonly #database: Database<Uint8Array, string>;
  readonly #root: string;
  readonly #keeper: Keeper;
  /** What was counted once is kept up to date, so that a key with many credentials makes the next as fast. */
  readonly #counts = new Map<string, number>();
  #closed: Promise<void> | undefined;

  constructor(database: Database<Uint8Array, string>, namespace: string, keeper: Keeper) {
    this.#database = database;
    this.#root = `${namespace}/`;
    this.#keeper = keeper;
  }

  get(path: string): Uint8Array | undefined {
    this.#assertOpen();
    if (path.length > MAX_PATH_LENGTH) return undefined; // as of a credential id that no key of ours made
    const value = this.#database.get(this.#root + path);
    return value && plain(value);
  }

  *list(prefix: string): Iterable<readonly [path: string, value: Uint8Array]> {
    this.#assertOpen();
    for (const { key, value } of this.#database.getRange(this.#range(prefix)))
      yield [key.slice(this.#root.length), plain(value)];
  }

  count(prefix: string): number {
    this.#assertOpen();
    const counted = this.#counts.get(prefix);
    if (counted !== undefined) return counted;
    const count = this.#database.getKeysCount(this.#range(prefix));
    this.#counts.set(prefix, count);
    return count;
  }

  commit(changes: readonly StoreChange[]): void {
    this.#assertOpen();
    for (const { path } of changes) assertPath(path);
    const growth = new Map<string, number>();
    this.#database.transactionSync(() => {
      this.#keeper.assertOwner();
      for (const { path, value } of changes) this.#change(path, value, growth);
    });
    for (const [prefix, by] of growth) this.#counts.set(prefix, this.#counts.get(prefix)! + by);
  }

  close(): Promise<void> {
    this.#closed ??= this.#keeper.close();
    return this.#closed;
  }

  #change(path: string, value: Uint8Array | undefined, growth: Map<string, number>): void {
    const key = this.#root + path;
    const by = Number(value !== undefined) - Number(this.#database.doesExist(key));
    if (by !== 0) {
      for (let end = path.indexOf('/') + 1; end > 0; end = path.indexOf('/', end) + 1) {
        const prefix = path.slice(0, end);
        if (this.#counts.has(prefix)) growth.set(prefix, (growth.get(prefix) ?? 0) + by);
      }
    }
    if (value) this.#database.putSync(key, value);
    else this.#database.removeSync(key);
  }

  #range(prefix: string): { start: string; end: string } {
    const start = this.#root + prefix;
    return { start, end: `${start.slice(0, -1)}0` }; // '0' follows '/', with which every prefix ends
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('the store is closed');
  }
}

/** The same bytes, not as a Buffer: its `slice` would not copy. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.length);
}

function assertPath(path: string): void {
  if (path.length > MAX_PATH_LENGTH || !PATH.test(path))
    throw new TypeError(
      `expected segments of [A-Za-z0-9_-] joined by "/", at most ${MAX_PATH_LENGTH} characters, got "${path}"`,
    );
}
