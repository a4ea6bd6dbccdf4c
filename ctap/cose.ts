/** COSE keys (RFC 9052 §7, RFC 9053 §7) as CTAP carries them: only public keys, in canonical order. */
import { concat } from './bytes.ts';
import type { CborMap, CborValue } from './cbor.ts';
import { Algorithm } from './crypto.ts';
import { CtapError } from './status.ts';

/** The algorithm member of key-agreement keys, by CTAP 2.3 §6.5.6 ECDH-ES+HKDF-256 though HKDF is not what happens. */
export const ECDH_ES_HKDF_256 = -25;

/** A public key: its algorithm and its bytes as ctap/crypto.ts shapes them (P-256: X and Y; Ed25519: 32 bytes). */
export interface CosePublicKey {
  readonly alg: number;
  readonly publicKey: Uint8Array;
}

const KTY_OKP = 1;
const KTY_EC2 = 2;
const CURVE_P256 = 1;
const CURVE_ED25519 = 6;

function ec2(alg: number, publicKey: Uint8Array, curve: number): CborMap {
  const size = publicKey.length / 2;
  return new Map<number, CborValue>([
    [1, KTY_EC2],
    [3, alg],
    [-1, curve],
    [-2, publicKey.subarray(0, size)],
    [-3, publicKey.subarray(size)],
  ]);
}

/** The COSE_Key of a credential or key-agreement public key. */
export function encodeCoseKey({ alg, publicKey }: CosePublicKey): CborMap {
  switch (alg) {
    case Algorithm.ES256:
    case ECDH_ES_HKDF_256:
      return ec2(alg, publicKey, CURVE_P256);
    case Algorithm.EdDSA:
      return new Map<number, CborValue>([
        [1, KTY_OKP],
        [3, alg],
        [-1, CURVE_ED25519],
        [-2, publicKey],
      ]);
    default:
      throw new RangeError(`no COSE_Key form is known for algorithm ${alg}`);
  }
}

function coordinate(key: CborMap, label: number, name: string): Uint8Array {
  const value = key.get(label);
  if (value === undefined) throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `COSE_Key has no ${name} (${label})`);
  if (!(value instanceof Uint8Array)) {
    throw new CtapError('CTAP2_ERR_CBOR_UNEXPECTED_TYPE', `COSE_Key ${name} (${label}) is not a byte string`);
  }
  if (value.length !== 32) {
    throw new CtapError(
      'CTAP1_ERR_INVALID_PARAMETER',
      `COSE_Key ${name} (${label}) has ${value.length} bytes, expected 32`,
    );
  }
  return value;
}

/**
 * Reads a COSE_Key.
 * @throws CtapError CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE or CTAP1_ERR_INVALID_PARAMETER
 */
export function decodeCoseKey(key: CborMap): CosePublicKey {
  const [kty, alg, curve] = [key.get(1), key.get(3), key.get(-1)];
  if (kty === undefined || alg === undefined || curve === undefined) {
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'COSE_Key has no kty (1), alg (3) or crv (-1)');
  }
  if (typeof kty !== 'number' || typeof alg !== 'number' || typeof curve !== 'number') {
    throw new CtapError('CTAP2_ERR_CBOR_UNEXPECTED_TYPE', 'COSE_Key kty (1), alg (3) and crv (-1) must be integers');
  }
  if (kty === KTY_EC2 && curve === CURVE_P256 && (alg === Algorithm.ES256 || alg === ECDH_ES_HKDF_256)) {
    return { alg, publicKey: concat(coordinate(key, -2, 'x'), coordinate(key, -3, 'y')) };
  }
  if (kty === KTY_OKP && curve === CURVE_ED25519 && alg === Algorithm.EdDSA) {
    return { alg, publicKey: coordinate(key, -2, 'x') };
  }
  throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', `COSE_Key of kty ${kty}, alg ${alg}, crv ${curve} is not known`);
}
