/** Applications that rely on the tenant: each has a key and a secret, as Duo's applications have. */
import { DomainError, required } from './error.ts';
import { newId, newSecretText } from './ids.ts';
import type { Tenant } from './tenant.ts';

/** `web` is the OIDC flow of the Universal Prompt. */
export const INTEGRATION_TYPES = ['web', 'auth-api', 'admin-api', 'radius'] as const;
export type IntegrationType = (typeof INTEGRATION_TYPES)[number];

export interface Integration {
  /** `DI` and 18 more: the client id. */
  readonly integrationKey: string;
  readonly type: IntegrationType;
  readonly name: string;
  /** Where the OIDC flow may lead back to; empty allows any place, as Duo does. */
  readonly redirectUris: readonly string[];
  readonly createdAt: number;
}

interface IntegrationRow {
  integration_key: string;
  type: IntegrationType;
  name: string;
  sealed: Uint8Array;
  redirect_uris: string;
  created_at: number;
}

const purposeOf = (integrationKey: string): string => `integration ${integrationKey}`;

/** @throws DomainError `malformed` */
export async function createIntegration(
  tenant: Tenant,
  integration: { type: IntegrationType; name: string; redirectUris?: readonly string[] },
): Promise<Integration> {
  const { type, redirectUris = [] } = integration;
  const name = integration.name.trim();
  if (!INTEGRATION_TYPES.includes(type)) {
    throw new DomainError('malformed', `A type is one of ${INTEGRATION_TYPES.join(', ')}.`, 'type');
  }
  if (name === '' || name.length > 100) {
    throw new DomainError('malformed', 'An application has a name of 1 to 100 characters.', 'name');
  }
  for (const uri of redirectUris) checkRedirectUri(uri);
  return tenant.database.write(() => {
    const integrationKey = newId(tenant, 'DI');
    const sealed = tenant.secrets.seal(purposeOf(integrationKey), Buffer.from(newSecretText(tenant, 40)));
    tenant.database.run(
      `INSERT INTO integrations (integration_key, type, name, sealed, redirect_uris, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[integrationKey, type, name, sealed, JSON.stringify(redirectUris), tenant.now()],
    );
    return getIntegration(tenant, integrationKey);
  });
}

export function findIntegration(tenant: Tenant, integrationKey: string): Integration | undefined {
  const row = findRow(tenant, integrationKey);
  return row && fromRow(row);
}

/** @throws DomainError `not_found` */
export function getIntegration(tenant: Tenant, integrationKey: string): Integration {
  return required(findIntegration(tenant, integrationKey), `application ${JSON.stringify(integrationKey)}`);
}

/** The secret of 40 letters and digits; for signatures, and for an administrator who sets the application up. */
export function integrationSecret(tenant: Tenant, integrationKey: string): string {
  const row = required(findRow(tenant, integrationKey), `application ${JSON.stringify(integrationKey)}`);
  return Buffer.from(tenant.secrets.open(purposeOf(integrationKey), row.sealed)).toString('utf8');
}

export function listIntegrations(tenant: Tenant): Integration[] {
  return tenant.database.all<IntegrationRow>('SELECT * FROM integrations ORDER BY name, integration_key').map(fromRow);
}

/** @throws DomainError `not_found` */
export async function deleteIntegration(tenant: Tenant, integrationKey: string): Promise<void> {
  await tenant.database.write(() => {
    getIntegration(tenant, integrationKey);
    tenant.database.run('DELETE FROM integrations WHERE integration_key = ?', integrationKey);
  });
}

function findRow(tenant: Tenant, integrationKey: string): IntegrationRow | undefined {
  return tenant.database.one<IntegrationRow>('SELECT * FROM integrations WHERE integration_key = ?', integrationKey);
}

function checkRedirectUri(uri: string): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hash === '') return;
  throw new DomainError(
    'malformed',
    `A redirect URI is an http or https address, not ${JSON.stringify(uri)}.`,
    'redirectUris',
  );
}

function fromRow(row: IntegrationRow): Integration {
  return {
    integrationKey: row.integration_key,
    type: row.type,
    name: row.name,
    redirectUris: JSON.parse(row.redirect_uris) as string[],
    createdAt: row.created_at,
  };
}
