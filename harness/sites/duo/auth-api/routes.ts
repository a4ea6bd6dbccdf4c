import { ok } from '../api-signing/envelope.ts';
import { createSignedApp, refuseTheRest, type SignedApp, signedBy } from '../api-signing/signed-app.ts';
import type { Tenant } from '../domain/tenant.ts';
import { addAuthentication, lookUp, namedUser } from './authentication.ts';
import { addEnrolment } from './enrolment.ts';
import { judgeAndInvite, judgeUser } from './judgement.ts';

/** The Auth API, mounted at /auth/v2: sign-ins by passcode for applications without a browser. */
export function authApiRoutes(tenant: Tenant): SignedApp {
  const routes = createSignedApp();
  const time = () => ({ time: Math.floor(tenant.now() / 1000) });

  // Whether the service lives: the one call that needs no signature.
  routes.get('/ping', (c) => ok(c, time()));
  routes.use(signedBy(tenant, 'auth-api'));
  routes.get('/check', (c) => ok(c, time()));
  routes.post('/preauth', async (c) => {
    const who = namedUser(c.get('parameters'));
    const user = lookUp(tenant, who);
    const username = user?.username ?? ('username' in who ? who.username : '');
    const judgement = judgeUser(tenant, user);
    return ok(c, judgement.result === 'enroll' ? await judgeAndInvite(tenant, username) : judgement);
  });
  addAuthentication(routes, tenant);
  addEnrolment(routes, tenant);
  refuseTheRest(routes);
  return routes;
}
