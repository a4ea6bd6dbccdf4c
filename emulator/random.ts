/** Sources of random bytes: the system's, and a seeded one that gives the same key each time. */
import { createCipheriv, createHash, randomFillSync } from 'node:crypto';
import { fromHex } from '../ctap/bytes.ts';
import type { Random } from './environment.ts';

const POOL = 4096;
const pool = new Uint8Array(POOL);
let used = POOL;

/** The system's random bytes. Small requests share one call: each costs more than its bytes. */
export const systemRandom: Random = {
  bytes(length) {
    if (length > POOL / 8) return randomFillSync(new Uint8Array(length));
    if (used + length > POOL) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length); // nobody reads a key from the pool afterwards
    used += length;
    return bytes;
  },
};

/**
 * The key stream of AES-256-CTR under SHA-256 of the seed: for reproducible keys, never for real secrets.
 * @param seed hexadecimal digits, an even number
 * @throws TypeError where it is not hexadecimal
 */
export function seededRandom(seed: string): Random {
  const key = createHash('sha256').update(fromHex(seed)).digest();
  const stream = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  return { bytes: (length) => Uint8Array.from(stream.update(new Uint8Array(length))) };
}
