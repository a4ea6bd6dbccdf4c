/**
 * COSE keys as CTAP carries them: only public keys, in canonical order. RFC 9052 §7 and RFC 9053 §7 (EC2, OKP),
 * RFC 8230 §4 (RSA), RFC 9864 (fully specified algorithms), the AKP key type of draft-ietf-cose-dilithium (ML-DSA).
 */
import { concat } from './bytes.ts';
import type { CborMap, CborValue } from './cbor.ts';
import { Algorithm } from './crypto.ts';
import { joinRsaPublicKey, splitRsaPublicKey } from './rsa.ts';
import { CtapError } from './status.ts';

/** The algorithm member of key-agreement keys, by CTAP 2.3 §6.5.6 ECDH-ES+HKDF-256 though HKDF is not what happens. */
export const ECDH_ES_HKDF_256 = -25;

/** A public key: its algorithm and its bytes as ctap/crypto.ts shapes them. */
export interface CosePublicKey {
  readonly alg: number;
  readonly publicKey: Uint8Array;
}

const KTY_OKP = 1;
const KTY_EC2 = 2;
const KTY_RSA = 3;
const KTY_AKP = 7;

/** How the keys of an algorithm are written. `size` counts the bytes of one coordinate or of the whole key. */
type Form =
  | { readonly kty: typeof KTY_EC2 | typeof KTY_OKP; readonly curve: number; readonly size: number }
  | { readonly kty: typeof KTY_AKP; readonly size: number }
  | { readonly kty: typeof KTY_RSA };

const P256: Form = { kty: KTY_EC2, curve: 1, size: 32 };
const P384: Form = { kty: KTY_EC2, curve: 2, size: 48 };
const P521: Form = { kty: KTY_EC2, curve: 3, size: 66 };
const ED25519: Form = { kty: KTY_OKP, curve: 6, size: 32 };
const ED448: Form = { kty: KTY_OKP, curve: 7, size: 57 };

const forms: ReadonlyMap<number, Form> = new Map<number, Form>([
  [Algorithm.ES256, P256],
  [Algorithm.ESP256, P256],
  [ECDH_ES_HKDF_256, P256],
  [Algorithm.ES384, P384],
  [Algorithm.ESP384, P384],
  [Algorithm.ES512, P521],
  [Algorithm.ESP512, P521],
  [Algorithm.EdDSA, ED25519],
  [Algorithm.Ed25519, ED25519],
  [Algorithm.Ed448, ED448],
  [Algorithm.ML_DSA_44, { kty: KTY_AKP, size: 1312 }],
  [Algorithm.ML_DSA_65, { kty: KTY_AKP, size: 1952 }],
  [Algorithm.ML_DSA_87, { kty: KTY_AKP, size: 2592 }],
  [Algorithm.RS256, { kty: KTY_RSA }],
]);

/** The COSE_Key of a credential or key-agreement public key. @throws RangeError for an unknown algorithm */
export function encodeCoseKey({ alg, publicKey }: CosePublicKey): CborMap {
  const form = forms.get(alg);
  if (!form) throw new RangeError(`no COSE_Key form is known for algorithm ${alg}`);
  const key = new Map<number, CborValue>([
    [1, form.kty],
    [3, alg],
  ]);
  switch (form.kty) {
    case KTY_EC2:
      return key.set(-1, form.curve).set(-2, publicKey.subarray(0, form.size)).set(-3, publicKey.subarray(form.size));
    case KTY_OKP:
      return key.set(-1, form.curve).set(-2, publicKey);
    case KTY_AKP:
      return key.set(-1, publicKey);
    case KTY_RSA: {
      const { n, e } = splitRsaPublicKey(publicKey);
      return key.set(-1, n).set(-2, e);
    }
  }
}

/**
 * Reads a COSE_Key.
 * @throws CtapError CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE or CTAP1_ERR_INVALID_PARAMETER
 */
export function decodeCoseKey(key: CborMap): CosePublicKey {
  const kty = integer(key, 1, 'kty');
  const alg = integer(key, 3, 'alg');
  const form = forms.get(alg);
  if (form?.kty !== kty) throw invalid(`COSE_Key of kty ${kty} and alg ${alg} is not known`);
  switch (form.kty) {
    case KTY_EC2:
      checkCurve(key, form.curve, alg);
      return { alg, publicKey: concat(byteString(key, -2, 'x', form.size), byteString(key, -3, 'y', form.size)) };
    case KTY_OKP:
      checkCurve(key, form.curve, alg);
      return { alg, publicKey: byteString(key, -2, 'x', form.size) };
    case KTY_AKP:
      return { alg, publicKey: byteString(key, -1, 'pub', form.size) };
    case KTY_RSA: {
      const [n, e] = [byteString(key, -1, 'n'), byteString(key, -2, 'e')];
      if (n.length < 256 || e.length === 0 || e.length > 4) {
        throw invalid(
          `COSE_Key: expected an RSA key of 2048 bits or more, got n of ${n.length}, e of ${e.length} bytes`,
        );
      }
      return { alg, publicKey: joinRsaPublicKey(n, e) };
    }
  }
}

function invalid(detail: string): CtapError {
  return new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
}

function checkCurve(key: CborMap, expected: number, alg: number): void {
  const curve = integer(key, -1, 'crv');
  if (curve !== expected) throw invalid(`COSE_Key crv (-1): expected ${expected} for alg ${alg}, got ${curve}`);
}

function member(key: CborMap, label: number, name: string): CborValue {
  const value = key.get(label);
  if (value !== undefined) return value;
  throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `COSE_Key has no ${name} (${label})`);
}

function integer(key: CborMap, label: number, name: string): number {
  const value = member(key, label, name);
  if (typeof value === 'number') return value;
  throw new CtapError('CTAP2_ERR_CBOR_UNEXPECTED_TYPE', `COSE_Key ${name} (${label}) is not an integer`);
}

function byteString(key: CborMap, label: number, name: string, size?: number): Uint8Array {
  const value = member(key, label, name);
  if (!(value instanceof Uint8Array)) {
    throw new CtapError('CTAP2_ERR_CBOR_UNEXPECTED_TYPE', `COSE_Key ${name} (${label}) is not a byte string`);
  }
  if (size !== undefined && value.length !== size) {
    throw invalid(`COSE_Key ${name} (${label}): expected ${size} bytes, got ${value.length}`);
  }
  return value;
}
