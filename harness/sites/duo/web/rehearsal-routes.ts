/** A place to begin for who tries the service by clicks alone: a user is at hand, enrols by a link and signs in. */
import { Hono } from 'hono';
import { createEnrolmentLink } from '../domain/enrolment-links.ts';
import { createUser, findUser } from '../domain/users.ts';
import { credentialsOfUser } from '../domain/webauthn-credentials.ts';
import { rehearsalPage } from '../pages/rehearsal.ts';
import { ensureSession, pageSite, readForm, requireSession, type Web } from './web.ts';

/** Who is at hand: a user of the service as any other. */
const USERNAME = 'alice';
const EMAIL = 'alice@example.org';

/** Whoever reaches these routes enrols devices for that user, so that a guard has to stand before them. */
export function rehearsalRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/', (c) => {
    const session = ensureSession(web, c, 'people');
    const user = findUser(tenant, USERNAME);
    const devices = user === undefined ? 0 : credentialsOfUser(tenant, user.userId).length;
    const mailbox = web.mailbox !== undefined;
    return c.html(rehearsalPage(pageSite(web), { csrf: session.csrf, username: USERNAME, devices, mailbox }));
  });

  routes.post('/enroll', async (c) => {
    await readForm(c, requireSession(web, c, 'people'));
    const user = findUser(tenant, USERNAME) ?? (await createUser(tenant, { username: USERNAME, email: EMAIL }));
    const link = await createEnrolmentLink(tenant, user.userId);
    return c.redirect(link.url, 303);
  });

  return routes;
}
