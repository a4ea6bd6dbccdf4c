/** The panel's files: the one part of the lab that needs no token, for there is nothing secret in it. */
import { createRoute, z } from '@hono/zod-openapi';
import { PANEL_PAGE, PanelNotBuilt, panelFiles } from '../panel/assets.ts';
import { Problem } from '../problem.ts';
import { type ControlApi, problems } from './routes.ts';

/** What is served without a token. */
export const PANEL_PATHS = /^\/panel(\/[A-Za-z0-9._-]+)?$/;

const getPage = createRoute({
  method: 'get',
  path: '/panel',
  summary: 'The panel',
  tags: ['Panel'],
  security: [],
  responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } }, ...problems(503) },
});

const getFile = createRoute({
  method: 'get',
  path: '/panel/{file}',
  summary: 'A file of the panel',
  tags: ['Panel'],
  security: [],
  request: { params: z.strictObject({ file: z.string() }) },
  responses: {
    200: { description: 'The file', content: { '*/*': { schema: z.string() } } },
    ...problems(404, 503),
  },
});

export function panelRoutes(api: ControlApi): void {
  const serve = async (name: string, host: string | undefined) => {
    const file = (await files()).get(name);
    if (file === undefined) throw new Problem(404, 'not_found', `the panel has no file ${JSON.stringify(name)}`);
    return new Response(file.text, { headers: { 'Content-Type': file.type, ...headersFor(host) } });
  };
  api.openapi(getPage, (c) => serve(PANEL_PAGE, c.req.header('host')));
  api.openapi(getFile, (c) => serve(c.req.valid('param').file, c.req.header('host')));
}

async function files(): ReturnType<typeof panelFiles> {
  try {
    return await panelFiles();
  } catch (error) {
    if (error instanceof PanelNotBuilt) throw new Problem(503, 'not_built', error.message);
    throw error;
  }
}

/** @param host that the request came to; it has been checked before */
function headersFor(host: string | undefined): Record<string, string> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      // Not every browser takes 'self' for WebSockets.
      `connect-src 'self' ws://${host}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ].join('; '),
    'Cache-Control': 'no-cache',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
  };
}
