import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { ICON } from './pages/icons.ts';
import { SiteError } from './site.ts';
import { CSS } from './styles.ts';

const VENDOR_URL = '/assets/vendor/simplewebauthn/';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** Static files of the pages, mounted at /assets: style sheet, icon, page scripts and @simplewebauthn/browser. */
export function assetRoutes(): Hono {
  const assets = new Hono();
  assets.use(etag());
  assets.use(async (c, next) => {
    c.header('Cache-Control', 'no-cache');
    await next();
  });
  assets.get('/site.css', (c) => c.body(CSS, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  assets.get('/icon.svg', (c) => c.body(ICON, 200, { 'Content-Type': 'image/svg+xml' }));
  assets.get('/app/:file', async (c) => serve(await pageScripts(), c.req.param('file')));
  assets.get('/vendor/simplewebauthn/:path{.+}', async (c) => serve(await vendorScripts(), c.req.param('path')));
  return assets;
}

/** Throws SiteError 503 when the page scripts have not been compiled yet. */
export function requirePageScripts(): void {
  const directory = pageScriptDirectory();
  if (existsSync(new URL('enroll.js', directory))) return;
  throw new SiteError(
    503,
    'not_built',
    `The scripts of the pages are not compiled: ${fileURLToPath(directory)} has none. Run "npm run build".`,
  );
}

// Only names read from the directories at first use are served, so no path can lead out of them.
type Scripts = ReadonlyMap<string, string>;

let pages: Promise<Scripts> | undefined;
let vendor: Promise<Scripts> | undefined;

function pageScripts(): Promise<Scripts> {
  requirePageScripts();
  pages ??= readScripts(pageScriptDirectory());
  return pages;
}

function vendorScripts(): Promise<Scripts> {
  // The package's CommonJS entry is script/index.js; the ES modules lie beside that folder.
  const entry = createRequire(import.meta.url).resolve('@simplewebauthn/browser');
  vendor ??= readScripts(new URL('../esm/', pathToFileURL(entry)));
  return vendor;
}

// Compiled code has its page scripts beside it; run from source, they lie at the same place under dist/.
function pageScriptDirectory(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? '../../../dist/harness/sites/duo/browser/' : './browser/', import.meta.url);
}

async function readScripts(directory: URL): Promise<Scripts> {
  const names = await readdir(directory, { recursive: true });
  const scripts = names.filter((name) => name.endsWith('.js')).map((name) => name.replaceAll('\\', '/'));
  return new Map(
    await Promise.all(
      scripts.map(
        async (name) => [name, resolveBareImports(await readFile(new URL(name, directory), 'utf8'))] as const,
      ),
    ),
  );
}

// Browsers cannot resolve package names, and an import map would be an inline script.
function resolveBareImports(source: string): string {
  return source.replace(/from (['"])@simplewebauthn\/browser\1/g, `from '${VENDOR_URL}index.js'`);
}

function serve(scripts: Scripts, name: string): Response {
  const source = scripts.get(name);
  if (source === undefined) throw new SiteError(404, 'not_found', `There is no asset ${JSON.stringify(name)}.`);
  return new Response(source, { headers: { 'Content-Type': JAVASCRIPT, 'Cache-Control': 'no-cache' } });
}
