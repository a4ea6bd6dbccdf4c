/** CBOR of a key that may write it wrongly: what a forgiving platform would understand. */
import { Decoder } from 'cbor-x';
import { concat } from '../../ctap/bytes.ts';
import { type CborMap, type CborValue, decodeCborPrefix } from '../../ctap/cbor.ts';
import { CtapError } from '../../ctap/status.ts';
import { CheckFailure } from './check-failure.ts';

const forgiving = new Decoder({ mapsAsObjects: false, useRecords: false });

/** Bytes that may be missing at the end. */
const MISSING = new Uint8Array(4);

/**
 * Decodes one item; what comes after it, forms that are not canonical, and a few bytes that are missing at its end, are
 * borne. @throws CheckFailure for what is no CBOR
 */
export function lenientCbor(bytes: Uint8Array): CborValue {
  for (const candidate of [bytes, concat(bytes, MISSING)]) {
    try {
      return decodeCborPrefix(candidate).value;
    } catch (error) {
      if (!(error instanceof CtapError)) throw error;
    }
  }
  try {
    return plain(forgiving.decode(bytes));
  } catch (cause) {
    throw new CheckFailure('expected CBOR in the answer', { cause });
  }
}

/** What cbor-x makes, in this project's types. */
function plain(value: unknown): CborValue {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    const map: CborMap = new Map();
    for (const [key, entry] of value)
      if (typeof key === 'number' || typeof key === 'string') map.set(key, plain(entry));
    return map;
  }
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return value;
  throw new TypeError(`expected a CBOR type of CTAP2, got ${typeof value}`);
}
