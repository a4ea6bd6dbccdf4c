/** A BLOB of the FIDO Metadata Service (v3 §3): whether it is what its root vouches for, and what it says of one model. */
import { X509Certificate } from 'node:crypto';
import { compactVerify, importX509 } from 'jose';
import { certificatePem, chainsTo } from '../certificates/chain.ts';
import { revokedBy } from '../certificates/revocation.ts';
import type { StatusReport } from './metadata-findings.ts';

export interface BlobSources {
  /** The BLOB: a JWS in compact form. */
  readonly blob: string;
  /** PEM of the certificate that its signer's chain must end in. */
  readonly root: string;
  /** CRLs, DER or PEM, of the authorities in that chain. */
  readonly crls: readonly Uint8Array[];
}

/** A metadata statement as far as the probe reads it; nothing in it is sure to have its type. */
export type Statement = Readonly<Record<string, unknown>>;

export interface Entry {
  readonly aaguid?: string;
  readonly statement: Statement;
  readonly statusReports: readonly StatusReport[];
}

export interface Blob {
  readonly no: number | null;
  readonly nextUpdate: string | null;
  readonly entries: readonly Entry[];
  /** What does not speak against its use, in sentences. */
  readonly remarks: readonly string[];
}

/** @throws Error that says why the BLOB is not to be trusted */
export async function openBlob({ blob, root, crls }: BlobSources, now: number): Promise<Blob> {
  const text = blob.trim();
  const { alg, chain, x5c } = readHeader(text);
  const anchor = new X509Certificate(root);
  if (!chainsTo(chain, [anchor], now)) throw new Error('its signer is not under the given root, or not valid now');
  const { revoked, unchecked } = await revokedBy(chain, anchor, crls, now);
  if (revoked.length > 0) throw new Error(`its signer's chain is revoked: ${revoked.join('; ')}`);
  const { payload } = await compactVerify(text, await importX509(certificatePem(x5c[0]!), alg));
  const content = objectOf(JSON.parse(Buffer.from(payload).toString('utf8')));
  const { no, nextUpdate, entries } = content;
  if (!Array.isArray(entries)) throw new Error('it has no entries');
  const date = typeof nextUpdate === 'string' ? nextUpdate : null;
  const isLate = date !== null && Date.parse(date) < now;
  return {
    no: typeof no === 'number' ? no : null,
    nextUpdate: date,
    entries: entries.map(readEntry),
    remarks: [
      ...unchecked.map(
        (subject) => `No CRL was given for the issuer of ${subject}: whether it is revoked is not known.`,
      ),
      ...(isLate ? [`A newer BLOB was due on ${date}.`] : []),
    ],
  };
}

function readHeader(blob: string): { alg: string; chain: readonly Uint8Array[]; x5c: readonly string[] } {
  let header: Readonly<Record<string, unknown>>;
  try {
    header = objectOf(JSON.parse(Buffer.from(blob.split('.')[0] ?? '', 'base64url').toString('utf8')));
  } catch (cause) {
    throw new Error('expected a JWS in compact form, got something else', { cause });
  }
  const { alg, x5c } = header;
  if (typeof alg !== 'string' || !Array.isArray(x5c) || !x5c.every((item) => typeof item === 'string')) {
    throw new Error('its header has no alg and x5c');
  }
  return { alg, x5c, chain: x5c.map((der) => Buffer.from(der, 'base64')) };
}

function readEntry(value: unknown): Entry {
  const { aaguid, metadataStatement, statusReports } = objectOf(value);
  const reports = Array.isArray(statusReports) ? statusReports.map(objectOf) : [];
  return {
    ...(typeof aaguid === 'string' ? { aaguid: aaguid.toLowerCase() } : {}),
    statement: objectOf(metadataStatement),
    statusReports: reports.map(readReport),
  };
}

function readReport(report: Readonly<Record<string, unknown>>): StatusReport {
  const { status, effectiveDate, authenticatorVersion, url, certificationDescriptor } = report;
  return {
    status: String(status),
    ...(typeof effectiveDate === 'string' ? { effectiveDate } : {}),
    ...(typeof authenticatorVersion === 'number' ? { authenticatorVersion } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof certificationDescriptor === 'string' ? { certificationDescriptor } : {}),
  };
}

/** The members of an object; none of what is no object. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
