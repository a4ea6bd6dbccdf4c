/** The whole service as one fetch handler. */
import { Hono } from 'hono';
import { assetRoutes } from '../assets.ts';
import { checkHost, checkOrigin, limitBody, securityHeaders } from '../guards.ts';
import { errorPage } from '../pages/error.ts';
import { SiteError } from '../site.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { enrolmentRoutes } from './enrolment-routes.ts';
import { mailboxRoutes } from './mailbox-routes.ts';
import { portalRoutes } from './portal-routes.ts';
import { promptRoutes } from './prompt-routes.ts';
import { pageSite, toSiteError, type Web } from './web.ts';

/** A metadata BLOB is larger than any other form. */
const MAXIMUM_METADATA_BYTES = 16 * 1024 * 1024;

/** Routes of programs, which sign their requests and carry no cookie: the guards of pages are not for them. */
export interface ProgramRoutes {
  readonly path: string;
  readonly routes: Hono;
}

/** @param furnish adds routes and middleware that come before the pages, behind the guards of pages */
export function createServiceApp(
  web: Web,
  programs: readonly ProgramRoutes[],
  onDefect: (error: unknown) => void,
  furnish: (app: Hono) => void = () => {},
): Hono {
  const place = { origin: web.tenant.origin, port: web.port };
  const app = new Hono();
  app.use(securityHeaders());
  app.use(checkHost(place));
  app.use(async (c, next) => {
    const limit = c.req.path === '/dashboard/metadata' ? MAXIMUM_METADATA_BYTES : undefined;
    return limitBody(limit)(c, next);
  });
  for (const { path, routes } of programs) app.route(path, routes);
  app.use(checkOrigin(place));
  furnish(app);
  app.route('/assets', assetRoutes());
  app.route('/dashboard', dashboardRoutes(web));
  if (web.mailbox !== undefined) app.route('/', mailboxRoutes(web, web.mailbox));
  app.route('/', enrolmentRoutes(web));
  app.route('/', promptRoutes(web));
  app.route('/', portalRoutes(web));

  app.notFound((c) => {
    const message = `There is nothing at ${c.req.method} ${c.req.path}.`;
    if (wantsJson(c.req.header('content-type'))) return c.json({ error: { code: 'not_found', message } }, 404);
    return c.html(errorPage(pageSite(web), 'Page not found', message), 404);
  });

  app.onError((error, c) => {
    const known = toSiteError(error);
    const refusal = known instanceof SiteError ? known : undefined;
    if (refusal === undefined) onDefect(error);
    const status = refusal?.status ?? 500;
    const code = refusal?.code ?? 'internal';
    const message = refusal?.message ?? 'The service failed on this request. Its log says why.';
    if (wantsJson(c.req.header('content-type'))) return c.json({ error: { code, message } }, status);
    return c.html(errorPage(pageSite(web), 'This page cannot be shown', message), status);
  });
  return app;
}

// Scripts ask with JSON, pages do not.
function wantsJson(contentType = ''): boolean {
  return /^application\/json\b/i.test(contentType);
}
