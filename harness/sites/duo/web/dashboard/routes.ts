/** The dashboard of administrators, mounted at /dashboard. */
import { Hono } from 'hono';
import { checkAdministrator } from '../../domain/administrators.ts';
import { recordActivity } from '../../domain/authentication-log.ts';
import { dashboardSignInPage } from '../../pages/dashboard/frame.ts';
import {
  endSession,
  ensureSession,
  evenOut,
  pageSite,
  readForm,
  renewSession,
  requireSession,
  type Web,
} from '../web.ts';
import { accountRoutes } from './account.ts';
import { administratorSession } from './guard.ts';
import { settingsRoutes } from './settings.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';

export function dashboardRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/sign-in', (c) => {
    if (administratorSession(web, c) !== undefined) return c.redirect('/dashboard', 302);
    const { csrf } = ensureSession(web, c, 'administrators');
    return c.html(dashboardSignInPage(pageSite(web), { csrf, email: '' }));
  });

  routes.post('/sign-in', async (c) => {
    const startedAt = performance.now();
    const session = requireSession(web, c, 'administrators');
    const form = await readForm(c, session);
    const email = form.get('email') ?? '';
    const administrator = await checkAdministrator(tenant, email, form.get('password') ?? '');
    const action = administrator === undefined ? 'admin_login_denied' : 'admin_login';
    await tenant.database.write(() => recordActivity(tenant, { actor: email, action, object: 'dashboard' }));
    if (administrator === undefined) {
      await evenOut(startedAt);
      const complaint =
        'The address or the password is not right, or there were too many attempts. Wait fifteen minutes after ten of them.';
      return c.html(
        dashboardSignInPage(pageSite(web), { csrf: session.csrf, email: email.slice(0, 254), complaint }),
        401,
      );
    }
    renewSession(web, c, 'administrators', session).signedInAs = administrator.email;
    return c.redirect('/dashboard', 303);
  });

  routes.post('/sign-out', async (c) => {
    await readForm(c, requireSession(web, c, 'administrators'));
    endSession(web, c, 'administrators');
    return c.redirect('/dashboard/sign-in', 303);
  });

  routes.route('/', accountRoutes(web));
  routes.route('/', settingsRoutes(web));
  routes.route('/', userRoutes(web));
  routes.route('/', tokenRoutes(web));
  return routes;
}
