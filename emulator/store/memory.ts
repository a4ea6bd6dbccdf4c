/** A store that lasts as long as its process. */
import type { Store } from '../environment.ts';

/** One directory: what lies in it, what lies below, and how many records that is in all. */
interface Directory {
  readonly records: Map<string, Uint8Array>;
  readonly below: Map<string, Directory>;
  count: number;
}

const directory = (): Directory => ({ records: new Map(), below: new Map(), count: 0 });
const byName = (a: string, b: string) => (a < b ? -1 : 1);

/** Records in a tree of directories, so that listing or counting one does not touch the others. */
export function memoryStore(): Store {
  const records = new Map<string, Uint8Array>();
  const root = directory();

  /** The directories on the way to `path`, the root first; made where `create` says so, else as far as they go. */
  function way(path: string, create: boolean): Directory[] {
    const trail = [root];
    let current = root;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const name = path.slice(0, end + 1);
      let next = current.below.get(name);
      if (!next) {
        if (!create) break;
        next = directory();
        current.below.set(name, next);
      }
      trail.push(next);
      current = next;
    }
    return trail;
  }

  function find(prefix: string): Directory | undefined {
    const trail = way(prefix, false);
    return trail.length === prefix.split('/').length ? trail.at(-1) : undefined;
  }

  function* walk(current: Directory): Iterable<readonly [string, Uint8Array]> {
    for (const name of [...current.records.keys(), ...current.below.keys()].sort(byName)) {
      const value = current.records.get(name);
      if (value) yield [name, value];
      else yield* walk(current.below.get(name)!);
    }
  }

  function put(path: string, value: Uint8Array): void {
    const isNew = !records.has(path);
    records.set(path, value);
    const trail = way(path, true);
    trail.at(-1)!.records.set(path, value);
    if (isNew) for (const step of trail) step.count++;
  }

  function remove(path: string): void {
    if (!records.delete(path)) return;
    const trail = way(path, false);
    trail.at(-1)!.records.delete(path);
    for (const step of trail) step.count--;
    let end = -1;
    for (const step of trail) {
      end = path.indexOf('/', end + 1);
      const name = path.slice(0, end + 1);
      if (step.below.get(name)?.count === 0) step.below.delete(name);
    }
  }

  return {
    get: (path) => records.get(path),
    *list(prefix) {
      const found = find(prefix);
      if (found) yield* walk(found);
    },
    count: (prefix) => find(prefix)?.count ?? 0,
    commit(changes) {
      for (const { path, value } of changes) {
        if (value) put(path, value);
        else remove(path);
      }
    },
    close() {},
  };
}
