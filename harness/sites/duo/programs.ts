import { Hono } from 'hono';
import { adminApiRoutes } from './admin-api/routes.ts';
import { authApiRoutes } from './auth-api/routes.ts';
import { readPolicy } from './domain/policy.ts';
import type { PromptTransactions } from './domain/prompt-transactions.ts';
import type { Tenant } from './domain/tenant.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { createOauthEndpoints } from './oauth/tenant-service.ts';
import { errorPage } from './pages/error.ts';
import { restApiRoutes } from './rest-api/routes.ts';
import type { ProgramRoutes } from './web/app.ts';

/** What endpoints of programs build on. */
export interface ServiceParts {
  readonly tenant: Tenant;
  readonly prompts: PromptTransactions;
}

/** What programs call: the Universal Prompt's OpenID Connect, the Auth API (old and new) and the Admin API. */
export function programRoutes({ tenant, prompts }: ServiceParts): readonly ProgramRoutes[] {
  const endpoints = createOauthEndpoints(tenant, prompts);
  const oauth = oauthRoutes(endpoints, tenant.now, (c, message) => {
    const place = { rpId: tenant.rpId, rpName: tenant.rpName, policy: readPolicy(tenant) };
    return c.html(errorPage(place, 'This sign-in cannot begin', message), 400);
  });
  return [
    { path: '/oauth/v1', routes: oauth },
    { path: '/auth/v2', routes: new Hono().route('/', authApiRoutes(tenant)) },
    { path: '/rest/v1', routes: new Hono().route('/', restApiRoutes(tenant)) },
    { path: '/admin/v1', routes: new Hono().route('/', adminApiRoutes(tenant)) },
  ];
}
