/** What the routes of the dashboard share: only an administrator passes, and every change is logged. */
import type { Context } from 'hono';
import { recordActivity } from '../../domain/authentication-log.ts';
import { DomainError } from '../../domain/error.ts';
import type { DashboardFrame } from '../../pages/dashboard/frame.ts';
import { SiteError } from '../../site.ts';
import type { WebSession } from '../sessions.ts';
import { currentSession, pageSite, readForm, type Web } from '../web.ts';

/** The administrator's session, or undefined. */
export function administratorSession(web: Web, c: Context): (WebSession & { signedInAs: string }) | undefined {
  const session = currentSession(web, c, 'administrators');
  return session?.signedInAs === undefined ? undefined : (session as WebSession & { signedInAs: string });
}

/** Answers with a page for administrators; others are sent to sign in. */
export function show(
  web: Web,
  c: Context,
  page: (frame: DashboardFrame) => ReturnType<typeof import('hono/html').html>,
) {
  const session = administratorSession(web, c);
  if (session === undefined) return c.redirect('/dashboard/sign-in', 302);
  const frame = {
    site: pageSite(web),
    email: session.signedInAs,
    csrf: session.csrf,
    notice: session.takeNotice(),
    mailbox: web.mailbox !== undefined,
  };
  return c.html(page(frame));
}

/** What a change did: a sentence for the next page, a line for the log, and where that page is. */
export interface Done {
  readonly text: string;
  readonly action: string;
  readonly object: string;
  readonly detail?: string;
  readonly next?: string;
}

/** Does what a form asks for, logs it, and leads to `next`; a refusal of the domain is shown there. */
export async function change(
  web: Web,
  c: Context,
  next: string,
  work: (form: URLSearchParams, actor: string) => Promise<Done>,
): Promise<Response> {
  const session = administratorSession(web, c);
  if (session === undefined) throw new SiteError(401, 'not_signed_in', 'Sign in as an administrator first.');
  const form = await readForm(c, session);
  const actor = session.signedInAs;
  try {
    const done = await work(form, actor);
    const { action, object, detail } = done;
    const entry = { actor, action, object, ...(detail === undefined ? {} : { detail }) };
    await web.tenant.database.write(() => recordActivity(web.tenant, entry));
    session.tell({ kind: 'good', text: done.text });
    return c.redirect(done.next ?? next, 303);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    session.tell({ kind: 'bad', text: error.message });
    return c.redirect(next, 303);
  }
}

/** The part of a path that names a thing. */
export function idOf(c: Context): string {
  return c.req.param('id') ?? '';
}
