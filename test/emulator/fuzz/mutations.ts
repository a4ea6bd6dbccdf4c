/** Ways to spoil a request: as a tree of values, and as bytes. */
import fc from 'fast-check';
import { concat } from '../../../ctap/bytes.ts';
import type { CborKey, CborMap, CborValue } from '../../../ctap/cbor.ts';

/** Values of every type, small and at the edges. */
export const anyLeaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.integer({ min: -30, max: 300 }),
  fc.constantFrom<CborValue>(2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, 2n ** 64n - 1n, -(2n ** 64n), 1.5, Number.NaN),
  fc.constantFrom<CborValue>('', 'public-key', 'example.com', 'id', '\u0000', 'é'.repeat(70), 'x'.repeat(600)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 0, max: 2000 }).map((length) => new Uint8Array(length)),
);
export const anyKey: fc.Arbitrary<CborKey> = fc.oneof(
  fc.integer({ min: -4, max: 14 }),
  fc.constantFrom('id', 'type', 'alg', 'name', 'rk', 'up', 'uv', 'hmac-secret', 'credProtect', '__proto__', 'x'),
);
const branch = (item: fc.Arbitrary<CborValue>): fc.Arbitrary<CborValue> =>
  fc.oneof(
    fc.array(item, { maxLength: 3 }),
    fc.array(fc.tuple(anyKey, item), { maxLength: 3 }).map((entries) => new Map(entries)),
  );
export const anyValue: fc.Arbitrary<CborValue> = fc.oneof(
  { weight: 3, arbitrary: anyLeaf },
  { weight: 1, arbitrary: branch(fc.oneof(anyLeaf, branch(anyLeaf))) },
);

/** A change of a request's parameters; `at` counts its members in the order of their bytes. */
export type TreeMutation =
  | { readonly kind: 'replace'; readonly at: number; readonly value: CborValue }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'add'; readonly at: number; readonly key: CborKey; readonly value: CborValue }
  | { readonly kind: 'repeat'; readonly at: number; readonly times: number };

const at = fc.nat({ max: 60 });
export const treeMutation: fc.Arbitrary<TreeMutation> = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), at, value: anyValue }),
  fc.record({ kind: fc.constant('remove' as const), at }),
  fc.record({ kind: fc.constant('add' as const), at, key: anyKey, value: anyValue }),
  fc.record({ kind: fc.constant('repeat' as const), at, times: fc.integer({ min: 2, max: 12 }) }),
);

/** A place in the tree: its container and the key in it. */
type Place =
  | { readonly container: CborMap; readonly key: CborKey }
  | { readonly container: CborValue[]; readonly key: number };

function* places(value: CborValue): Iterable<Place> {
  if (value instanceof Map) {
    for (const [key, member] of value) {
      yield { container: value, key };
      yield* places(member);
    }
  } else if (Array.isArray(value)) {
    for (const [key, item] of value.entries()) {
      yield { container: value, key };
      yield* places(item);
    }
  }
}

function copy(value: CborValue): CborValue {
  if (value instanceof Map) return new Map([...value].map(([key, member]) => [key, copy(member)]));
  return Array.isArray(value) ? value.map(copy) : value;
}

function change(place: Place, mutation: TreeMutation): void {
  const { container } = place;
  if (Array.isArray(container)) {
    const { key } = place as { key: number };
    if (mutation.kind === 'replace') container[key] = mutation.value;
    else if (mutation.kind === 'repeat') container.splice(key, 0, ...Array(mutation.times).fill(container[key]));
    else if (mutation.kind === 'remove') container.splice(key, 1);
    else container.splice(key, 0, mutation.value);
  } else if (mutation.kind === 'remove') container.delete(place.key);
  else if (mutation.kind === 'replace') container.set(place.key, mutation.value);
  else if (mutation.kind === 'add') container.set(mutation.key, mutation.value);
}

/** A copy of the parameters with the changes made, one after the other. */
export function mutateTree(parameters: CborMap, mutations: readonly TreeMutation[]): CborMap {
  const result = copy(parameters) as CborMap;
  for (const mutation of mutations) {
    const all = [...places(result)];
    if (all.length > 0) change(all[mutation.at % all.length]!, mutation);
  }
  return result;
}

/** A change of bytes; places count modulo the length. */
export type ByteMutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'duplicate'; readonly at: number; readonly count: number };

const byteAt = fc.nat({ max: 400 });
// Heads of every kind, with lengths far beyond any message and with lengths that are not minimal.
const head = fc
  .tuple(
    fc.integer({ min: 0, max: 7 }),
    fc.constantFrom('18', '1817', '19ffff', '1affffffff', '1bffffffffffffffff', '1f'),
  )
  .map(([major, tail]) => {
    const bytes = Uint8Array.from(Buffer.from(tail, 'hex'));
    bytes[0] = (major << 5) | bytes[0]!;
    return bytes;
  });
const fewBytes = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 6 }), head);
export const byteMutation: fc.Arbitrary<ByteMutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: byteAt, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('truncate' as const), at: byteAt }),
  fc.record({ kind: fc.constantFrom('insert' as const, 'overwrite' as const), at: byteAt, bytes: fewBytes }),
  fc.record({
    kind: fc.constantFrom('remove' as const, 'duplicate' as const),
    at: byteAt,
    count: fc.integer({ min: 1, max: 80 }),
  }),
);

function mutateOnce(bytes: Uint8Array, mutation: ByteMutation): Uint8Array {
  const place = bytes.length === 0 ? 0 : mutation.at % bytes.length;
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (mutation.kind) {
    case 'flip': {
      const flipped = Uint8Array.from(bytes);
      if (bytes.length > 0) flipped[place]! ^= 1 << mutation.bit;
      return flipped;
    }
    case 'truncate':
      return before.slice();
    case 'insert':
      return concat(before, mutation.bytes, after);
    case 'overwrite':
      return concat(before, mutation.bytes, after.subarray(mutation.bytes.length));
    case 'remove':
      return concat(before, after.subarray(mutation.count));
    case 'duplicate':
      return concat(before, after.subarray(0, mutation.count), after);
  }
}

/** A copy of the bytes with the changes made, one after the other. */
export function mutateBytes(bytes: Uint8Array, mutations: readonly ByteMutation[]): Uint8Array {
  return mutations.reduce(mutateOnce, bytes);
}
