/** What an administrator changes about the own account. */
import { Hono } from 'hono';
import { changeAdministratorPassword } from '../../domain/administrators.ts';
import { recordActivity } from '../../domain/authentication-log.ts';
import { DomainError } from '../../domain/error.ts';
import { accountPage } from '../../pages/dashboard/account.ts';
import type { Web } from '../web.ts';
import { administratorSession, change, show } from './guard.ts';

const PATH = '/account';

export function accountRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get(PATH, (c) => show(web, c, accountPage));

  routes.post(`${PATH}/password`, (c) =>
    change(web, c, `/dashboard${PATH}`, async (form, actor) => {
      const [current = '', next = '', repeated = ''] = ['current', 'password', 'repeated'].map(
        (name) => form.get(name) ?? '',
      );
      if (next !== repeated) throw new DomainError('malformed', 'The new passwords differ. Type the same twice.');
      try {
        await changeAdministratorPassword(tenant, actor, { current, next });
      } catch (error) {
        if (error instanceof DomainError && error.code === 'refused') {
          const entry = { actor, action: 'admin_password_denied', object: actor };
          await tenant.database.write(() => recordActivity(tenant, entry));
        }
        throw error;
      }
      web.onPasswordChanged(actor);
      const session = administratorSession(web, c);
      if (session !== undefined) web.administrators.removeOthersOf(session);
      const text = 'Your password is changed. Your other sessions have ended.';
      return { text, action: 'admin_password_change', object: actor };
    }),
  );

  return routes;
}
