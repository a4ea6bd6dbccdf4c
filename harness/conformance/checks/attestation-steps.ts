/** What checks of attestation look at: the statement of a new credential, and its certificates. */
import { type PackedStatement, packedStatement } from '../../../ctap/attestation.ts';
import { concat } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import type { Registration } from '../ceremony.ts';
import { AttestationCertificate } from '../certificate.ts';
import { expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';

export const FORMATS = 'CTAP 2.3 §6.1.2';
export const PACKED = 'WebAuthn Level 3 §8.2';

/** @throws NotApplicable for an attestation by another format than packed */
export function statementOf({ response }: Registration): PackedStatement {
  const { attStmt = new Map() } = response;
  if (!attStmt.has('alg')) throw new NotApplicable(`the key attests by ${response.fmt}`);
  return packedStatement.decode(attStmt, 'attStmt');
}

/**
 * Certificates of the packed attestation of a new credential, the leaf first.
 * @throws NotApplicable for an attestation without
 */
export function chainOf(made: Registration): AttestationCertificate[] {
  const { x5c } = statementOf(made);
  if (x5c === undefined || x5c.length === 0) throw new NotApplicable('the key attests without certificates');
  return x5c.map((der) => new AttestationCertificate(der));
}

/** True where the leaf's key, or that of the credential where there is no leaf, has signed the attestation. */
export function isSignedByAttester(key: Subject, made: Registration): boolean {
  const { sig, x5c } = statementOf(made);
  const signer = x5c === undefined ? undefined : chainOf(made)[0]!.publicKey;
  const { alg, publicKey } = decodeCoseKey(made.publicKey);
  const message = concat(made.response.authData, made.clientDataHash);
  return key.bench.crypto.verify(signer?.alg ?? alg, signer?.bytes ?? publicKey, message, sig);
}

/** The AAGUID of the certificate is that of getInfo. @throws NotApplicable where it names none */
export async function namesOwnAaguid(leaf: AttestationCertificate, key: Subject): Promise<void> {
  const aaguid = (await key.accepted(Command.authenticatorGetInfo)).get(0x03);
  if (!(aaguid instanceof Uint8Array) || aaguid.length !== 16) return; // judged with getInfo
  if (leaf.aaguid === undefined) throw new NotApplicable('the certificate names no AAGUID');
  expectEqual(leaf.aaguid, aaguid, 'id-fido-gen-ce-aaguid');
}
