/** What every Store owes, held against a Map: random commits, reads, lists and counts, and for LMDB opening it again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import type { Store, StoreChange } from '../../../emulator/environment.ts';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ctaplab-store-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let folders = 0;

interface Place {
  open(): Promise<Store>;
  /** Ends one opening and begins the next, where what was committed lasts. */
  reopen(store: Store): Promise<Store>;
}

const places: Readonly<Record<string, () => Place>> = {
  memory: () => ({ open: async () => memoryStore(), reopen: async (store) => store }),
  LMDB: () => {
    const folder = join(scratch, String(folders++));
    const open = () => openLmdbStore(folder, { namespace: 'key-1' });
    return {
      open,
      reopen: async (store) => {
        await store.close();
        return open();
      },
    };
  },
};

// Few names, so that paths meet: one the beginning of another, and with the characters on both sides of '/'.
const name = fc.constantFrom('a', 'b', 'a-', 'a0', 'A', '_', 'aa', 'Zz9');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const prefix = fc.array(name, { minLength: 1, maxLength: 2 }).map((names) => `${names.join('/')}/`);
const value = fc.uint8Array({ maxLength: 40 });
const change: fc.Arbitrary<StoreChange> = fc.record({
  path,
  value: fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) }),
});

type Step =
  | { readonly kind: 'commit'; readonly changes: readonly StoreChange[] }
  | { readonly kind: 'count' | 'list'; readonly prefix: string }
  | { readonly kind: 'reopen' };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('commit' as const), changes: fc.array(change) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('count' as const, 'list' as const), prefix }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'list' as const, prefix: '' }) }, // all of them
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

type Model = Map<string, Uint8Array>;
const below = (model: Model, wanted: string) =>
  [...model].filter(([path]) => path.startsWith(wanted)).sort(([a], [b]) => (a < b ? -1 : 1));

async function take(place: Place, store: Store, model: Model, step: Step): Promise<Store> {
  switch (step.kind) {
    case 'commit':
      for (const { path, value } of step.changes) value ? model.set(path, value) : model.delete(path);
      await store.commit(step.changes);
      for (const { path } of step.changes) expect(store.get(path)).toEqual(model.get(path));
      return store;
    case 'count':
      expect(store.count(step.prefix)).toBe(below(model, step.prefix).length);
      return store;
    case 'list':
      expect([...store.list(step.prefix)]).toEqual(below(model, step.prefix));
      return store;
    case 'reopen':
      return place.reopen(store);
  }
}

describe.each(Object.entries(places))('%s', (_, makePlace) => {
  async function withStore(use: (store: Store, place: Place) => Promise<Store>): Promise<void> {
    const place = makePlace();
    const store = await use(await place.open(), place);
    await store.close();
  }

  test('does as a Map of its records would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) =>
        withStore(async (first, place) => {
          let store = first;
          const model: Model = new Map();
          for (const step of steps) store = await take(place, store, model, step);
          store = await place.reopen(store);
          const roots = [...new Set([...model.keys()].filter((path) => path.includes('/')).map(firstDirectory))];
          for (const root of roots) {
            expect([...store.list(root)]).toEqual(below(model, root));
            expect(store.count(root)).toBe(below(model, root).length);
          }
          for (const [path, value] of model) expect(store.get(path)).toEqual(value);
          return store;
        }),
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test('a value that was read stays as it was, whatever is read or written afterwards', () =>
    withStore(async (store) => {
      await store.commit([
        { path: 'd/one', value: utf8('first') },
        { path: 'd/two', value: utf8('second') },
      ]);
      const one = store.get('d/one');
      const all = [...store.list('d/')];
      await store.commit([{ path: 'd/one', value: utf8('other') }]);
      expect(store.get('d/two')).toEqual(utf8('second'));
      expect(one).toEqual(utf8('first'));
      expect(all).toEqual([
        ['d/one', utf8('first')],
        ['d/two', utf8('second')],
      ]);
      return store;
    }));

  test('a list that is being read does not see what is deleted meanwhile twice or in part', () =>
    withStore(async (store) => {
      const paths = Array.from({ length: 50 }, (_, index) => `d/${String(index).padStart(3, '0')}`);
      await store.commit(paths.map((path) => ({ path, value: utf8(path) })));
      const seen: string[] = [];
      for (const [path, value] of store.list('d/')) {
        expect(value).toEqual(utf8(path));
        seen.push(path);
        await store.commit([{ path, value: undefined }]);
      }
      expect(seen).toEqual(paths);
      expect(store.count('d/')).toBe(0);
      return store;
    }));

  test('keeps large records and many, and does not know a path longer than paths are', () =>
    withStore(async (store) => {
      const large = new Uint8Array(3_000_000).map((_, index) => index * 7);
      await store.commit([{ path: 'large', value: large }]);
      const changes = Array.from({ length: 10_000 }, (_, index) => ({ path: `d/${index}`, value: utf8(`${index}`) }));
      await store.commit(changes);
      expect(Buffer.compare(store.get('large')!, large)).toBe(0);
      expect(store.count('d/')).toBe(10_000);
      expect(store.get('d/9999')).toEqual(utf8('9999'));
      expect(store.get(`d/${'x'.repeat(10_000)}`)).toBeUndefined();
      expect(store.get('d/')).toBeUndefined();
      return store;
    }));
});

function firstDirectory(path: string): string {
  return path.slice(0, path.indexOf('/') + 1);
}
