import { describe, expect, it } from 'vitest';
import { toHex } from '../../ctap/bytes.ts';
import { type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import {
  any,
  array,
  bool,
  bytes,
  type Codec,
  int,
  map,
  message,
  optional,
  record,
  required,
  text,
  uint,
} from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';

const inner = message('inner', { id: required('id', bytes()), name: optional('name', text) });
const outer = message('outer', {
  last: optional(-1, bool),
  count: required(1, uint),
  items: optional(2, array(inner)),
  options: optional(0x10, record(bool)),
});

function failure(codec: Codec<unknown>, value: CborValue): string {
  try {
    codec.decode(value, 'path');
  } catch (error) {
    if (error instanceof CtapError) return error.message;
    throw error;
  }
  return 'none';
}

describe('a message', () => {
  const value = { count: 7, last: true, items: [{ id: Uint8Array.of(1), name: 'one' }, { id: Uint8Array.of(2) }] };

  it('is encoded in canonical order, whatever the order of its declaration', () => {
    expect(toHex(encodeCbor(outer.encode(value)))).toBe('a301070282a26269644101646e616d65636f6e65a1626964410220f5');
    expect([...outer.encode(value).keys()]).toEqual([1, 2, -1]);
    expect(outer.members).toEqual([
      { name: 'count', key: 1, optional: false },
      { name: 'items', key: 2, optional: true },
      { name: 'options', key: 0x10, optional: true },
      { name: 'last', key: -1, optional: true },
    ]);
  });

  it('is decoded to what was encoded', () => {
    expect(outer.decode(outer.encode(value), 'outer')).toEqual(value);
  });

  it('ignores members that it does not know', () => {
    const map = new Map<number | string, CborValue>([
      [1, 7],
      [99, 'later'],
      ['x', null],
    ]);
    expect(outer.decode(map, 'outer')).toEqual({ count: 7 });
  });

  it('leaves out members that are undefined', () => {
    expect([...outer.encode({ count: 1, last: undefined }).keys()]).toEqual([1]);
  });

  it('names the member that is missing or wrong', () => {
    expect(failure(outer, new Map())).toBe('CTAP2_ERR_MISSING_PARAMETER: outer.count (key 1) is missing');
    expect(failure(outer, [])).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE: outer: expected a map, got an array');
    const wrongName = new Map<number, CborValue>([
      [1, 1],
      [
        2,
        [
          new Map<string, CborValue>([
            ['id', new Uint8Array()],
            ['name', 1],
          ]),
        ],
      ],
    ]);
    expect(failure(outer, wrongName)).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE: inner.name: expected text, got number 1');
  });

  it('may name another status for a missing member', () => {
    const strict = message('strict', { alg: required('alg', int) }, 'CTAP2_ERR_INVALID_CBOR');
    expect(failure(strict, new Map())).toBe('CTAP2_ERR_INVALID_CBOR: strict.alg (key alg) is missing');
  });

  it('is not encoded without a required member', () => {
    expect(() => outer.encode({} as { count: number })).toThrow('outer.count is missing');
  });
});

describe('codecs', () => {
  const maxSafe = Number.MAX_SAFE_INTEGER;
  it.each<[string, Codec<unknown>, readonly CborValue[]]>([
    ['bytes', bytes(), [new Uint8Array(), Uint8Array.of(1)]],
    ['bytes(2)', bytes(2), [Uint8Array.of(1, 2)]],
    ['text', text, ['', 'text']],
    ['bool', bool, [true, false]],
    ['int', int, [0, -1, maxSafe, -maxSafe]],
    ['uint', uint, [0, 1, maxSafe]],
    ['map', map, [new Map()]],
    ['array', array(uint), [[], [1, 2]]],
    ['record', record(bool), [new Map([['rk', true]])]],
    ['any', any, [null, 1, 'x', []]],
  ])('%s gives back what it takes', (_, codec, values) => {
    for (const value of values) expect(codec.encode(codec.decode(value, 'path'))).toEqual(value);
  });

  it.each<[string, Codec<unknown>, CborValue, string]>([
    ['bytes', bytes(), 'x', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected a byte string, got text'],
    ['bytes(2)', bytes(2), Uint8Array.of(1), 'CTAP1_ERR_INVALID_LENGTH: path: expected 2 bytes, got 1'],
    ['text', text, Uint8Array.of(1), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected text, got a byte string'],
    ['bool', bool, 1, 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected a boolean, got number 1'],
    ['int', int, 1.5, 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected an integer, got number 1.5'],
    ['int', int, 2n ** 60n, `CTAP1_ERR_INVALID_PARAMETER: path: ${2n ** 60n} is out of range`],
    ['uint', uint, -1, 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected an unsigned integer, got number -1'],
    ['map', map, null, 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected a map, got null'],
    ['array', array(uint), new Map(), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path: expected an array, got a map'],
    ['array', array(uint), [1, true], 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path[1]: expected an integer, got boolean true'],
    [
      'record',
      record(bool),
      new Map([[1, true]]),
      'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path key: expected text, got number 1',
    ],
    [
      'record',
      record(bool),
      new Map([['rk', 1]]),
      'CTAP2_ERR_CBOR_UNEXPECTED_TYPE: path.rk: expected a boolean, got number 1',
    ],
  ])('%s tells what it expected and what came', (_, codec, value, expected) => {
    expect(failure(codec, value)).toBe(expected);
  });

  it('a record has no members that nobody gave it', () => {
    const decoded = record(bool).decode(new Map([['__proto__', true]]), 'path');
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect('toString' in decoded).toBe(false);
  });
});
