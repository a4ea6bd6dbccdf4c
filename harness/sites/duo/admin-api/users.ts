import { invalidParameter, ok } from '../api-signing/envelope.ts';
import { type Page, type Parameters, pageMetadata } from '../api-signing/parameters.ts';
import { createSignedApp, type SignedApp } from '../api-signing/signed-app.ts';
import { recordActivity } from '../domain/authentication-log.ts';
import { assignToken, tokensOfUser, unassignToken } from '../domain/hardware-tokens.ts';
import { unlockUser } from '../domain/lockout.ts';
import type { Tenant } from '../domain/tenant.ts';
import {
  countUsers,
  createUser,
  deleteUser,
  findUser,
  getUser,
  listUsers,
  USER_STATUSES,
  type User,
  type UserChange,
  updateUser,
} from '../domain/users.ts';
import { credentialsOfUser } from '../domain/webauthn-credentials.ts';
import { sendEnrolmentMail } from '../mail/enrolment-mail.ts';
import { credentialJSON, tokenJSON, userJSON } from './json.ts';

const USERS_PER_PAGE = { default: 100, maximum: 300 } as const;
const DEVICES_PER_PAGE = { default: 100, maximum: 500 } as const;
/** 30 days. */
const LINK_LIFETIME = 2_592_000;

/** /admin/v1/users */
export function userRoutes(tenant: Tenant): SignedApp {
  const routes = createSignedApp();
  const log = (actor: string, action: string, object: string) =>
    tenant.database.write(() => recordActivity(tenant, { actor, action, object }));

  routes.get('/', (c) => {
    const parameters = c.get('parameters');
    const page = parameters.page(USERS_PER_PAGE.default, USERS_PER_PAGE.maximum);
    const [users, total] = findUsers(tenant, parameters, page);
    return ok(
      c,
      users.map((user) => userJSON(tenant, user)),
      pageMetadata(page, total),
    );
  });

  routes.post('/', async (c) => {
    const username = c.get('parameters').required('username');
    const user = await createUser(tenant, { ...readChange(c.get('parameters')), username });
    await log(c.get('integration').key, 'user_create', user.username);
    return ok(c, userJSON(tenant, user));
  });

  routes.post('/enroll', async (c) => {
    const parameters = c.get('parameters');
    const [username, email] = [parameters.required('username'), parameters.required('email')];
    const lifetime = parameters.integer('valid_secs', 0, Number.MAX_SAFE_INTEGER) ?? LINK_LIFETIME;
    const known = findUser(tenant, username);
    const user =
      known === undefined
        ? await createUser(tenant, { username, email })
        : await updateUser(tenant, known.userId, { email });
    const { code } = await sendEnrolmentMail(tenant, user.userId, c.get('integration').key, lifetime);
    return ok(c, code);
  });

  routes.get('/:userId', (c) => ok(c, userJSON(tenant, getUser(tenant, c.req.param('userId')))));

  routes.post('/:userId', async (c) => {
    const userId = c.req.param('userId');
    const change = readChange(c.get('parameters'));
    let user = await updateUser(tenant, userId, change);
    // Duo unlocks an account that is set to active.
    if (change.status === 'active' && user.lockedAt !== undefined) user = await unlockUser(tenant, userId);
    await log(c.get('integration').key, 'user_update', user.username);
    return ok(c, userJSON(tenant, user));
  });

  routes.delete('/:userId', async (c) => {
    const { userId, username } = getUser(tenant, c.req.param('userId'));
    await deleteUser(tenant, userId);
    await log(c.get('integration').key, 'user_delete', username);
    return ok(c, '');
  });

  routes.get('/:userId/tokens', (c) => {
    const page = c.get('parameters').page(DEVICES_PER_PAGE.default, DEVICES_PER_PAGE.maximum);
    const tokens = tokensOfUser(tenant, getUser(tenant, c.req.param('userId')).userId);
    return ok(
      c,
      part(tokens, page).map((token) => tokenJSON(tenant, token)),
      pageMetadata(page, tokens.length),
    );
  });

  routes.post('/:userId/tokens', async (c) => {
    const { userId, username } = getUser(tenant, c.req.param('userId'));
    const tokenId = c.get('parameters').required('token_id');
    await inParameter('token_id', () => assignToken(tenant, tokenId, userId));
    await log(c.get('integration').key, 'hardtoken_assign', `${tokenId} ${username}`);
    return ok(c, '');
  });

  routes.delete('/:userId/tokens/:tokenId', async (c) => {
    const { userId, tokenId } = c.req.param();
    await unassignToken(tenant, tokenId, userId);
    await log(c.get('integration').key, 'hardtoken_unassign', `${tokenId} ${userId}`);
    return ok(c, '');
  });

  routes.get('/:userId/webauthncredentials', (c) => {
    const page = c.get('parameters').page(DEVICES_PER_PAGE.default, DEVICES_PER_PAGE.maximum);
    const keys = credentialsOfUser(tenant, getUser(tenant, c.req.param('userId')).userId);
    return ok(
      c,
      part(keys, page).map((key) => credentialJSON(tenant, key)),
      pageMetadata(page, keys.length),
    );
  });

  return routes;
}

const part = <T>(all: readonly T[], { limit, offset }: Page): readonly T[] => all.slice(offset, offset + limit);

function findUsers(tenant: Tenant, parameters: Parameters, page: Page): [readonly User[], total: number] {
  const username = parameters.text('username');
  const email = parameters.text('email');
  if (username === undefined && email === undefined) return [listUsers(tenant, page), countUsers(tenant)];
  const named = username === undefined ? undefined : findUser(tenant, username);
  const candidates = username === undefined ? listUsers(tenant, { search: email ?? '' }) : named ? [named] : [];
  const users = candidates.filter((user) => email === undefined || user.email.toLowerCase() === email.toLowerCase());
  return [part(users, page), users.length];
}

/** @throws ApiError 40002 for what this service does not keep: it must not seem to */
function readChange(parameters: Parameters): UserChange {
  for (const name of ['aliases', 'alias1', 'alias2', 'alias3', 'alias4', 'notes']) {
    if (parameters.text(name) !== undefined) throw invalidParameter(name);
  }
  const names = [parameters.text('firstname'), parameters.text('lastname')].filter((name) => name !== undefined);
  const realName = parameters.text('realname') ?? (names.length > 0 ? names.join(' ') : undefined);
  // An empty value takes the old one away.
  const email = parameters.has('email') ? (parameters.text('email') ?? '') : undefined;
  return defined({
    username: parameters.text('username'),
    email,
    realName: realName ?? (parameters.has('realname') ? '' : undefined),
    status: parameters.oneOf('status', USER_STATUSES),
  });
}

/** The members that have a value. */
function defined<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

/** What is not found by a parameter is the parameter's fault, not the path's. */
async function inParameter<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'not_found') throw invalidParameter(name);
    throw error;
  }
}
