import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../ctap/bytes.ts';
import { type CborValue, decodeCbor, decodeCborPrefix, encodeCbor } from '../../ctap/cbor.ts';
import { CtapError, Status } from '../../ctap/status.ts';

function statusOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof CtapError) return error.status;
    throw error;
  }
  return Status.CTAP2_OK;
}

describe('decodeCbor', () => {
  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1000000],
    ['1b000000e8d4a51000', 1000000000000],
    ['1bffffffffffffffff', 18446744073709551615n],
    ['3bffffffffffffffff', -18446744073709551616n],
    ['3863', -100],
    ['f4', false],
    ['f6', null],
    ['6161', 'a'],
    ['62c3bc', 'ü'],
    ['fb3ff199999999999a', 1.1],
    ['80', []],
    ['83010203', [1, 2, 3]],
  ] as [string, CborValue][])('reads RFC 8949 example %s', (hex, value) => {
    const decoded = decodeCbor(fromHex(hex));
    expect(
      typeof value === 'bigint' ? BigInt(decoded as bigint) : Number.isSafeInteger(value) ? Number(decoded) : decoded,
    ).toEqual(value);
  });

  it.each([
    ['nothing at all', ''],
    ['trailing bytes', '0000'],
    ['an integer that fits a shorter form', '1817'],
    ['a 16-bit integer that fits 8 bits', '190017'],
    ['a 32-bit integer that fits 16 bits', '1a0000ffff'],
    ['a 64-bit integer that fits 32 bits', '1b00000000ffffffff'],
    ['a length that fits a shorter form', '580161'],
    ['an indefinite byte string', '5f4101ff'],
    ['an indefinite text', '7f6161ff'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite map', 'bf0102ff'],
    ['a lone break', 'ff'],
    ['reserved additional information', '1c'],
    ['duplicate keys', 'a201010102'],
    ['unsorted integer keys', 'a202000100'],
    ['a negative key before a positive one', 'a220000100'],
    ['unsorted text keys of one length', 'a2616200616100'],
    ['a longer text key before a shorter one', 'a262616100616200'],
    ['a text key before an integer', 'a2616100' + '0100'],
    ['a byte string as key', 'a1410100'],
    ['an array as key', 'a1800000'],
    ['wrong UTF-8', '61ff'],
    ['an overlong UTF-8 form', '62c080'],
    ['a surrogate in UTF-8', '63eda080'],
    ['a tag', 'c000'],
    ['undefined', 'f7'],
    ['a reserved simple value', 'f818'],
    ['a truncated byte string', '420a'],
    ['a truncated map', 'a101'],
    ['a truncated length', '19ff'],
    ['a length far beyond the message', '5b7fffffffffffffff'],
    ['an array far beyond the message', '9b7fffffffffffffff'],
    ['five levels of arrays', '8181818180'],
    ['five levels of maps', 'a101a101a101a101a0'],
  ])('answers CTAP2_ERR_INVALID_CBOR to %s', (_, hex) => {
    expect(statusOf(() => decodeCbor(fromHex(hex)))).toBe(Status.CTAP2_ERR_INVALID_CBOR);
  });

  it('takes four levels', () => {
    expect(decodeCbor(fromHex('81818180'))).toEqual([[[[]]]]);
  });

  it('gives byte strings that do not change with the message they came in', () => {
    const message = fromHex('4101');
    const decoded = decodeCbor(message) as Uint8Array;
    message[1] = 9;
    expect(decoded[0]).toBe(1);
  });

  it('never answers anything but a value or CTAP2_ERR_INVALID_CBOR to random bytes, and what it takes is canonical', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let value: CborValue;
        try {
          value = decodeCbor(bytes);
        } catch (error) {
          expect((error as CtapError).status).toBe(Status.CTAP2_ERR_INVALID_CBOR);
          return;
        }
        if (!/f[9ab]/.test(toHex(bytes))) expect(toHex(encodeCbor(value))).toBe(toHex(bytes));
      }),
      { numRuns: 20_000 },
    );
  });
});

const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
);
const key = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.string({ unit: 'grapheme', maxLength: 30 }));
const container = (item: fc.Arbitrary<CborValue>): fc.Arbitrary<CborValue> =>
  fc.oneof(
    fc.array(item, { maxLength: 5 }),
    fc.array(fc.tuple(key, item), { maxLength: 5 }).map((entries) => new Map(entries)),
  );
const tree = container(fc.oneof(leaf, container(fc.oneof(leaf, container(leaf)))));

/** Integers compare by value: cbor-x reads 64-bit ones as number or bigint by their size. */
function plain(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [plain(k), plain(v)]));
  return value;
}

describe('encodeCbor', () => {
  it('sorts keys and writes the shortest form', () => {
    const map = new Map<number | string, CborValue>([
      ['bb', 1],
      ['a', 2],
      [-1, 3],
      [24, 4],
      [1, 2 ** 40],
      [-25, 5],
    ]);
    expect(toHex(encodeCbor(map))).toBe(
      'a6' + '011b0000010000000000' + '181804' + '2003' + '381805' + '616102' + '62626201',
    );
  });

  it('sorts inside arrays and maps too', () => {
    const nested = [
      new Map([
        [2, 0],
        [1, 0],
      ]),
      new Map([
        [
          1,
          new Map([
            ['b', 0],
            ['a', 0],
          ]),
        ],
      ]),
    ] as CborValue;
    expect(toHex(encodeCbor(nested))).toBe('82a201000200a101a2616100616200');
  });

  it('writes what decodeCbor takes, unchanged', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(plain(decodeCbor(encodeCbor(value)))).toEqual(plain(value));
      }),
      { numRuns: 3_000 },
    );
  });

  it('leaves the value it was given as it was', () => {
    const map = new Map<number, CborValue>([
      [2, 0],
      [1, 0],
    ]);
    encodeCbor(map);
    expect([...map.keys()]).toEqual([2, 1]);
  });
});

describe('decodeCborPrefix', () => {
  it('reads one item and tells its length', () => {
    const bytes = new Encoder({ useRecords: false }).encode([1, 'a']);
    expect(decodeCborPrefix(Buffer.concat([bytes, fromHex('ffff')]))).toEqual({
      value: [1, 'a'],
      length: bytes.length,
    });
  });
});
