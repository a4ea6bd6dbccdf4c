import { randomBytes } from 'node:crypto';
import { ApiError, ok } from '../api-signing/envelope.ts';
import type { SignedApp } from '../api-signing/signed-app.ts';
import { recordActivity } from '../domain/authentication-log.ts';
import { createEnrolmentLink, enrolmentLinkState } from '../domain/enrolment-links.ts';
import { DomainError } from '../domain/error.ts';
import type { Tenant } from '../domain/tenant.ts';
import { createUser, type User } from '../domain/users.ts';

/** 24 hours. */
const LINK_LIFETIME = 86_400;

/**
 * /enroll and /enroll_status. Duo activates its phone app by them; here the activation code is that of an enrolment
 * link, where a security key is enrolled.
 */
export function addEnrolment(routes: SignedApp, tenant: Tenant): void {
  routes.post('/enroll', async (c) => {
    const parameters = c.get('parameters');
    const username = parameters.text('username') ?? `user-${randomBytes(8).toString('hex')}`;
    const lifetime = parameters.integer('valid_secs', 0, Number.MAX_SAFE_INTEGER) ?? LINK_LIFETIME;
    const user = await createNewUser(tenant, username);
    const { code, url, expiresAt } = await createEnrolmentLink(tenant, user.userId, lifetime);
    const entry = { actor: c.get('integration').key, action: 'user_enroll', object: user.username };
    await tenant.database.write(() => recordActivity(tenant, entry));
    return ok(c, {
      user_id: user.userId,
      username: user.username,
      activation_code: code,
      activation_url: url,
      expiration: expiresAt === undefined ? 0 : Math.floor(expiresAt / 1000),
    });
  });

  routes.post('/enroll_status', (c) => {
    const parameters = c.get('parameters');
    const userId = parameters.required('user_id');
    return ok(c, enrolmentStatus(tenant, userId, parameters.required('activation_code')));
  });
}

async function createNewUser(tenant: Tenant, username: string): Promise<User> {
  try {
    return await createUser(tenant, { username });
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'taken')) throw error;
    throw new ApiError(40002, 'Invalid request parameters', 'username already exists');
  }
}

/** `success`: a device was enrolled with it; `waiting`: not yet; `invalid`: the code ended, or is not this user's. */
function enrolmentStatus(tenant: Tenant, userId: string, code: string): 'success' | 'waiting' | 'invalid' {
  const link = enrolmentLinkState(tenant, code);
  if (link === undefined || link.userId !== userId || link.state === 'expired') return 'invalid';
  return link.state === 'used' ? 'success' : 'waiting';
}
