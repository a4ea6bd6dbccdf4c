import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../ctap/bytes.ts';
import { openLmdbStore, StoreError } from '../../../emulator/store/lmdb.ts';
import { ensureSchema, type Migration, type Records } from '../../../emulator/store/schema-version.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ctaplab-lmdb-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let folder: string;
let folders = 0;
beforeEach(() => {
  folder = join(scratch, String(folders++), 'keys');
});

/** Puts a record past the store. */
async function plant(key: string, value: string): Promise<void> {
  const database = open(folder, { encoding: 'binary', noSync: true });
  database.putSync(key, utf8(value));
  await database.close();
}

describe('openLmdbStore', () => {
  it('makes the folder for its owner alone', async () => {
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('closes a folder to others that was open to them', async () => {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('keeps the keys of one folder apart', async () => {
    const [one, two] = await Promise.all(['key-1', 'key-11'].map((namespace) => openLmdbStore(folder, { namespace })));
    await one!.commit([{ path: 'd/name', value: utf8('one') }]);
    await two!.commit([{ path: 'd/name', value: utf8('two') }]);
    expect([...one!.list('d/')]).toEqual([['d/name', utf8('one')]]);
    await one!.close();
    await two!.commit([{ path: 'd/other', value: utf8('two') }]);
    expect(two!.count('d/')).toBe(2);
    await two!.close();
  });

  it('refuses the same key a second time until it is closed', async () => {
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    await expect(openLmdbStore(folder, { namespace: 'key-1' })).rejects.toThrow(/key-1 .* is open already/);
    const closed = store.close();
    const again = await openLmdbStore(folder, { namespace: 'key-1' });
    await closed;
    await again.commit([{ path: 'name', value: utf8('again') }]);
    expect(again.get('name')).toEqual(utf8('again'));
    await again.close();
  });

  it('is used no more after it is closed, and may be closed twice', async () => {
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    await store.close();
    await store.close();
    expect(() => store.get('name')).toThrow('the store is closed');
    expect(() => store.count('d/')).toThrow('the store is closed');
    expect(() => [...store.list('d/')]).toThrow('the store is closed');
    expect(() => store.commit([])).toThrow('the store is closed');
  });

  it('refuses a store of a newer version and leaves it as it is', async () => {
    await (await openLmdbStore(folder, { namespace: 'key-1' })).close();
    await plant('@schema', '2');
    const opening = openLmdbStore(folder, { namespace: 'key-1' });
    await expect(opening).rejects.toThrow(StoreError);
    await expect(opening).rejects.toThrow(/expected a store of version 1 or older, got version 2: .* newer ctaplab/);
    await plant('@schema', '1');
    await (await openLmdbStore(folder, { namespace: 'key-1' })).close();
  });

  it("refuses another program's database", async () => {
    await plant('somebody', 'else');
    await expect(openLmdbStore(folder, { namespace: 'key-1' })).rejects.toThrow('got a database with "somebody"');
  });

  it('says why a folder cannot be used', async () => {
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'no folder');
    const opening = openLmdbStore(folder, { namespace: 'key-1' });
    await expect(opening).rejects.toThrow(StoreError);
    await expect(opening).rejects.toThrow(`cannot use ${folder} as a store`);
  });

  it('says why a database cannot be read', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'data.mdb'), 'no database'.repeat(1000));
    await expect(openLmdbStore(folder, { namespace: 'key-1' })).rejects.toThrow(`cannot open the store ${folder}`);
  });

  it('refuses paths and namespaces that are none', async () => {
    await expect(openLmdbStore(folder, { namespace: '@owner' })).rejects.toThrow('expected a namespace, got "@owner"');
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    for (const path of ['', 'd/', '/d', 'a//b', 'a b', '@owner', 'é', 'x'.repeat(401)]) {
      expect(() =>
        store.commit([
          { path: 'good', value: utf8('x') },
          { path, value: utf8('x') },
        ]),
      ).toThrow(TypeError);
    }
    expect(store.get('good')).toBeUndefined();
    await store.close();
  });

  it('notices when its folder was taken from it', async () => {
    const store = await openLmdbStore(folder, { namespace: 'key-1' });
    await store.commit([{ path: 'name', value: utf8('mine') }]);
    await plant('@owner', JSON.stringify({ pid: 1, started: '', opening: 'of another container' }));
    expect(() => store.commit([{ path: 'name', value: utf8('still mine') }])).toThrow('another process has taken');
    expect(store.get('name')).toEqual(utf8('mine'));
    await store.close();
  });
});

describe('ensureSchema', () => {
  function records(from: Iterable<readonly [string, string]>): { records: Records; content: Map<string, string> } {
    const content = new Map(from);
    return {
      content,
      records: {
        get: (key) => (content.has(key) ? utf8(content.get(key)!) : undefined),
        put: (key, value) => void content.set(key, fromUtf8(value)),
        remove: (key) => void content.delete(key),
        keys: () => content.keys(),
      },
    };
  }
  const renames: Migration[] = [
    (records) => {
      records.put('key-1/b', records.get('key-1/a')!);
      records.remove('key-1/a');
    },
    (records) => records.put('key-1/b', utf8(`${fromUtf8(records.get('key-1/b')!)}!`)),
  ];

  it.each([
    ['1', { 'key-1/a': 'value' }],
    ['2', { 'key-1/b': 'value' }],
    ['3', { 'key-1/b': 'value!' }],
  ])('brings version %s up to date', (version, before) => {
    const { records: view, content } = records([['@schema', version], ...Object.entries(before)]);
    ensureSchema(view, renames);
    expect(Object.fromEntries(content)).toEqual({ '@schema': '3', 'key-1/b': 'value!' });
  });

  it('marks a fresh store with the newest version', () => {
    const { records: view, content } = records([]);
    ensureSchema(view, renames);
    expect(Object.fromEntries(content)).toEqual({ '@schema': '3' });
  });

  it.each(['4', '0', '-1', 'one', ''])('refuses version "%s"', (version) => {
    const { records: view } = records([['@schema', version]]);
    expect(() => ensureSchema(view, renames)).toThrow(StoreError);
  });
});
