import { ok } from '../api-signing/envelope.ts';
import { pageMetadata } from '../api-signing/parameters.ts';
import { createSignedApp, type SignedApp } from '../api-signing/signed-app.ts';
import { recordActivity } from '../domain/authentication-log.ts';
import type { Tenant } from '../domain/tenant.ts';
import { countCredentials, deleteCredential, getCredential, listCredentials } from '../domain/webauthn-credentials.ts';
import { credentialJSON } from './json.ts';

const CREDENTIALS_PER_PAGE = { default: 100, maximum: 500 } as const;

/** /admin/v1/webauthncredentials: seen and removed here, made at the enrolment pages alone. */
export function credentialRoutes(tenant: Tenant): SignedApp {
  const routes = createSignedApp();

  routes.get('/', (c) => {
    const page = c.get('parameters').page(CREDENTIALS_PER_PAGE.default, CREDENTIALS_PER_PAGE.maximum);
    const credentials = listCredentials(tenant, page).map((credential) => credentialJSON(tenant, credential));
    return ok(c, credentials, pageMetadata(page, countCredentials(tenant)));
  });

  routes.get('/:webauthnKey', (c) => {
    return ok(c, credentialJSON(tenant, getCredential(tenant, c.req.param('webauthnKey'))));
  });

  routes.delete('/:webauthnKey', async (c) => {
    const { webauthnKey } = getCredential(tenant, c.req.param('webauthnKey'));
    await deleteCredential(tenant, webauthnKey);
    const entry = { actor: c.get('integration').key, action: 'webauthncredential_delete', object: webauthnKey };
    await tenant.database.write(() => recordActivity(tenant, entry));
    return ok(c, '');
  });

  return routes;
}
