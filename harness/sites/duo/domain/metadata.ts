/** Models of authenticators by a metadata BLOB (FIDO Metadata Service v3 §3): their names, and whom to trust for them. */
import { X509Certificate } from 'node:crypto';
import { compactVerify, importX509 } from 'jose';
import { certificatePem, chainsTo } from '../../../certificates/chain.ts';
import { DomainError } from './error.ts';
import { readSetting, writeSetting } from './settings.ts';
import type { Tenant } from './tenant.ts';

export interface AuthenticatorModel {
  readonly aaguid: string;
  readonly description: string;
  /** Certificates (base64 DER) that attestations of this model chain to. */
  readonly roots: readonly string[];
}

const SETTING = 'metadata';

/** The models that the tenant knows, in the order of their names. */
export function listModels(tenant: Tenant): AuthenticatorModel[] {
  return (readSetting(tenant, SETTING) as AuthenticatorModel[] | undefined) ?? [];
}

/**
 * Takes a BLOB in place of the former one.
 * @param root PEM of the certificate that its signer's chain must end in
 * @throws DomainError `malformed` for a BLOB that is none, or that this root does not vouch for
 */
export async function importMetadata(
  tenant: Tenant,
  blob: string,
  root: string,
): Promise<readonly AuthenticatorModel[]> {
  const models = readModels(await verifyBlob(tenant, blob.trim(), root));
  models.sort((a, b) => a.description.localeCompare(b.description));
  await tenant.database.write(() => writeSetting(tenant, SETTING, models));
  return models;
}

/** Roots of a model by its AAGUID. */
export function attestationRoots(tenant: Tenant, aaguid: string): X509Certificate[] {
  const model = listModels(tenant).find((known) => known.aaguid === aaguid);
  return (model?.roots ?? []).map((der) => new X509Certificate(Buffer.from(der, 'base64')));
}

async function verifyBlob(tenant: Tenant, blob: string, root: string): Promise<unknown> {
  try {
    const header = JSON.parse(Buffer.from(blob.split('.')[0] ?? '', 'base64url').toString('utf8')) as {
      alg?: unknown;
      x5c?: unknown;
    };
    const { alg, x5c } = header;
    if (typeof alg !== 'string' || !Array.isArray(x5c) || !x5c.every((item) => typeof item === 'string')) {
      throw new Error('its header has no alg and x5c');
    }
    const chain = x5c.map((der) => Buffer.from(der, 'base64'));
    if (!chainsTo(chain, [new X509Certificate(root)], tenant.now()))
      throw new Error('its signer is not under that root');
    const { payload } = await compactVerify(blob, await importX509(certificatePem(x5c[0]!), alg));
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

interface Entry {
  aaguid?: unknown;
  metadataStatement?: { description?: unknown; attestationRootCertificates?: unknown };
}

function readModels(payload: unknown): AuthenticatorModel[] {
  const entries = (payload as { entries?: unknown }).entries;
  if (!Array.isArray(entries)) throw malformed('it has no entries');
  const models: AuthenticatorModel[] = [];
  for (const { aaguid, metadataStatement } of entries as Entry[]) {
    // Models that speak U2F alone have no AAGUID to be listed by.
    if (typeof aaguid !== 'string' || metadataStatement === undefined) continue;
    const { description, attestationRootCertificates: roots } = metadataStatement;
    models.push({
      aaguid: aaguid.toLowerCase(),
      description: typeof description === 'string' ? description : aaguid,
      roots: Array.isArray(roots) ? roots.filter((der) => typeof der === 'string') : [],
    });
  }
  return models;
}

function malformed(reason: string): DomainError {
  return new DomainError('malformed', `The metadata was not taken: ${reason}.`, 'blob');
}
