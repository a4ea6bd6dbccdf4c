/** FIDO Metadata Service v3 (fido-metadata-service-v3.0-ps-20210518 §3): the lab's models in one signed file. */
import { X509Certificate } from 'node:crypto';
import { toBase64Url, utf8 } from '../../ctap/bytes.ts';
import type { Model } from '../models/model.ts';
import type { AttestationAuthority } from './authority.ts';
import { ecdsaToRaw } from './der.ts';
import { type MetadataStatement, metadataStatement } from './metadata-statement.ts';

const MILLISECONDS_A_DAY = 86_400_000;
const DAYS_VALID = 30;
const NO_CERTIFICATION = [{ status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2024-01-01' }] as const;
const LEGAL_HEADER = 'Metadata of virtual keys, for tests alone.';

/** What a relying party needs to enforce the attestation of the lab's keys. */
export interface PublishedMetadata {
  /** PEM: trust it for attestation. */
  readonly attestationRoot: string;
  /** PEM: trust it for metadata, in place of the root of FIDO's own service. */
  readonly metadataRoot: string;
  /** The BLOB: a JWS in compact form. */
  readonly blob: string;
  readonly statements: readonly MetadataStatement[];
}

/**
 * Describes models and signs that.
 * @param now milliseconds since the epoch: the BLOB's number, from which the date of the next one follows
 */
export async function publishMetadata(
  authority: AttestationAuthority,
  models: Iterable<Model>,
  now: number,
): Promise<PublishedMetadata> {
  const statements: MetadataStatement[] = [];
  for (const model of models) statements.push(await metadataStatement(model, authority));
  const { root, blob } = await sign(authority, statements, now);
  return { attestationRoot: pem(authority.root), metadataRoot: pem(root), blob, statements };
}

async function sign(
  authority: AttestationAuthority,
  statements: readonly MetadataStatement[],
  now: number,
): Promise<{ root: Uint8Array; blob: string }> {
  const { signer, x5c, root } = await authority.metadataSigner();
  const header = { alg: 'ES256', typ: 'JWT', x5c: x5c.map((der) => Buffer.from(der).toString('base64')) };
  const payload = {
    legalHeader: LEGAL_HEADER,
    no: Math.floor(now / 1000), // grows with each BLOB, as relying parties demand
    nextUpdate: new Date(now + DAYS_VALID * MILLISECONDS_A_DAY).toISOString().slice(0, 10),
    entries: oneEach(statements).map((statement) => ({
      ...identity(statement),
      metadataStatement: statement,
      statusReports: NO_CERTIFICATION,
      timeOfLastStatusChange: NO_CERTIFICATION[0].effectiveDate,
    })),
  };
  const signed = [header, payload].map((part) => toBase64Url(utf8(JSON.stringify(part)))).join('.');
  return { root, blob: `${signed}.${toBase64Url(ecdsaToRaw(signer.sign(utf8(signed)), 32))}` };
}

/** One statement for each AAGUID, as the service has it: of models that share one, the newest release speaks for all. */
function oneEach(statements: readonly MetadataStatement[]): MetadataStatement[] {
  const chosen = new Map<string, MetadataStatement>();
  for (const statement of statements) {
    const id = statement.aaguid ?? statement.attestationCertificateKeyIdentifiers?.join() ?? '';
    const other = chosen.get(id);
    if (!other || other.authenticatorVersion < statement.authenticatorVersion) chosen.set(id, statement);
  }
  return [...chosen.values()];
}

function identity({ aaguid, attestationCertificateKeyIdentifiers }: MetadataStatement) {
  return aaguid === undefined ? { attestationCertificateKeyIdentifiers } : { aaguid };
}

function pem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}
