import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { ApiError, invalidParameter, ok } from '../api-signing/envelope.ts';
import type { Parameters } from '../api-signing/parameters.ts';
import type { SignedApp } from '../api-signing/signed-app.ts';
import {
  type AttemptContext,
  type AttemptResult,
  attemptBypass,
  attemptPasscode,
  attemptUnknown,
} from '../domain/attempts.ts';
import { newUuid } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { findUser, findUserById, type User } from '../domain/users.ts';
import { Expiring } from '../expiring.ts';

/** The factors of /auth. All but the passcode need a phone, and this service has none. */
const FACTORS = ['auto', 'push', 'phone', 'sms', 'passcode'] as const;
/** How long the outcome of an asynchronous authentication can be asked for. */
const OUTCOME_LIFETIME_MS = 3_600_000;

/** Answer of /auth. */
export interface OutcomeJSON {
  readonly result: 'allow' | 'deny';
  readonly status: 'allow' | 'deny' | 'bypass' | 'locked_out';
  readonly status_msg: string;
}

/** /auth and /auth_status. */
export function addAuthentication(routes: SignedApp, tenant: Tenant): void {
  const outcomes = new Expiring<OutcomeJSON>(tenant.now);

  routes.post('/auth', async (c) => {
    const parameters = c.get('parameters');
    const who = namedUser(parameters);
    parameters.required('factor');
    if (parameters.oneOf('factor', FACTORS) !== 'passcode') {
      throw new ApiError(
        40002,
        'Invalid request parameters',
        'factor: no device of this user can do that; use passcode',
      );
    }
    const passcode = parameters.required('passcode');
    const isAsync = parameters.text('async') === '1';
    const context = {
      integration: c.get('integration'),
      ip: parameters.text('ipaddr') ?? remoteAddress(c),
      userAgent: c.req.header('user-agent') ?? '',
    };
    const outcome = await authenticate(tenant, who, passcode, context);
    if (!isAsync) return ok(c, outcome);
    const txid = newUuid(tenant);
    outcomes.add(`${c.get('integration').key} ${txid}`, outcome, tenant.now() + OUTCOME_LIFETIME_MS);
    return ok(c, { txid });
  });

  routes.get('/auth_status', (c) => {
    const outcome = outcomes.get(`${c.get('integration').key} ${c.get('parameters').required('txid')}`);
    if (outcome === undefined) throw invalidParameter('txid');
    return ok(c, outcome);
  });
}

/** A user by `username` or `user_id`, of which there must be one. */
type Named = { readonly username: string } | { readonly userId: string };

/** @throws ApiError 40001, 40002 */
export function namedUser(parameters: Parameters): Named {
  const userId = parameters.text('user_id');
  if (userId === undefined) return { username: parameters.required('username') };
  if (parameters.text('username') !== undefined) throw invalidParameter('username: expected one of username, user_id');
  return { userId };
}

/** @throws ApiError 40002 for a user id that nobody has */
export function lookUp(tenant: Tenant, who: Named): User | undefined {
  if ('username' in who) return findUser(tenant, who.username);
  const user = findUserById(tenant, who.userId);
  if (user === undefined) throw invalidParameter('user_id');
  return user;
}

/** Judges a passcode of a user, or of nobody. */
export async function authenticate(
  tenant: Tenant,
  who: Named,
  passcode: string,
  context: AttemptContext,
): Promise<OutcomeJSON> {
  const user = lookUp(tenant, who);
  if (user === undefined) {
    const username = 'username' in who ? who.username : who.userId;
    return outcomeJSON(await attemptUnknown(tenant, username, 'hardware_token', context));
  }
  const bypassed = await attemptBypass(tenant, user, context);
  return outcomeJSON(bypassed ?? (await attemptPasscode(tenant, user, passcode, context)));
}

function outcomeJSON(result: AttemptResult): OutcomeJSON {
  if (result.accepted) {
    const status = result.reason === 'bypass_user' ? 'bypass' : 'allow';
    return { result: 'allow', status, status_msg: 'Success. Logging you in...' };
  }
  if (result.reason === 'locked_out') return { result: 'deny', status: 'locked_out', status_msg: result.message };
  return { result: 'deny', status: 'deny', status_msg: result.message };
}

/** Where the caller is; empty for one that is no connection, as in a test. */
function remoteAddress(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: unknown };
  return incoming === undefined ? '' : (getConnInfo(c).remote.address ?? '');
}
