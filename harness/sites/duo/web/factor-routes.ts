/** The JSON face of a prompt: what its page calls, whether it opens an application or the portal. */
import { type Context, Hono } from 'hono';
import { type AttemptResult, attemptPasscode, attemptUnknown, LOCKED_OUT, WRONG_PASSCODE } from '../domain/attempts.ts';
import { beginAuthentication, finishAuthentication, WRONG_KEY } from '../domain/credential-authentication.ts';
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
    return answer(c, aim, result, WRONG.assertion, body.remember === true, startedAt);
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
        ? await attemptUnknown(tenant, aim.username, 'hardware_token', context)
        : await attemptPasscode(tenant, user, passcode, context);
    return answer(c, aim, result, WRONG.passcode, body.remember === true, startedAt);
  });

  async function answer(
    c: Context,
    aim: Target,
    result: AttemptResult,
    wrong: Denial,
    remember: boolean,
    startedAt: number,
  ): Promise<Response> {
    if (!result.accepted) {
      const { code, message } = denial(web, aim, result, wrong);
      await evenOut(startedAt);
      throw new SiteError(401, code, message);
    }
    const remembered = remember ? await rememberDevice(tenant, result.user.userId) : undefined;
    if (remembered !== undefined) setRememberedToken(web, c, remembered.token, remembered.expiresAt);
    return c.json({ url: await aim.complete(result) });
  }

  return routes;
}

interface Denial {
  readonly code: string;
  readonly message: string;
}

/** What a denial says where nothing more may be told. */
const WRONG = {
  assertion: { code: 'wrong_key', message: WRONG_KEY },
  passcode: { code: 'invalid_passcode', message: WRONG_PASSCODE },
} as const satisfies Record<string, Denial>;

const MAXIMUM_STRANGERS = 10_000;

/** The words of a denial: the same for a name that nobody has, wherever the name was typed by who asks. */
function denial(
  web: Web,
  aim: Target,
  { reason, message }: AttemptResult & { accepted: false },
  wrong: Denial,
): Denial {
  if (reason === 'unknown_user') return denyStranger(web, aim.username, wrong);
  if (message === LOCKED_OUT) return LOCKED;
  if (INDISTINCT.has(reason)) return wrong;
  // An application has named the user: it knows that there is one.
  const told = aim.integration !== undefined || !TELLING.has(reason);
  return told ? { code: reason, message } : wrong;
}

const LOCKED: Denial = { code: 'locked_out', message: LOCKED_OUT };
const INDISTINCT: ReadonlySet<string> = new Set(['invalid_device', 'verification_failed', 'invalid_passcode']);
const TELLING: ReadonlySet<string> = new Set(['user_disabled', 'factor_restricted']);

// A name that nobody has is locked as one that somebody has, or the lock would tell them apart.
function denyStranger(web: Web, username: string, wrong: Denial): Denial {
  const failures = (web.strangers.get(username) ?? 0) + 1;
  if (web.strangers.size >= MAXIMUM_STRANGERS) web.strangers.clear();
  web.strangers.set(username, failures);
  return failures < readPolicy(web.tenant).lockoutAttempts ? wrong : LOCKED;
}

function noChallenge(): SiteError {
  const message =
    'No sign-in is under way in this session: its challenge was used, has expired or was never asked for. Try again.';
  return new SiteError(400, 'no_challenge', message);
}
