import { Hono } from 'hono';
import { requirePageScripts } from './assets.ts';
import { currentSession, endSession } from './cookies.ts';
import { accountPage } from './pages/account.ts';
import { enrollPage } from './pages/enroll.ts';
import { signInPage } from './pages/sign-in.ts';
import type { Site } from './site.ts';

/** The pages that people see. */
export function pageRoutes(site: Site): Hono {
  const pages = new Hono();

  pages.get('/', (c) => {
    const signedIn = currentSession(site, c)?.signedInAs !== undefined;
    return c.redirect(signedIn ? '/account' : '/sign-in', 302);
  });

  pages.get('/enroll', (c) => {
    requirePageScripts();
    const session = currentSession(site, c);
    const username = session?.signedInAs ?? session?.enrolment;
    return c.html(enrollPage(site, { username, signedIn: session?.signedInAs !== undefined }));
  });

  pages.get('/sign-in', (c) => {
    requirePageScripts();
    const session = currentSession(site, c);
    if (session?.signedInAs !== undefined) return c.redirect('/account', 302);
    return c.html(signInPage(site, session?.enrolment));
  });

  pages.get('/account', async (c) => {
    const username = currentSession(site, c)?.signedInAs;
    if (username === undefined) return c.redirect('/sign-in', 302);
    return c.html(accountPage(site, username, await site.store.keysOf(username)));
  });

  pages.post('/sign-out', (c) => {
    const session = currentSession(site, c);
    if (session !== undefined) endSession(site, c, session);
    return c.redirect('/sign-in', 303);
  });

  return pages;
}
