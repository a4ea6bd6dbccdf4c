/** Attestation statements and objects: WebAuthn Level 3 §6.5 and §8; CTAP 2.3 §6.1. */
import { concat } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { array, bytes, type Infer, int, map, message, optional, required, text } from './schema.ts';

/** `packed` (§8.2): self attestation where x5c is absent, a chain (leaf first, DER) where it is there. */
export const packedStatement = message('packed attStmt', {
  alg: required('alg', int),
  sig: required('sig', bytes()),
  x5c: optional('x5c', array(bytes())),
});
export type PackedStatement = Infer<typeof packedStatement>;

/** `fido-u2f` (§8.6): one certificate. */
export const fidoU2fStatement = message('fido-u2f attStmt', {
  x5c: required('x5c', array(bytes())),
  sig: required('sig', bytes()),
});
export type FidoU2fStatement = Infer<typeof fidoU2fStatement>;

/** The attestation object that a relying party receives; text keys, unlike the CTAP answer. */
export const attestationObject = message('attestationObject', {
  fmt: required('fmt', text),
  attStmt: required('attStmt', map),
  authData: required('authData', bytes()),
});
export type AttestationObject = Infer<typeof attestationObject>;

/** Bytes of an attestation object. */
export function encodeAttestationObject(fmt: string, attStmt: CborMap, authData: Uint8Array): Uint8Array {
  return encodeCbor(attestationObject.encode({ fmt, attStmt, authData }));
}

/** The `none` attestation's statement: an empty map (§8.7). */
export function noneStatement(): CborMap {
  return new Map<string, CborValue>();
}

/** What a U2F attestation signs (U2F raw messages §4.3). `publicKey` is X and Y, 64 bytes. */
export function u2fAttestationBytes(
  rpIdHash: Uint8Array,
  clientDataHash: Uint8Array,
  credentialId: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  return concat(Uint8Array.of(0), rpIdHash, clientDataHash, credentialId, Uint8Array.of(4), publicKey);
}
