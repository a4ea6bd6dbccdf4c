/** The authentication prompt that applications send people to. */
import { type Context, Hono } from 'hono';
import { requirePageScripts } from '../assets.ts';
import { type AttemptResult, attemptBypass, attemptRemembered, logged } from '../domain/attempts.ts';
import { recordAuthentication } from '../domain/authentication-log.ts';
import { usableCredentials } from '../domain/credential-authentication.ts';
import { allowedKinds } from '../domain/credential-registration.ts';
import { DomainError } from '../domain/error.ts';
import { tokensOfUser } from '../domain/hardware-tokens.ts';
import { isLockedOut } from '../domain/lockout.ts';
import { readPolicy } from '../domain/policy.ts';
import type { PromptTransaction } from '../domain/prompt-transactions.ts';
import { createUser, findUser, type User } from '../domain/users.ts';
import { credentialsOfUser } from '../domain/webauthn-credentials.ts';
import { errorPage } from '../pages/error.ts';
import { promptPage } from '../pages/prompt.ts';
import { SiteError } from '../site.ts';
import { enrolAtPrompt } from './enrolment-routes.ts';
import { factorRoutes } from './factor-routes.ts';
import type { WebSession } from './sessions.ts';
import { attemptContext, ensureSession, pageSite, rememberedToken, type Web } from './web.ts';

type Accepted = AttemptResult & { accepted: true };

export function promptRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/prompt/:sid', async (c) => {
    requirePageScripts();
    const session = ensureSession(web, c, 'people');
    const transaction = open(c, session);
    const context = attemptContext(c, transaction.integration.name, transaction.integration);
    const user = findUser(tenant, transaction.username) ?? (await welcome(transaction));
    if (user === undefined) {
      const entry = { userId: undefined, username: transaction.username, factor: 'none', detail: '' } as const;
      await tenant.database.write(() =>
        recordAuthentication(tenant, {
          ...logged(context),
          ...entry,
          result: 'denied',
          reason: 'deny_unenrolled_user',
        }),
      );
      const message = `The user ${transaction.username} is not enrolled here. Ask your administrator.`;
      return c.html(errorPage(pageSite(web), 'Access denied', message), 403);
    }
    const passed =
      (await attemptBypass(tenant, user, context)) ??
      (await attemptRemembered(tenant, user, rememberedToken(web, c), context));
    if (passed?.accepted) return c.redirect(await complete(c, transaction, passed), 302);

    const policy = readPolicy(tenant);
    const credentials = usableCredentials(tenant, user.userId);
    const tokens = policy.passcodes
      ? tokensOfUser(tenant, user.userId).filter(({ lostAt }) => lostAt === undefined)
      : [];
    const barred = user.status === 'disabled' || isLockedOut(user, policy, tenant.now());
    if (!barred && credentials.length + tokens.length === 0) return inline(c, session, user, transaction);
    return c.html(
      promptPage(pageSite(web), {
        base: `/prompt/${transaction.sid}`,
        username: user.username,
        place: transaction.integration.name,
        securityKey: credentials.length > 0,
        passcode: policy.passcodes,
        rememberDays: policy.rememberedDeviceDays,
        ...(barred ? { barred: user.status === 'disabled' ? 'disabled' : 'locked' } : {}),
      }),
    );
  });

  routes.route(
    '/prompt/:sid',
    factorRoutes(web, (c, session) => {
      const transaction = open(c, session);
      const { username, integration } = transaction;
      return { username, integration, place: integration.name, complete: (result) => complete(c, transaction, result) };
    }),
  );

  /** The transaction that the path names; only the browser that opened it first goes on with it. */
  function open(c: Context, session: WebSession): PromptTransaction {
    const sid = c.req.param('sid') ?? '';
    const transaction = web.prompts.find(sid);
    if (transaction === undefined) {
      const message = 'This sign-in has ended or taken too long. Go back to the application and begin again.';
      throw new SiteError(404, 'no_prompt', message);
    }
    if (c.req.method === 'GET' && web.prompts.claim(sid)) session.prompts.add(sid);
    if (session.prompts.has(sid)) return transaction;
    throw new SiteError(
      403,
      'other_browser',
      'This sign-in was begun in another browser. Go back to the application and begin again.',
    );
  }

  /** A user whom only the application knows, where policy takes new ones. */
  async function welcome({ username }: PromptTransaction): Promise<User | undefined> {
    if (readPolicy(tenant).newUsers === 'deny') return undefined;
    try {
      return await createUser(tenant, { username });
    } catch (error) {
      if (error instanceof DomainError) return findUser(tenant, username);
      throw error;
    }
  }

  /** Who has never had a device enrols one. A device that is lost or switched off opens no door to another. */
  function inline(
    c: Context,
    session: WebSession,
    user: User,
    { sid }: PromptTransaction,
  ): Response | Promise<Response> {
    const held = credentialsOfUser(tenant, user.userId).length + tokensOfUser(tenant, user.userId).length;
    if (held === 0 && allowedKinds(readPolicy(tenant)).length > 0) {
      enrolAtPrompt(web, c, session, user, sid);
      return c.redirect('/enroll', 302);
    }
    const message =
      held > 0
        ? 'None of your devices can be used here: they are reported lost, or policy does not allow them. Ask your administrator.'
        : 'You have no device for a second factor, and policy lets you enroll none. Ask your administrator.';
    return c.html(errorPage(pageSite(web), 'Access denied', message), 403);
  }

  async function complete(c: Context, transaction: PromptTransaction, result: Accepted): Promise<string> {
    const { user, factor, deviceKey, deviceName, txid, reason } = result;
    const { ip, userAgent } = attemptContext(c, '');
    const url = await web.prompts.complete(transaction.sid, {
      ...{ accepted: true, userId: user.userId, username: user.username, at: tenant.now() },
      ...{ factor, deviceKey, deviceName, txid, reason, ip, userAgent },
    });
    if (url !== undefined) return url;
    throw new SiteError(409, 'no_prompt', 'This sign-in has ended. Go back to the application and begin again.');
  }

  return routes;
}
