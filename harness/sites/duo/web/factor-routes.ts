/** The JSON face of a prompt: what its page calls, whether it opens an application or the portal. */
import { type Context, Hono } from 'hono';
import { type AttemptResult, attemptPasscode, attemptUnknown, LOCKED_OUT } from '../domain/attempts.ts';
import { beginAuthentication, finishAuthentication } from '../domain/credential-authentication.ts';
import type { Integration } from '../domain/integrations.ts';
import { readPolicy } from '../domain/policy.ts';
import { rememberDevice } from '../domain/remembered-devices.ts';
import { findUser } from '../domain/users.ts';
import { parseAuthenticationResponse } from '../json.ts';
import { SiteError } from '../site.ts';
import type { WebSession } from './sessions.ts';
import { attemptContext, evenOut, readJson, requireSession, setRememberedToken, textMember, type Web } from './web.ts';

/** Who is asked for a factor, and what opens. */
export interface Target {
  /** May belong to nobody. */
  readonly username: string;
  readonly place: string;
  readonly integration?: Integration | undefined;
  /** Ends the prompt; resolves to the address that the browser goes to. */
  readonly complete: (result: AttemptResult & { accepted: true }) => Promise<string>;
}

/** Routes under a prompt's own path. `target` finds what a request is about. @throws SiteError where it is about nothing */
export function factorRoutes(web: Web, target: (c: Context, session: WebSession) => Target): Hono {
  const { tenant, decoys } = web;
  const routes = new Hono();

  routes.post('/options', async (c) => {
    const session = requireSession(web, c, 'people');
    const { options, pending } = await beginAuthentication(tenant, decoys, target(c, session).username);
    session.beginAuthentication(pending);
    return c.json(options);
  });

  routes.post('/assertion', async (c) => {
    const startedAt = performance.now();
    const body = await readJson(c);
    const response = parseAuthenticationResponse(body);
    const session = requireSession(web, c, 'people');
    const aim = target(c, session);
    const pending = session.takeAuthentication();
    if (pending === undefined || pending.username !== aim.username) throw noChallenge();
    const context = attemptContext(c, aim.place, aim.integration);
    const result = await finishAuthentication(tenant, decoys, pending, response, context);
    return answer(c, aim, result, body.remember === true, startedAt);
  });

  routes.post('/passcode', async (c) => {
    const startedAt = performance.now();
    const body = await readJson(c);
    const passcode = textMember(body, 'passcode');
    const session = requireSession(web, c, 'people');
    const aim = target(c, session);
    const context = attemptContext(c, aim.place, aim.integration);
    const user = findUser(tenant, aim.username);
    const result =
      user === undefined
        ? await denyStranger(web, aim.username, await attemptUnknown(tenant, aim.username, 'hardware_token', context))
        : await attemptPasscode(tenant, user, passcode, context);
    return answer(c, aim, result, body.remember === true, startedAt);
  });

  async function answer(c: Context, aim: Target, result: AttemptResult, remember: boolean, startedAt: number) {
    if (!result.accepted) {
      await evenOut(startedAt);
      throw new SiteError(401, result.reason === 'unknown_user' ? 'invalid_passcode' : result.reason, result.message);
    }
    const remembered = remember ? await rememberDevice(tenant, result.user.userId) : undefined;
    if (remembered !== undefined) setRememberedToken(web, c, remembered.token, remembered.expiresAt);
    return c.json({ url: await aim.complete(result) });
  }

  return routes;
}

const MAXIMUM_STRANGERS = 10_000;

// A name that nobody has is locked as one that somebody has, or the lock would tell them apart.
function denyStranger(web: Web, username: string, denied: AttemptResult): AttemptResult {
  const failures = (web.strangers.get(username) ?? 0) + 1;
  if (web.strangers.size >= MAXIMUM_STRANGERS) web.strangers.clear();
  web.strangers.set(username, failures);
  if (denied.accepted || failures < readPolicy(web.tenant).lockoutAttempts) return denied;
  return {
    ...denied,
    reason: failures === readPolicy(web.tenant).lockoutAttempts ? denied.reason : 'locked_out',
    message: LOCKED_OUT,
  };
}

function noChallenge(): SiteError {
  const message =
    'No sign-in is under way in this session: its challenge was used, has expired or was never asked for. Try again.';
  return new SiteError(400, 'no_challenge', message);
}
