/** How much of an attestation a relying party gets: WebAuthn Level 3 §5.1.3, "attestation conveyance". */
import { encodeAttestationObject, noneStatement } from '../../ctap/attestation.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import type { AttestationConveyancePreference } from './options.ts';

export interface Attestation {
  readonly fmt: string;
  readonly attStmt: CborMap;
  /** Authenticator data with attested credential data. */
  readonly authData: Uint8Array;
}

const AAGUID_START = 37;
const AAGUID_END = 53;

/** Self attestation tells nothing of the key: no certificate, and no AAGUID. */
function isSelfAttestation({ fmt, attStmt, authData }: Attestation): boolean {
  const aaguid = authData.subarray(AAGUID_START, AAGUID_END);
  return fmt === 'packed' && !attStmt.has('x5c') && aaguid.every((byte) => byte === 0);
}

/** The attestation as the relying party may see it: without the statement and the AAGUID where it asked for none. */
export function conveyed(attestation: Attestation, preference: AttestationConveyancePreference): Attestation {
  if (preference !== 'none' || isSelfAttestation(attestation)) return attestation;
  const authData = attestation.authData.slice();
  authData.fill(0, AAGUID_START, AAGUID_END);
  return { fmt: 'none', attStmt: noneStatement(), authData };
}

/** Bytes of the attestation object. */
export function attestationObject({ fmt, attStmt, authData }: Attestation): Uint8Array {
  return encodeAttestationObject(fmt, attStmt, authData);
}
