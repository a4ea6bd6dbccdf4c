/** The device portal: who signed in with a present factor adds, renames and removes devices. */
import { type Context, Hono } from 'hono';
import { requirePageScripts } from '../assets.ts';
import { recordActivity } from '../domain/authentication-log.ts';
import { allowedKinds } from '../domain/credential-registration.ts';
import { DomainError } from '../domain/error.ts';
import { tokensOfUser } from '../domain/hardware-tokens.ts';
import { listModels } from '../domain/metadata.ts';
import { readPolicy } from '../domain/policy.ts';
import { forgetRemembered } from '../domain/remembered-devices.ts';
import { findUserById, parseUsername, type User } from '../domain/users.ts';
import {
  credentialsOfUser,
  deleteCredential,
  getCredential,
  renameCredential,
  type WebAuthnCredential,
} from '../domain/webauthn-credentials.ts';
import { portalPage } from '../pages/portal.ts';
import { promptPage } from '../pages/prompt.ts';
import { signInNamePage } from '../pages/sign-in-name.ts';
import { SiteError } from '../site.ts';
import { factorRoutes } from './factor-routes.ts';
import type { WebSession } from './sessions.ts';
import {
  currentSession,
  endSession,
  ensureSession,
  pageSite,
  readForm,
  renewSession,
  requireSession,
  type Web,
} from './web.ts';

const PLACE = 'Device portal';

export function portalRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/', (c) => c.redirect('/portal', 302));

  routes.get('/sign-in', (c) => {
    const session = ensureSession(web, c, 'people');
    if (portalUser(web, session) !== undefined) return c.redirect('/portal', 302);
    return c.html(signInNamePage(pageSite(web), { csrf: session.csrf, username: session.signingInAs ?? '' }));
  });

  routes.post('/sign-in', async (c) => {
    const session = requireSession(web, c, 'people');
    const form = await readForm(c, session);
    try {
      session.signingInAs = parseUsername(form.get('username') ?? '');
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const username = (form.get('username') ?? '').slice(0, 100);
      return c.html(signInNamePage(pageSite(web), { csrf: session.csrf, username, complaint: error.message }), 400);
    }
    return c.redirect('/sign-in/prompt', 303);
  });

  routes.get('/sign-in/prompt', (c) => {
    requirePageScripts();
    const session = currentSession(web, c, 'people');
    if (session?.signingInAs === undefined) return c.redirect('/sign-in', 302);
    const policy = readPolicy(tenant);
    if (allowedKinds(policy).length === 0 && !policy.passcodes) {
      throw new SiteError(
        403,
        'no_factor',
        'Your organisation has switched off every way to sign in here. Ask your administrator.',
      );
    }
    // The same for every name: what is shown must not tell which accounts exist.
    return c.html(
      promptPage(pageSite(web), {
        base: '/sign-in',
        username: session.signingInAs,
        place: PLACE,
        securityKey: allowedKinds(policy).length > 0,
        passcode: policy.passcodes,
        rememberDays: 0,
        otherAccount: '/sign-in',
      }),
    );
  });

  routes.route(
    '/sign-in',
    factorRoutes(web, (c, session) => {
      const username = session.signingInAs;
      if (username === undefined) throw new SiteError(400, 'no_sign_in', 'Enter your username first.');
      return {
        username,
        place: PLACE,
        complete: async ({ user }) => {
          renewSession(web, c, 'people', session).signedInAs = user.userId;
          return '/portal';
        },
      };
    }),
  );

  routes.get('/portal', (c) => {
    const session = currentSession(web, c, 'people');
    const user = session && portalUser(web, session);
    if (session === undefined || user === undefined) return c.redirect('/sign-in', 302);
    const policy = readPolicy(tenant);
    return c.html(
      portalPage(pageSite(web), {
        username: user.username,
        csrf: session.csrf,
        credentials: credentialsOfUser(tenant, user.userId),
        tokens: tokensOfUser(tenant, user.userId),
        models: listModels(tenant),
        mayAdd: allowedKinds(policy).length > 0,
        notice: session.takeNotice(),
      }),
    );
  });

  routes.post('/portal/devices/:key/rename', (c) =>
    change(c, async (form, credential) => {
      const renamed = await renameCredential(tenant, credential.webauthnKey, form.get('name') ?? '');
      return `Renamed to “${renamed.name}”.`;
    }),
  );

  routes.post('/portal/devices/:key/remove', (c) =>
    change(c, async (_, credential, user) => {
      if (credentialsOfUser(tenant, user.userId).length + tokensOfUser(tenant, user.userId).length < 2) {
        throw new DomainError('refused', 'This is your last device. Add another before you remove it.');
      }
      await deleteCredential(tenant, credential.webauthnKey);
      await tenant.database.write(() => {
        forgetRemembered(tenant, user.userId);
        recordActivity(tenant, { actor: user.username, action: 'device_remove', object: credential.webauthnKey });
      });
      return `“${credential.name}” was removed. It opens nothing any more.`;
    }),
  );

  routes.post('/sign-out', async (c) => {
    await readForm(c, requireSession(web, c, 'people'));
    endSession(web, c, 'people');
    return c.redirect('/sign-in', 303);
  });

  type Change = (form: URLSearchParams, credential: WebAuthnCredential, user: User) => Promise<string>;

  async function change(c: Context, work: Change): Promise<Response> {
    const session = requireSession(web, c, 'people');
    const form = await readForm(c, session);
    const user = portalUser(web, session);
    if (user === undefined) throw new SiteError(401, 'not_signed_in', 'Sign in first.');
    try {
      session.tell({ kind: 'good', text: await work(form, ownCredential(c, user), user) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      session.tell({ kind: 'bad', text: error.message });
    }
    return c.redirect('/portal', 303);
  }

  /** A device of the user's own; that of another is not there. */
  function ownCredential(c: Context, user: User): WebAuthnCredential {
    const credential = getCredential(tenant, c.req.param('key') ?? '');
    if (credential.userId === user.userId) return credential;
    throw new DomainError('not_found', 'There is no such device.');
  }

  return routes;
}

function portalUser(web: Web, session: WebSession): User | undefined {
  const user = session.signedInAs === undefined ? undefined : findUserById(web.tenant, session.signedInAs);
  return user?.status === 'disabled' ? undefined : user;
}
