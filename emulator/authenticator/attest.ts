/** The attestation of a new credential: CTAP 2.3 §6.1.2 step 18, formats of WebAuthn Level 3 §8. */
import { fidoU2fStatement, noneStatement, packedStatement, u2fAttestationBytes } from '../../ctap/attestation.ts';
import { signedBytes } from '../../ctap/authenticator-data.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import type { MakeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import type { AttestationFormat, Model } from '../models/model.ts';
import type { Authenticator } from './authenticator.ts';
import type { Credential } from './credentials.ts';

const NO_AAGUID = new Uint8Array(16);

/** What is attested. */
export interface NewCredential extends Credential {
  readonly publicKey: Uint8Array;
}

export interface Attestation {
  readonly fmt: string;
  readonly attStmt: CborMap;
  /** True where the attestation names this very key. */
  readonly epAtt?: true | undefined;
}

/**
 * Attests a new credential.
 * @param fmt as {@link chooseFormat} chose it
 * @param enterprise true: with the certificate that names this key
 */
export function attest(
  authenticator: Authenticator,
  fmt: AttestationFormat,
  request: MakeCredentialRequest,
  credential: NewCredential,
  rpIdHash: Uint8Array,
  authData: Uint8Array,
  enterprise: boolean,
): Attestation {
  const { model, attestation } = authenticator;
  if (fmt === 'none') return { fmt, attStmt: noneStatement() };
  const epAtt = enterprise && attestation.enterprise ? true : undefined;
  const { signer, x5c } = (epAtt && attestation.enterprise) || attestation.batch;
  if (fmt === 'fido-u2f') {
    const { id, publicKey } = credential;
    const sig = signer.sign(u2fAttestationBytes(rpIdHash, request.clientDataHash, id, publicKey));
    return { fmt, attStmt: fidoU2fStatement.encode({ x5c: x5c.slice(0, 1), sig }), epAtt };
  }
  const signed = signedBytes(authData, request.clientDataHash);
  if (model.attestation === 'self' && !epAtt) {
    const sig = authenticator.credentials.signer(credential).sign(signed);
    return { fmt, attStmt: packedStatement.encode({ alg: credential.alg, sig }) };
  }
  const attStmt = packedStatement.encode({ alg: signer.alg, sig: signer.sign(signed), x5c: [...x5c] });
  return { fmt, attStmt, epAtt };
}

/**
 * The format that the platform prefers, of those that this model can make for a credential of that algorithm;
 * without one the model's own first.
 */
export function chooseFormat(model: Model, preferred: readonly string[] = [], alg: number): AttestationFormat {
  if (model.attestation === 'none') return 'none';
  // a list of "none" alone is heard by every key, whether it lists that format or not
  if (preferred.length === 1 && preferred[0] === 'none') return 'none';
  const possible = model.attestationFormats.filter(
    (format) => format !== 'fido-u2f' || (model.attestation === 'batch' && alg === Algorithm.ES256),
  );
  const wanted = preferred.map((name) => possible.find((format) => format === name));
  return wanted.find((format) => format !== undefined) ?? possible[0] ?? 'none';
}

/** The AAGUID that goes with a format: fido-u2f knows none, so that relying parties expect zeros (WebAuthn Level 3 §8.6). */
export function aaguidFor(fmt: AttestationFormat, model: Model): Uint8Array {
  return fmt === 'fido-u2f' ? NO_AAGUID : model.aaguid;
}
