import { createSignedApp, refuseTheRest, type SignedApp, signedBy } from '../api-signing/signed-app.ts';
import type { Tenant } from '../domain/tenant.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';
import { credentialRoutes } from './webauthn-credentials.ts';

/** The Admin API, mounted at /admin/v1: users, hardware tokens and security keys. */
export function adminApiRoutes(tenant: Tenant): SignedApp {
  const routes = createSignedApp();
  routes.use(signedBy(tenant, 'admin-api'));
  routes.route('/users', userRoutes(tenant));
  routes.route('/tokens', tokenRoutes(tenant));
  routes.route('/webauthncredentials', credentialRoutes(tenant));
  refuseTheRest(routes);
  return routes;
}
