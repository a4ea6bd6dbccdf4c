/** Where the keys of a lab get their random numbers and their cryptography. */
import { fromHex, toHex, utf8 } from '../../ctap/bytes.ts';
import type { Crypto, Random } from '../environment.ts';
import { seededRandom, systemRandom } from '../random.ts';

/**
 * OpenSSL draws its own nonces, so a seeded key signs with the portable, deterministic signatures.
 * @param whose a key's number less one, or what else draws
 */
export async function chance(
  seed: string | undefined,
  whose: number | 'authority' | `token-${number}`,
): Promise<{ random: Random; crypto: Crypto }> {
  if (seed === undefined) {
    const { nodeCrypto } = await import('../crypto-node.ts');
    return { random: systemRandom, crypto: nodeCrypto };
  }
  const { nobleCrypto } = await import('../../ctap/crypto-noble.ts');
  const purpose = typeof whose === 'string' ? utf8(whose) : Uint8Array.of(whose >> 8, whose & 0xff);
  const own = nobleCrypto.sha256(fromHex(seed), purpose);
  return { random: seededRandom(toHex(own)), crypto: nobleCrypto };
}
