import { createIntegration, type Integration, integrationSecret, listIntegrations } from '../domain/integrations.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type RadiusServer, type RadiusServerOptions, startRadiusServer } from './server.ts';
import { TenantLogin } from './tenant-login.ts';

export type TenantRadiusOptions = Omit<RadiusServerOptions, 'login' | 'secret' | 'now'>;

export interface TenantRadius extends RadiusServer {
  /** Whose secret the clients share. */
  readonly integration: Integration;
}

/** Serves RADIUS logins for the tenant's first application of that type, which is made where there is none. */
export async function startTenantRadius(tenant: Tenant, options: TenantRadiusOptions = {}): Promise<TenantRadius> {
  const integration =
    listIntegrations(tenant).find(({ type }) => type === 'radius') ??
    (await createIntegration(tenant, { type: 'radius', name: 'RADIUS' }));
  const secret = integrationSecret(tenant, integration.integrationKey);
  const login = new TenantLogin(tenant, integration);
  const server = await startRadiusServer({ ...options, login, secret, now: tenant.now });
  return { ...server, integration };
}
