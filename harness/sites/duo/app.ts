import { Hono } from 'hono';
import { apiRoutes } from './api.ts';
import { assetRoutes } from './assets.ts';
import { checkHost, checkOrigin, limitBody, securityHeaders } from './guards.ts';
import { pageRoutes } from './page-routes.ts';
import { errorPage } from './pages/error.ts';
import { type Site, SiteError } from './site.ts';

/** The whole site as one fetch handler. */
export function createApp(site: Site): Hono {
  const app = new Hono();
  app.use(securityHeaders());
  app.use(checkHost(site));
  app.use(checkOrigin(site));
  app.use(limitBody());
  app.route('/api', apiRoutes(site));
  app.route('/assets', assetRoutes());
  app.route('/', pageRoutes(site));

  app.notFound((c) => {
    const message = `There is nothing at ${c.req.method} ${c.req.path}.`;
    if (wantsJson(c.req.path)) return c.json({ error: { code: 'not_found', message } }, 404);
    return c.html(errorPage(site, 'Page not found', message), 404);
  });

  app.onError((error, c) => {
    if (!(error instanceof SiteError)) console.error(error);
    const refusal = error instanceof SiteError ? error : undefined;
    const status = refusal?.status ?? 500;
    const code = refusal?.code ?? 'internal';
    const message = refusal?.message ?? 'The site failed on this request. Its log says why.';
    if (wantsJson(c.req.path)) return c.json({ error: { code, message } }, status);
    return c.html(errorPage(site, 'This page cannot be shown', message), status);
  });
  return app;
}

function wantsJson(path: string): boolean {
  return path.startsWith('/api/') || path.startsWith('/assets/');
}
