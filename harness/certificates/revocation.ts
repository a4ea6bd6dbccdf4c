/** Certificate revocation lists: RFC 5280 §5. */
import 'reflect-metadata'; // @peculiar/x509 wants it loaded before
import { X509Certificate } from 'node:crypto';
import { X509Certificate as PeculiarCertificate, X509Crl } from '@peculiar/x509';
import { isIssuedBy } from './chain.ts';

export interface Revocations {
  /** Certificates of the chain that a list names, with its date. */
  readonly revoked: readonly string[];
  /** Subjects of those whose issuer gave no list that is good now. */
  readonly unchecked: readonly string[];
}

/**
 * Looks a chain (leaf first, DER) up in the lists of its authorities. A list counts only with its issuer's signature,
 * and until its next update.
 * @throws Error for a list that is none
 */
export async function revokedBy(
  chain: readonly Uint8Array[],
  anchor: X509Certificate,
  crls: readonly Uint8Array[],
  now: number,
): Promise<Revocations> {
  const lists = crls.map(readCrl);
  const certificates = chain.map((der) => new X509Certificate(der));
  const revoked: string[] = [];
  const unchecked: string[] = [];
  for (const certificate of certificates) {
    if (certificate.raw.equals(anchor.raw)) continue;
    const issuer = [...certificates, anchor].find((candidate) => isIssuedBy(certificate, candidate));
    const list = issuer && (await listOf(lists, issuer, now));
    const subject = certificate.subject.replaceAll('\n', ', ');
    if (list === undefined) unchecked.push(subject);
    else {
      const entry = list.findRevoked(certificate.serialNumber.toLowerCase());
      if (entry !== null) revoked.push(`${subject}, on ${entry.revocationDate.toISOString().slice(0, 10)}`);
    }
  }
  return { revoked, unchecked };
}

async function listOf(lists: readonly X509Crl[], issuer: X509Certificate, now: number): Promise<X509Crl | undefined> {
  const publicKey = await new PeculiarCertificate(issuer.raw).publicKey.export();
  for (const list of lists) {
    const isGood = list.thisUpdate.getTime() <= now && (list.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY) > now;
    if (isGood && (await list.verify({ publicKey }))) return list;
  }
  return undefined;
}

function readCrl(bytes: Uint8Array): X509Crl {
  try {
    const text = Buffer.from(bytes).toString('latin1');
    return new X509Crl(text.startsWith('-----BEGIN') ? text : Uint8Array.from(bytes));
  } catch (cause) {
    throw new Error('expected a certificate revocation list, got something else', { cause });
  }
}
