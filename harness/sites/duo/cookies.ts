import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Session } from './sessions.ts';
import { type Site, SiteError } from './site.ts';

// Cookies do not know ports: the port in the name keeps two sites on one machine apart.
function cookieName(site: Site): string {
  return `ctaplab_session_${site.port}`;
}

/** The session that the request's cookie names, if it is still held. */
export function currentSession(site: Site, c: Context): Session | undefined {
  return site.sessions.find(getCookie(c, cookieName(site)));
}

/** The request's session, or a fresh one whose cookie goes out with the answer. */
export function ensureSession(site: Site, c: Context): Session {
  const session = currentSession(site, c);
  if (session !== undefined) return session;
  return send(site, c, site.sessions.create());
}

/** The request's session; SiteError 400 without one. */
export function requireSession(site: Site, c: Context): Session {
  const session = currentSession(site, c);
  if (session !== undefined) return session;
  throw new SiteError(
    400,
    'no_session',
    'The request carries no session cookie of this site, or one that has expired. Ask for options first and keep the cookie.',
  );
}

/** A fresh session in place of the old one, at every gain of rights. */
export function renewSession(site: Site, c: Context, old: Session): Session {
  return send(site, c, site.sessions.replace(old));
}

/** Forgets the session on both sides. */
export function endSession(site: Site, c: Context, session: Session): void {
  site.sessions.remove(session);
  deleteCookie(c, cookieName(site), { path: '/' });
}

function send(site: Site, c: Context, session: Session): Session {
  const secure = site.origin.startsWith('https:');
  setCookie(c, cookieName(site), session.id, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
  return session;
}
