/** Chains of certificates: who vouches for whom. */
import { X509Certificate } from 'node:crypto';

const PEM_LINE = /(.{64})/g;

/** Whether a chain (leaf first, DER) leads to one of the roots, each signed by the next and valid now. */
export function chainsTo(chain: readonly Uint8Array[], roots: readonly X509Certificate[], now: number): boolean {
  const certificates = chain.map((der) => new X509Certificate(der));
  const last = certificates.at(-1);
  if (last === undefined || !certificates.every((certificate) => isValid(certificate, now))) return false;
  const linked = certificates.slice(1).every((issuer, index) => isIssuedBy(certificates[index]!, issuer));
  // A chain may end below its root or in it; a leaf may itself be the anchor.
  return linked && roots.some((root) => last.raw.equals(root.raw) || (isValid(root, now) && isIssuedBy(last, root)));
}

export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValid(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}

/** PEM of a certificate in base64. */
export function certificatePem(base64: string): string {
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(PEM_LINE, '$1\n')}\n-----END CERTIFICATE-----`;
}
