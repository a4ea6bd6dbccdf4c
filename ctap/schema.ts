/**
 * One declaration for both directions of a CTAP message: a table of fields becomes a decoder that answers
 * wrong input with the specification's status, and an encoder that writes canonical order.
 */
import { type CborKey, type CborMap, type CborValue, compareKeys } from './cbor.ts';
import { CtapError, type StatusName } from './status.ts';

/** Turns a decoded CBOR value into T and back. `path` names the place in error messages. */
export interface Codec<T> {
  decode(value: CborValue, path: string): T;
  encode(value: T): CborValue;
}

/** The type that a codec carries. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

function kindOf(value: CborValue): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'a byte string';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Map) return 'a map';
  return typeof value === 'string' ? 'text' : `${typeof value} ${value}`;
}

/** CTAP2_ERR_CBOR_UNEXPECTED_TYPE, told what was expected and what came. */
export function unexpectedType(path: string, expected: string, value: CborValue): CtapError {
  return new CtapError('CTAP2_ERR_CBOR_UNEXPECTED_TYPE', `${path}: expected ${expected}, got ${kindOf(value)}`);
}

function same<T extends CborValue>(value: T): CborValue {
  return value;
}

/** A byte string, of exactly `length` bytes where given (else CTAP1_ERR_INVALID_LENGTH). */
export function bytes(length?: number): Codec<Uint8Array> {
  return {
    decode(value, path) {
      if (!(value instanceof Uint8Array)) throw unexpectedType(path, 'a byte string', value);
      if (length !== undefined && value.length !== length) {
        throw new CtapError('CTAP1_ERR_INVALID_LENGTH', `${path}: expected ${length} bytes, got ${value.length}`);
      }
      return value;
    },
    encode: same,
  };
}

export const text: Codec<string> = {
  decode(value, path) {
    if (typeof value !== 'string') throw unexpectedType(path, 'text', value);
    return value;
  },
  encode: same,
};

export const bool: Codec<boolean> = {
  decode(value, path) {
    if (typeof value !== 'boolean') throw unexpectedType(path, 'a boolean', value);
    return value;
  },
  encode: same,
};

/** An integer of either sign within 2^53. */
export const int: Codec<number> = {
  decode(value, path) {
    if (typeof value === 'bigint') {
      if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
      throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', `${path}: ${value} is out of range`);
    }
    if (typeof value !== 'number' || !Number.isInteger(value)) throw unexpectedType(path, 'an integer', value);
    return value;
  },
  encode: same,
};

/** A non-negative integer within 2^53. */
export const uint: Codec<number> = {
  decode(value, path) {
    const number = int.decode(value, path);
    if (number < 0) throw unexpectedType(path, 'an unsigned integer', value);
    return number;
  },
  encode: same,
};

/** An unsigned integer of 64 bits, as vendors choose their command ids. */
export const uint64: Codec<bigint> = {
  decode(value, path) {
    if (typeof value === 'bigint' && value >= 0n) return value;
    return BigInt(uint.decode(value, path));
  },
  encode: same,
};

/** Any CBOR map, left as it is: for COSE keys and extension inputs, which their own modules read. */
export const map: Codec<CborMap> = {
  decode(value, path) {
    if (!(value instanceof Map)) throw unexpectedType(path, 'a map', value);
    return value;
  },
  encode: same,
};

/** Any value, left as it is. */
export const any: Codec<CborValue> = { decode: (value) => value, encode: same };

export function array<T>(item: Codec<T>): Codec<T[]> {
  return {
    decode(value, path) {
      if (!Array.isArray(value)) throw unexpectedType(path, 'an array', value);
      return value.map((entry, index) => item.decode(entry, `${path}[${index}]`));
    },
    encode: (values) => values.map(item.encode),
  };
}

/** A map from text to one kind of value, as getInfo's options or the extensions of a request. */
export function record<T>(item: Codec<T>): Codec<Record<string, T>> {
  return {
    decode(value, path) {
      if (!(value instanceof Map)) throw unexpectedType(path, 'a map', value);
      const result: Record<string, T> = Object.create(null);
      for (const [key, entry] of value) {
        if (typeof key !== 'string') throw unexpectedType(`${path} key`, 'text', key);
        result[key] = item.decode(entry, `${path}.${key}`);
      }
      return result;
    },
    encode(values) {
      const entries = Object.entries(values).filter(([, entry]) => entry !== undefined);
      return new Map(entries.map(([key, entry]) => [key, item.encode(entry)] as const));
    },
  };
}

interface Field<T, Optional extends boolean> {
  readonly key: CborKey;
  readonly codec: Codec<T>;
  readonly optional: Optional;
}

/** A member that must be present. */
export function required<T>(key: CborKey, codec: Codec<T>): Field<T, false> {
  return { key, codec, optional: false };
}

/** A member that may be absent. */
export function optional<T>(key: CborKey, codec: Codec<T>): Field<T, true> {
  return { key, codec, optional: true };
}

type Fields = Record<string, Field<unknown, boolean>>;
type Simplify<T> = { [K in keyof T]: T[K] };
type Value<F> = F extends Field<infer T, boolean> ? T : never;
type MessageOf<F> = Simplify<
  { [K in keyof F as F[K] extends Field<unknown, true> ? never : K]: Value<F[K]> } & {
    [K in keyof F as F[K] extends Field<unknown, true> ? K : never]?: Value<F[K]> | undefined;
  }
>;

/** A message table: its codec, and its members in canonical order for tools that explain a message. */
export interface Message<T> extends Codec<T> {
  readonly name: string;
  encode(value: T): CborMap;
  readonly members: readonly { readonly name: string; readonly key: CborKey; readonly optional: boolean }[];
}

/**
 * Declares a map with known keys. Unknown keys are ignored, as CTAP asks of both sides.
 * Missing members answer `missing` (CTAP2_ERR_MISSING_PARAMETER unless told otherwise).
 */
// biome-ignore lint/suspicious/noExplicitAny: the only way to accept every Field<T, _> while inferring each T
export function message<F extends Record<string, Field<any, boolean>>>(
  name: string,
  fields: F,
  missing: StatusName = 'CTAP2_ERR_MISSING_PARAMETER',
): Message<MessageOf<F>> {
  const table = Object.entries(fields as Fields)
    .map(([member, field]) => ({ name: member, path: `${name}.${member}`, ...field }))
    .sort((a, b) => compareKeys(a.key, b.key));
  return {
    name,
    members: table.map(({ name: member, key, optional: may }) => ({ name: member, key, optional: may })),
    decode(value) {
      if (!(value instanceof Map)) throw unexpectedType(name, 'a map', value);
      const result: Record<string, unknown> = {};
      for (const field of table) {
        const entry = value.get(field.key);
        if (entry !== undefined) result[field.name] = field.codec.decode(entry, field.path);
        else if (!field.optional) throw new CtapError(missing, `${field.path} (key ${field.key}) is missing`);
      }
      return result as MessageOf<F>;
    },
    encode(value) {
      const result: CborMap = new Map();
      for (const field of table) {
        const entry = (value as Record<string, unknown>)[field.name];
        if (entry !== undefined) result.set(field.key, field.codec.encode(entry));
        else if (!field.optional) throw new TypeError(`${field.path} is missing`);
      }
      return result;
    },
  };
}
