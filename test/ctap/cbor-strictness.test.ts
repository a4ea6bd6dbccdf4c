/**
 * The strict decoder against rules told a second time: items are built together with the verdict on them, from the
 * rules of CTAP 2.3 §8 and not from their bytes; the decoder has to come to the same verdict from the bytes alone.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareBytes, concat, toHex, utf8 } from '../../ctap/bytes.ts';
import { decodeCbor } from '../../ctap/cbor.ts';
import { CtapError } from '../../ctap/status.ts';

interface Item {
  readonly bytes: Uint8Array;
  /** What is wrong with it; empty for canonical items. */
  readonly faults: readonly string[];
  /** Containers from the item to its deepest one, itself counted. */
  readonly depth: number;
}

/** Bytes of a head's argument: none for the five bits of the first byte, else 1, 2, 4 or 8. */
const WIDTHS = [0, 1, 2, 4, 8] as const;
type Width = (typeof WIDTHS)[number];

function least(argument: bigint): Width {
  if (argument < 24n) return 0;
  if (argument < 1n << 8n) return 1;
  if (argument < 1n << 16n) return 2;
  return argument < 1n << 32n ? 4 : 8;
}

function head(major: number, argument: bigint, width: Width): Uint8Array {
  if (width === 0) return Uint8Array.of((major << 5) | Number(argument));
  const bytes = new Uint8Array(1 + width);
  bytes[0] = (major << 5) | (24 + WIDTHS.indexOf(width) - 1);
  for (let i = width, rest = argument; i > 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** A head in its shortest form, or now and then in a longer one. */
function headOf(major: number, argument: bigint, longer: number): { bytes: Uint8Array; faults: string[] } {
  const possible = WIDTHS.slice(WIDTHS.indexOf(least(argument)));
  const width = possible[longer % possible.length]!;
  return { bytes: head(major, argument, width), faults: width === possible[0] ? [] : ['a head that is not minimal'] };
}

const leaf = (bytes: Uint8Array, ...faults: string[]): Item => ({ bytes, faults, depth: 0 });
const longer = fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });
const argument = fc.oneof(
  fc.bigInt({ min: 0n, max: 30n }),
  fc.constantFrom(23n, 24n, 255n, 256n, 65535n, 65536n, (1n << 32n) - 1n, 1n << 32n, (1n << 64n) - 1n),
);
const integer = fc.tuple(fc.constantFrom(0, 1), argument, longer).map(([major, argument, longer]): Item => {
  const { bytes, faults } = headOf(major, argument, longer);
  return leaf(bytes, ...faults);
});

const string = (major: number, content: Uint8Array, longer: number, ...faults: string[]): Item => {
  const start = headOf(major, BigInt(content.length), longer);
  return leaf(concat(start.bytes, content), ...start.faults, ...faults);
};
const byteString = fc
  .tuple(fc.uint8Array({ maxLength: 30 }), longer)
  .map(([content, longer]) => string(2, content, longer));
const text = fc
  .tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), longer)
  .map(([content, longer]) => string(3, utf8(content), longer));
const wrongText = fc
  .constantFrom('ff', 'c080', 'eda080', 'f4908080', 'e282', '80', 'c3')
  .map((hex) => string(3, Uint8Array.from(Buffer.from(hex, 'hex')), 0, 'text that is not UTF-8'));
const simple = fc
  .constantFrom('f4', 'f5', 'f6', 'f93c00', 'fa3f800000', 'fb3ff0000000000000')
  .map((hex) => leaf(Uint8Array.from(Buffer.from(hex, 'hex'))));
const wrongSimple = fc
  .constantFrom('f7', 'e0', 'f3', 'f818', 'f8ff', 'f814', 'fc', 'fd', 'fe', 'ff', '1c', '3d', '5e', '7c', '9d', 'be')
  .map((hex) => leaf(Uint8Array.from(Buffer.from(hex, 'hex')), 'a simple value or head without a meaning'));
const indefinite = fc
  .constantFrom('5f4101ff', '7f6161ff', '9f00ff', 'bf0000ff', '5fff', '9fff', 'bfff')
  .map((hex) => leaf(Uint8Array.from(Buffer.from(hex, 'hex')), 'an indefinite length'));
const right = fc.oneof(integer, byteString, text, simple);
const wrong = fc.oneof(wrongText, wrongSimple, indefinite);
const anyLeaf = fc.oneof({ weight: 25, arbitrary: right }, { weight: 1, arbitrary: wrong });

function container(bytes: Uint8Array, parts: readonly Item[], faults: readonly string[]): Item {
  return {
    bytes: concat(bytes, ...parts.map((part) => part.bytes)),
    faults: [...faults, ...parts.flatMap((part) => part.faults)],
    depth: 1 + Math.max(0, ...parts.map((part) => part.depth)),
  };
}

const arrayOf = (item: fc.Arbitrary<Item>) =>
  fc.tuple(fc.array(item, { maxLength: 3 }), longer).map(([items, longer]) => {
    const start = headOf(4, BigInt(items.length), longer);
    return container(start.bytes, items, start.faults);
  });
const tagged = (item: fc.Arbitrary<Item>) =>
  fc.tuple(argument, item).map(([tag, item]): Item => {
    const start = headOf(6, tag, 0);
    return { ...item, bytes: concat(start.bytes, item.bytes), faults: ['a tag', ...item.faults] };
  });

const anyKey = fc.oneof(
  { weight: 20, arbitrary: fc.oneof(integer, text) },
  { weight: 1, arbitrary: fc.oneof(byteString, simple) },
);
const order = fc.oneof(
  { weight: 8, arbitrary: fc.constant('sorted') },
  { weight: 1, arbitrary: fc.constant('as drawn') },
);

/** Lower major types first, then shorter keys, then the lower bytes (CTAP 2.3 §8). */
function compare(a: Item, b: Item): number {
  const majors = (a.bytes[0]! >> 5) - (b.bytes[0]! >> 5);
  return majors || a.bytes.length - b.bytes.length || compareBytes(a.bytes, b.bytes);
}

const mapOf = (item: fc.Arbitrary<Item>) =>
  fc.tuple(fc.array(fc.tuple(anyKey, item), { maxLength: 3 }), order, longer).map(([drawn, order, longer]) => {
    const pairs = order === 'sorted' ? drawn.toSorted(([a], [b]) => compare(a, b)) : drawn;
    const start = headOf(5, BigInt(pairs.length), longer);
    const faults = [...start.faults];
    for (const [index, [key]] of pairs.entries()) {
      if (![0, 1, 3].includes(key.bytes[0]! >> 5)) faults.push('a key that is neither an integer nor text');
      if (index > 0 && compare(pairs[index - 1]![0], key) >= 0) faults.push('keys that do not ascend');
    }
    return container(start.bytes, pairs.flat(), faults);
  });

function level(item: fc.Arbitrary<Item>): fc.Arbitrary<Item> {
  return fc.oneof(
    { weight: 4, arbitrary: item },
    { weight: 8, arbitrary: arrayOf(item) },
    { weight: 8, arbitrary: mapOf(item) },
    { weight: 1, arbitrary: tagged(item) },
  );
}
const anyItem = [1, 2, 3, 4, 5].reduce((item) => level(item), anyLeaf as fc.Arbitrary<Item>);

const message = fc
  .tuple(anyItem, fc.constantFrom('whole', 'whole', 'whole', 'whole', 'trailing', 'truncated'))
  .map(([item, end]): Item => {
    if (end === 'whole') return item;
    if (end === 'trailing')
      return { ...item, bytes: concat(item.bytes, Uint8Array.of(0)), faults: ['a trailing byte'] };
    return { ...item, bytes: item.bytes.subarray(0, -1), faults: ['truncation'] };
  });

it('takes what breaks no rule, and answers CTAP2_ERR_INVALID_CBOR to all else', () => {
  const verdicts = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(message, ({ bytes, faults, depth }) => {
      const expected = depth > 4 ? [...faults, 'nesting'] : faults;
      let status = 'taken';
      try {
        decodeCbor(bytes);
      } catch (error) {
        if (!(error instanceof CtapError)) throw error;
        status = error.statusName;
      }
      const wanted = expected.length === 0 ? 'taken' : 'CTAP2_ERR_INVALID_CBOR';
      if (status !== wanted) expect.fail(`${toHex(bytes)}: ${status}, with ${expected.join(', ') || 'no fault'}`);
      verdicts[status === 'taken' ? 'taken' : 'refused']++;
    }),
    { numRuns: 8_000 },
  );
  expect(verdicts.taken).toBeGreaterThan(1_500);
  expect(verdicts.refused).toBeGreaterThan(1_500);
});
