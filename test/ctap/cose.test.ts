import { describe, expect, it } from 'vitest';
import { toHex } from '../../ctap/bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../ctap/cose.ts';
import { CtapError } from '../../ctap/status.ts';

const bytes = (length: number, fill = 0xab) => new Uint8Array(length).fill(fill);

/** Algorithm, key type, further members by label, bytes of the public key. */
const forms: readonly (readonly [alg: number, kty: number, members: Record<number, CborValue>, length: number])[] = [
  [-7, 2, { [-1]: 1, [-2]: bytes(32), [-3]: bytes(32) }, 64],
  [-9, 2, { [-1]: 1, [-2]: bytes(32), [-3]: bytes(32) }, 64],
  [ECDH_ES_HKDF_256, 2, { [-1]: 1, [-2]: bytes(32), [-3]: bytes(32) }, 64],
  [-35, 2, { [-1]: 2, [-2]: bytes(48), [-3]: bytes(48) }, 96],
  [-51, 2, { [-1]: 2, [-2]: bytes(48), [-3]: bytes(48) }, 96],
  [-36, 2, { [-1]: 3, [-2]: bytes(66), [-3]: bytes(66) }, 132],
  [-52, 2, { [-1]: 3, [-2]: bytes(66), [-3]: bytes(66) }, 132],
  [-8, 1, { [-1]: 6, [-2]: bytes(32) }, 32],
  [-19, 1, { [-1]: 6, [-2]: bytes(32) }, 32],
  [-53, 1, { [-1]: 7, [-2]: bytes(57) }, 57],
  [-48, 7, { [-1]: bytes(1312) }, 1312],
  [-49, 7, { [-1]: bytes(1952) }, 1952],
  [-50, 7, { [-1]: bytes(2592) }, 2592],
  [-257, 3, { [-1]: bytes(256), [-2]: Uint8Array.of(1, 0, 1) }, 260],
];

function keyOf(alg: number, kty: number, members: Record<number, CborValue>): CborMap {
  const entries = Object.entries(members).map(([label, value]) => [Number(label), value] as const);
  return new Map<number, CborValue>([[1, kty], [3, alg], ...entries]);
}

function statusOf(key: CborMap): string {
  try {
    decodeCoseKey(key);
    return 'CTAP2_OK';
  } catch (error) {
    if (error instanceof CtapError) return error.statusName;
    throw error;
  }
}

describe.each(forms)('COSE_Key of algorithm %i', (alg, kty, members, length) => {
  const key = keyOf(alg, kty, members);

  it('is read and written the same', () => {
    const decoded = decodeCoseKey(key);
    expect([decoded.alg, decoded.publicKey.length]).toEqual([alg, length]);
    expect(toHex(encodeCbor(encodeCoseKey(decoded)))).toBe(toHex(encodeCbor(key)));
  });

  it('is refused where a member is missing, of another type, or of a wrong value', () => {
    for (const label of key.keys()) {
      const without = new Map(key);
      without.delete(label);
      expect(statusOf(without)).toBe('CTAP2_ERR_MISSING_PARAMETER');
      expect(statusOf(new Map(key).set(label, 'text'))).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
      const value = key.get(label);
      const wrong = value instanceof Uint8Array ? bytes(value.length <= 4 ? 5 : value.length - 1) : 99;
      expect(statusOf(new Map(key).set(label, wrong))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    }
  });
});

it('refuses to write an algorithm that it does not know', () => {
  expect(() => encodeCoseKey({ alg: -999, publicKey: bytes(32) })).toThrow(
    new RangeError('no COSE_Key form is known for algorithm -999'),
  );
});
