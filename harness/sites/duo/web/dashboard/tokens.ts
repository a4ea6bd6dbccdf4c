import { Hono } from 'hono';
import { DomainError } from '../../domain/error.ts';
import {
  assignToken,
  countTokens,
  deleteToken,
  getToken,
  type HardwareToken,
  listTokens,
  markTokenLost,
  TOKEN_TYPES,
  tokenName,
  unassignToken,
} from '../../domain/hardware-tokens.ts';
import { resyncToken } from '../../domain/passcodes.ts';
import { importTokens } from '../../domain/token-import.ts';
import { findUser, findUserById, getUser } from '../../domain/users.ts';
import { type TokenLine, tokenPage, tokensPage } from '../../pages/dashboard/tokens.ts';
import type { Web } from '../web.ts';
import { change, idOf, show } from './guard.ts';

const PAGE = 200;

export function tokenRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();
  const pageOf = (id: string) => `/dashboard/tokens/${encodeURIComponent(id)}`;
  const line = (token: HardwareToken): TokenLine => ({
    token,
    users: token.userIds.map((userId) => findUserById(tenant, userId)).filter((user) => user !== undefined),
  });

  routes.get('/tokens', (c) =>
    show(web, c, (frame) => tokensPage(frame, listTokens(tenant, { limit: PAGE }).map(line), countTokens(tenant))),
  );

  routes.post('/tokens', (c) =>
    change(web, c, '/dashboard/tokens', async (form) => {
      const type = TOKEN_TYPES.find((known) => known === form.get('type'));
      if (type === undefined) throw new DomainError('malformed', 'Choose a token type.', 'type');
      const tokens = await importTokens(tenant, type, form.get('csv') ?? '');
      const text =
        tokens.length === 1 ? `${tokenName(tokens[0]!)} was imported.` : `${tokens.length} tokens were imported.`;
      return { text, action: 'hardtoken_import', object: type, detail: `${tokens.length} tokens` };
    }),
  );

  routes.get('/tokens/:id', (c) => show(web, c, (frame) => tokenPage(frame, line(getToken(tenant, idOf(c))))));

  routes.post('/tokens/:id/assign', (c) =>
    change(web, c, pageOf(idOf(c)), async (form) => {
      const user = findUser(tenant, form.get('username') ?? '');
      if (user === undefined) throw new DomainError('not_found', 'There is no such user.', 'username');
      await assignToken(tenant, idOf(c), user.userId);
      return {
        text: `Assigned to ${user.username}.`,
        action: 'hardtoken_assign',
        object: idOf(c),
        detail: user.username,
      };
    }),
  );

  routes.post('/tokens/:id/unassign', (c) =>
    change(web, c, pageOf(idOf(c)), async (form) => {
      const { userId, username } = getUser(tenant, form.get('user') ?? '');
      await unassignToken(tenant, idOf(c), userId);
      return { text: `Taken away from ${username}.`, action: 'hardtoken_unassign', object: idOf(c), detail: username };
    }),
  );

  routes.post('/tokens/:id/resync', (c) =>
    change(web, c, pageOf(idOf(c)), async (form) => {
      const [code1 = '', code2 = '', code3 = ''] = [1, 2, 3].map((index) => (form.get(`code${index}`) ?? '').trim());
      const token = await resyncToken(tenant, idOf(c), [code1, code2, code3]);
      return { text: `${tokenName(token)} is in step again.`, action: 'hardtoken_resync', object: token.tokenId };
    }),
  );

  for (const [verb, lost] of [
    ['lost', true],
    ['found', false],
  ] as const) {
    routes.post(`/tokens/:id/${verb}`, (c) =>
      change(web, c, pageOf(idOf(c)), async () => {
        const token = await markTokenLost(tenant, idOf(c), lost);
        const text = lost
          ? `${tokenName(token)} is reported lost and opens nothing.`
          : `${tokenName(token)} is good again.`;
        return { text, action: `hardtoken_${verb}`, object: token.tokenId };
      }),
    );
  }

  routes.post('/tokens/:id/delete', (c) =>
    change(web, c, '/dashboard/tokens', async () => {
      const token = getToken(tenant, idOf(c));
      await deleteToken(tenant, token.tokenId);
      return { text: `${tokenName(token)} was deleted.`, action: 'hardtoken_delete', object: token.tokenId };
    }),
  );

  return routes;
}
