/** ML-DSA where this Node has it (OpenSSL 3.5 and later), else over @noble/post-quantum. */
import { createPrivateKey, randomFillSync } from 'node:crypto';
import { concat, fromHex } from '../ctap/bytes.ts';
import { Algorithm } from '../ctap/crypto.ts';
import type { SignatureScheme } from '../ctap/signature-scheme.ts';
import { seeded } from './crypto-node-signatures.ts';

const SEED_LENGTH = 32;

/** Last byte of the object identifier (2.16.840.1.101.3.4.3.n) and SPKI prefix, RFC 9881 §2 and §4. */
const parameterSets = [
  [Algorithm.ML_DSA_44, '11', '30820532300b06096086480165030403110382052100'],
  [Algorithm.ML_DSA_65, '12', '308207b2300b0609608648016503040312038207a100'],
  [Algorithm.ML_DSA_87, '13', '30820a32300b060960864801650304031303820a2100'],
] as const;

/** PKCS#8 with the seed alone (RFC 9881 §6). */
const openSeed = (oid: string) => (seed: Uint8Array) =>
  createPrivateKey({
    key: Buffer.from(concat(fromHex(`3034020100300b06096086480165030403${oid}04228020`), seed)),
    format: 'der',
    type: 'pkcs8',
  });

function openSslHasIt(): boolean {
  try {
    openSeed('11')(new Uint8Array(SEED_LENGTH));
    return true;
  } catch {
    return false; // an older OpenSSL does not know the object identifier
  }
}

/** The three parameter sets by COSE algorithm; signatures are hedged (FIPS 204 §3.4). */
export async function loadMlDsa(): Promise<(readonly [number, SignatureScheme])[]> {
  if (openSslHasIt()) {
    return parameterSets.map(([alg, oid, spki]) => [alg, seeded(SEED_LENGTH, openSeed(oid), spki)] as const);
  }
  const { mlDsaSchemes } = await import('../ctap/ml-dsa.ts');
  return mlDsaSchemes(() => randomFillSync(new Uint8Array(SEED_LENGTH)));
}
