/** getPublicKey() and getPublicKeyAlgorithm(): WebAuthn Level 3 §5.2.1.1. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { toBase64Url } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { ProtocolError } from '../client/protocol-error.ts';

const KEY_TYPE = { OKP: 1, EC2: 2, RSA: 3 } as const;
const EC_CURVES: ReadonlyMap<unknown, string> = new Map([
  [1, 'P-256'],
  [2, 'P-384'],
  [3, 'P-521'],
]);
const OKP_CURVES: ReadonlyMap<unknown, string> = new Map([
  [6, 'Ed25519'],
  [7, 'Ed448'],
]);

/** The COSE algorithm of a credential's public key. @throws ProtocolError where there is none */
export function publicKeyAlgorithm(key: CborMap): number {
  const alg = key.get(3);
  if (typeof alg !== 'number') throw new ProtocolError('COSE_Key: expected an algorithm (3)');
  return alg;
}

function member(key: CborMap, label: number): string {
  const value = key.get(label);
  if (!(value instanceof Uint8Array)) throw new ProtocolError(`COSE_Key: expected a byte string at ${label}`);
  return toBase64Url(value);
}

function toJwk(key: CborMap): JsonWebKey | undefined {
  const crv = key.get(-1);
  switch (key.get(1)) {
    case KEY_TYPE.EC2:
      return EC_CURVES.has(crv)
        ? { kty: 'EC', crv: EC_CURVES.get(crv)!, x: member(key, -2), y: member(key, -3) }
        : undefined;
    case KEY_TYPE.OKP:
      return OKP_CURVES.has(crv) ? { kty: 'OKP', crv: OKP_CURVES.get(crv)!, x: member(key, -2) } : undefined;
    case KEY_TYPE.RSA:
      return { kty: 'RSA', n: member(key, -1), e: member(key, -2) };
    default:
      return undefined;
  }
}

/** SubjectPublicKeyInfo, DER; undefined for a key of a kind that this client does not know. */
export function subjectPublicKeyInfo(key: CborMap): Uint8Array | undefined {
  const jwk = toJwk(key);
  if (!jwk) return undefined;
  try {
    return new Uint8Array(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw new ProtocolError('COSE_Key: expected a public key of its curve', { cause });
  }
}
