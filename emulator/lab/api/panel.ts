/** The panel's files: the one part of the lab that needs no token, for there is nothing secret in it. */
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { createRoute, z } from '@hono/zod-openapi';
import { Problem } from '../problem.ts';
import { type ControlApi, problems } from './routes.ts';

/** What is served without a token. */
export const PANEL_PATHS = /^\/panel(\/[A-Za-z0-9._-]+)?$/;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const PAGE = 'index.html';

interface PanelFile {
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

const getPage = createRoute({
  method: 'get',
  path: '/panel',
  summary: 'The panel',
  tags: ['Panel'],
  security: [],
  responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } }, ...problems(404) },
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
    ...problems(404),
  },
});

export function panelRoutes(api: ControlApi): void {
  let files: Promise<ReadonlyMap<string, PanelFile>> | undefined;
  const serve = async (name: string, host: string | undefined) => {
    files ??= readFiles(folders());
    const file = (await files).get(name);
    if (file === undefined) throw new Problem(404, 'not_found', `the panel has no file ${JSON.stringify(name)}`);
    return new Response(file.content, {
      headers: {
        'Content-Type': file.type,
        'Content-Security-Policy': contentSecurityPolicy(host),
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-cache',
      },
    });
  };
  api.openapi(getPage, (c) => serve(PAGE, c.req.header('host')));
  api.openapi(getFile, (c) => serve(c.req.valid('param').file, c.req.header('host')));
}

function contentSecurityPolicy(host: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ws://${host}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** Compiled code has the panel beside it; run from source, its scripts lie at the same place under dist/. */
function folders(): URL[] {
  const own = new URL('../panel/', import.meta.url);
  if (!import.meta.url.endsWith('.ts')) return [own];
  return [new URL('../../../dist/emulator/lab/panel/', import.meta.url), own];
}

/** Only names that are read here are served, so no path leads out of the folders. */
async function readFiles(places: readonly URL[]): Promise<ReadonlyMap<string, PanelFile>> {
  const files = new Map<string, PanelFile>();
  for (const place of places) {
    for (const name of await namesIn(place)) {
      const type = TYPES[extname(name)];
      if (type !== undefined) files.set(name, { type, content: new Uint8Array(await readFile(new URL(name, place))) });
    }
  }
  return files;
}

async function namesIn(folder: URL): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
