/** The lab's mailbox, to be read by who plays the user; by administrators alone where other machines reach the service. */
import { type Context, Hono } from 'hono';
import type { Mailbox, ReceivedMail } from '../mail/mailbox.ts';
import { mailboxPage, mailPage } from '../pages/mailbox.ts';
import { SiteError } from '../site.ts';
import { administratorSession } from './dashboard/guard.ts';
import { pageSite, type Web } from './web.ts';

// The mail's HTML is a stranger's: no script, no network, no form, no way out of its frame.
const FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

export function mailboxRoutes(web: Web, mailbox: Mailbox): Hono {
  const routes = new Hono();

  routes.use('/mailbox/*', async (c, next) => {
    if (web.loopback || administratorSession(web, c) !== undefined) return next();
    return c.redirect('/dashboard/sign-in', 302);
  });

  routes.get('/mailbox', (c) => c.html(mailboxPage(pageSite(web), mailbox.list())));

  routes.get('/mailbox/:id{[0-9]+}', (c) => {
    const page = mailPage(pageSite(web), mailOf(c), web.tenant.origin);
    c.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    return c.html(page);
  });

  routes.get('/mailbox/:id{[0-9]+}/html', (c) => {
    c.header('Content-Security-Policy', FRAME_POLICY);
    c.header('X-Frame-Options', 'SAMEORIGIN');
    return c.html(mailOf(c).html);
  });

  function mailOf(c: Context): ReceivedMail {
    const mail = mailbox.find(Number(c.req.param('id')));
    if (mail === undefined) throw new SiteError(404, 'not_found', 'There is no such mail.');
    return mail;
  }

  return routes;
}
