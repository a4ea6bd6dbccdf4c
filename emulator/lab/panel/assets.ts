/** The files of the panel. Nothing in them is secret: what the page shows comes with the lab's token. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ICON, PAGE } from './page.ts';
import { CSS } from './styles/index.ts';

export interface PanelFile {
  /** Content-Type. */
  readonly type: string;
  readonly text: string;
}

/** Where the page itself is among {@link panelFiles}. */
export const PANEL_PAGE = 'index.html';

/** The scripts of the panel have not been compiled yet. */
export class PanelNotBuilt extends Error {}

let files: Promise<ReadonlyMap<string, PanelFile>> | undefined;

/**
 * The files by their names below /panel/. Only what is here is served, so that no path leads anywhere else.
 * @throws PanelNotBuilt
 */
export function panelFiles(): Promise<ReadonlyMap<string, PanelFile>> {
  files ??= readFiles(scriptDirectory()).catch((error: unknown) => {
    files = undefined; // they may be compiled by the next time
    throw error;
  });
  return files;
}

/** Compiled code has its scripts beside it; run from source, they lie at the same place under dist/. */
function scriptDirectory(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? '../../../dist/emulator/lab/panel/browser/' : './browser/', import.meta.url);
}

async function readFiles(directory: URL): Promise<ReadonlyMap<string, PanelFile>> {
  const scripts = await Promise.all(
    (await scriptsIn(directory)).map(async (name) => [name, await readFile(new URL(name, directory), 'utf8')] as const),
  );
  return new Map<string, PanelFile>([
    [PANEL_PAGE, { type: 'text/html; charset=utf-8', text: PAGE }],
    ['panel.css', { type: 'text/css; charset=utf-8', text: CSS }],
    ['icon.svg', { type: 'image/svg+xml', text: ICON }],
    ...scripts.map(([name, text]) => [name, { type: 'text/javascript; charset=utf-8', text }] as const),
  ]);
}

async function scriptsIn(directory: URL): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.js'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const where = fileURLToPath(directory);
    throw new PanelNotBuilt(`the scripts of the panel are not compiled: there is no ${where}; run "npm run build"`);
  }
}
