import { Hono } from 'hono';
import { listAuthentications } from '../../domain/authentication-log.ts';
import { groupsOfUser, listGroups, setMembership } from '../../domain/groups.ts';
import { assignToken, listTokens, tokenName, tokensOfUser } from '../../domain/hardware-tokens.ts';
import { unlockUser } from '../../domain/lockout.ts';
import { listModels } from '../../domain/metadata.ts';
import { countRemembered, forgetRemembered } from '../../domain/remembered-devices.ts';
import {
  countUsers,
  createUser,
  deleteUser,
  getUser,
  listUsers,
  USER_STATUSES,
  updateUser,
} from '../../domain/users.ts';
import {
  credentialsOfUser,
  deleteCredential,
  getCredential,
  markCredentialLost,
} from '../../domain/webauthn-credentials.ts';
import { sendEnrolmentMail } from '../../mail/enrolment-mail.ts';
import { type UserSettings, userPage, usersPage } from '../../pages/dashboard/users.ts';
import type { Web } from '../web.ts';
import { change, idOf, show } from './guard.ts';

const PAGE = 100;

export function userRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();
  const settingsOf = (id: string) => `/dashboard/users/${encodeURIComponent(id)}`;

  routes.get('/users', (c) =>
    show(web, c, (frame) => {
      const search = c.req.query('search')?.slice(0, 100) ?? '';
      return usersPage(frame, listUsers(tenant, { search, limit: PAGE }), {
        search,
        total: search === '' ? countUsers(tenant) : 0,
      });
    }),
  );

  routes.post('/users', (c) =>
    change(web, c, '/dashboard/users', async (form) => {
      const [username = '', email = '', realName = ''] = ['username', 'email', 'realName'].map(
        (name) => form.get(name) ?? '',
      );
      const user = await createUser(tenant, { username, email, realName });
      const text = `${user.username} was added.`;
      return { text, action: 'user_create', object: user.username, next: settingsOf(user.userId) };
    }),
  );

  routes.get('/users/:id', (c) => show(web, c, (frame) => userPage(frame, settings(idOf(c)))));

  function settings(userId: string): UserSettings {
    const tokens = tokensOfUser(tenant, userId);
    return {
      user: getUser(tenant, userId),
      credentials: credentialsOfUser(tenant, userId),
      models: listModels(tenant),
      tokens,
      freeTokens: listTokens(tenant, { limit: PAGE }).filter(({ userIds }) => userIds.length === 0),
      groups: listGroups(tenant),
      memberOf: groupsOfUser(tenant, userId),
      remembered: countRemembered(tenant, userId),
      log: listAuthentications(tenant, { userId, limit: 20 }),
    };
  }

  routes.post('/users/:id', (c) =>
    change(web, c, settingsOf(idOf(c)), async (form) => {
      const status = USER_STATUSES.find((known) => known === form.get('status'));
      const user = await updateUser(tenant, idOf(c), {
        email: form.get('email') ?? undefined,
        realName: form.get('realName') ?? undefined,
        status,
      });
      if (user.status === 'disabled') web.people.removeAllOf(user.userId);
      return { text: 'Saved.', action: 'user_update', object: user.username, detail: `status ${user.status}` };
    }),
  );

  routes.post('/users/:id/enrolment-mail', (c) =>
    change(web, c, settingsOf(idOf(c)), async (_, actor) => {
      await sendEnrolmentMail(tenant, idOf(c), actor);
      const { email, username } = getUser(tenant, idOf(c));
      return { text: `Enrollment e-mail sent to ${email}.`, action: 'enrolment_link_create', object: username };
    }),
  );

  routes.post('/users/:id/password', (c) =>
    change(web, c, settingsOf(idOf(c)), async (form) => {
      const { username } = await updateUser(tenant, idOf(c), { password: form.get('password') ?? '' });
      return { text: `The password of ${username} is set.`, action: 'user_password', object: username };
    }),
  );

  routes.post('/users/:id/unlock', (c) =>
    change(web, c, settingsOf(idOf(c)), async () => {
      const { username } = await unlockUser(tenant, idOf(c));
      return { text: `${username} is unlocked.`, action: 'user_unlock', object: username };
    }),
  );

  routes.post('/users/:id/groups', (c) =>
    change(web, c, settingsOf(idOf(c)), async (form) => {
      const { userId, username } = getUser(tenant, idOf(c));
      const chosen = form.getAll('group');
      for (const { groupId } of listGroups(tenant))
        await setMembership(tenant, groupId, userId, chosen.includes(groupId));
      return { text: 'Groups saved.', action: 'user_groups', object: username, detail: `${chosen.length} groups` };
    }),
  );

  routes.post('/users/:id/assign', (c) =>
    change(web, c, settingsOf(idOf(c)), async (form) => {
      const { userId, username } = getUser(tenant, idOf(c));
      const tokenId = form.get('token') ?? '';
      await assignToken(tenant, tokenId, userId);
      const token = tokensOfUser(tenant, userId).find((held) => held.tokenId === tokenId);
      const text = `${token === undefined ? 'The token' : tokenName(token)} was assigned to ${username}.`;
      return { text, action: 'hardtoken_assign', object: tokenId, detail: username };
    }),
  );

  routes.post('/users/:id/forget-browsers', (c) =>
    change(web, c, settingsOf(idOf(c)), async () => {
      const { userId, username } = getUser(tenant, idOf(c));
      await tenant.database.write(() => forgetRemembered(tenant, userId));
      return { text: 'No browser is remembered any more.', action: 'remembered_forget', object: username };
    }),
  );

  routes.post('/users/:id/delete', (c) =>
    change(web, c, settingsOf(idOf(c)), async () => {
      const { userId, username } = getUser(tenant, idOf(c));
      await deleteUser(tenant, userId);
      web.people.removeAllOf(userId);
      return { text: `${username} was deleted.`, action: 'user_delete', object: username, next: '/dashboard/users' };
    }),
  );

  for (const [verb, lost] of [
    ['lost', true],
    ['found', false],
  ] as const) {
    routes.post(`/credentials/:id/${verb}`, (c) =>
      change(web, c, '/dashboard/users', async () => {
        const { webauthnKey, name, userId } = await markCredentialLost(tenant, idOf(c), lost);
        await tenant.database.write(() => forgetRemembered(tenant, userId));
        const text = lost ? `“${name}” is reported lost and opens nothing.` : `“${name}” is good again.`;
        return { text, action: `credential_${verb}`, object: webauthnKey, next: settingsOf(userId) };
      }),
    );
  }

  routes.post('/credentials/:id/delete', (c) =>
    change(web, c, '/dashboard/users', async () => {
      const { webauthnKey, name, userId } = getCredential(tenant, idOf(c));
      await deleteCredential(tenant, webauthnKey);
      await tenant.database.write(() => forgetRemembered(tenant, userId));
      return {
        text: `“${name}” was removed.`,
        action: 'credential_delete',
        object: webauthnKey,
        next: settingsOf(userId),
      };
    }),
  );

  return routes;
}
