/** The wizard: by a link of an enrolment mail, from the portal, or at the first sign-in to an application. */
import { type Context, Hono } from 'hono';
import { requirePageScripts } from '../assets.ts';
import {
  allowedKinds,
  beginRegistration,
  DEVICE_KINDS,
  finishRegistration,
} from '../domain/credential-registration.ts';
import { readEnrolmentLink, useEnrolmentLink } from '../domain/enrolment-links.ts';
import { DomainError } from '../domain/error.ts';
import { readPolicy } from '../domain/policy.ts';
import { findUserById, type User } from '../domain/users.ts';
import { credentialsOfUser } from '../domain/webauthn-credentials.ts';
import { parseRegistrationResponse } from '../json.ts';
import { linkErrorPage } from '../pages/link-error.ts';
import { wizardPage } from '../pages/wizard.ts';
import { SiteError } from '../site.ts';
import type { WebSession } from './sessions.ts';
import {
  attemptContext,
  currentSession,
  ensureSession,
  pageSite,
  readJson,
  renewSession,
  requireSession,
  textMember,
  type Web,
} from './web.ts';

/** Answer of `POST /enroll/finish`. */
export interface EnrolledJSON {
  readonly username: string;
  readonly key: { readonly webauthnKey: string; readonly name: string };
  readonly keyCount: number;
}

const PLACE = 'Device enrollment';

export function enrolmentRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/enroll', (c) => {
    requirePageScripts();
    // The link's code stands in this address: it must not leave with a Referer.
    c.header('Referrer-Policy', 'no-referrer');
    const code = c.req.query('code');
    if (code === undefined) {
      const session = currentSession(web, c, 'people');
      const user = session && enrolledUser(web, session);
      if (user === undefined) return c.redirect('/sign-in', 302);
      return c.html(wizard(user, undefined, session));
    }
    try {
      return c.html(wizard(readEnrolmentLink(tenant, code), code, undefined));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return c.html(linkErrorPage(pageSite(web), error), error.code === 'not_found' ? 404 : 410);
    }
  });

  function wizard(user: User, code: string | undefined, session: WebSession | undefined) {
    const sid = session?.enrolment?.promptSid;
    const signedIn = session?.signedInAs !== undefined;
    return wizardPage(pageSite(web), {
      username: user.username,
      code,
      kinds: allowedKinds(readPolicy(tenant)),
      hasDevices: credentialsOfUser(tenant, user.userId).length > 0,
      finish: signedIn ? '/portal' : sid === undefined ? '/sign-in' : `/prompt/${sid}`,
      ...(signedIn ? { signedIn: { csrf: session.csrf } } : {}),
    });
  }

  routes.post('/enroll/start', async (c) => {
    const code = textMember(await readJson(c), 'code');
    const user = readEnrolmentLink(tenant, code);
    const session = renewSession(web, c, 'people', ensureSession(web, c, 'people'));
    session.allowEnrolment({ userId: user.userId, code });
    return c.json({ username: user.username });
  });

  routes.post('/enroll/options', async (c) => {
    const kindName = textMember(await readJson(c), 'kind');
    const kind = DEVICE_KINDS.find((known) => known === kindName);
    if (kind === undefined) throw new SiteError(400, 'malformed', `"kind" must be one of ${DEVICE_KINDS.join(', ')}.`);
    const session = requireSession(web, c, 'people');
    const { options, pending } = await beginRegistration(tenant, requireUser(web, session), kind);
    session.beginRegistration(pending);
    return c.json(options);
  });

  routes.post('/enroll/finish', async (c) => {
    const response = parseRegistrationResponse(await readJson(c));
    const session = requireSession(web, c, 'people');
    const pending = session.takeRegistration();
    const user = requireUser(web, session);
    if (pending === undefined || pending.userId !== user.userId) throw noChallenge();
    const { enrolment } = session;
    const spend = () => {
      if (enrolment?.code !== undefined) useEnrolmentLink(tenant, enrolment.code);
    };
    const key = await finishRegistration(tenant, pending, response, attemptContext(c, PLACE), spend);
    // The link is spent; this browser may go on to add another.
    if (enrolment !== undefined) session.allowEnrolment({ ...enrolment, code: undefined });
    const keyCount = credentialsOfUser(tenant, user.userId).length;
    const { webauthnKey, name } = key;
    return c.json({ username: user.username, key: { webauthnKey, name }, keyCount } satisfies EnrolledJSON);
  });

  return routes;
}

/** Whom this session may enrol devices for. */
function enrolledUser(web: Web, session: WebSession): User | undefined {
  const userId = session.signedInAs ?? session.enrolment?.userId;
  return userId === undefined ? undefined : findUserById(web.tenant, userId);
}

function requireUser(web: Web, session: WebSession): User {
  const user = enrolledUser(web, session);
  // A link may have been spent, replaced or expired since this session began.
  if (session.signedInAs === undefined && session.enrolment?.code !== undefined) {
    readEnrolmentLink(web.tenant, session.enrolment.code);
  }
  if (user !== undefined && user.status !== 'disabled') return user;
  throw new SiteError(
    403,
    'no_enrolment',
    'Nobody may enrol a device in this session. Open the link of your e-mail again.',
  );
}

function noChallenge(): SiteError {
  const message =
    'No enrolment is under way in this session: its challenge was used, has expired or was never asked for. Try again.';
  return new SiteError(400, 'no_challenge', message);
}

/** Lets a user of an application enrol in the middle of a prompt. */
export function enrolAtPrompt(web: Web, c: Context, session: WebSession, user: User, sid: string): void {
  const renewed = renewSession(web, c, 'people', session);
  renewed.allowEnrolment({ userId: user.userId, promptSid: sid });
}
