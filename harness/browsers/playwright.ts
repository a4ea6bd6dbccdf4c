/** A security key for the pages of Playwright, in every browser that it drives. */
import type { PermissionsPolicyFeature } from '../webauthn/client.ts';
import type { PageAbort, PageRequest, PageVerdict } from './in-page/messages.ts';
import { installInPage } from './in-page/script.ts';
import { type Caller, PageCeremonies, type PageCeremoniesOptions } from './page-ceremonies.ts';
import { SecurityKey, type SecurityKeyOptions } from './security-key.ts';

// What is used of Playwright, by its shape: `playwright`, `playwright-core` and `@playwright/test` all have it.
interface PlaywrightFrame {
  url(): string;
  parentFrame(): PlaywrightFrame | null;
  frameElement(): Promise<{ getAttribute(name: string): Promise<string | null> }>;
  evaluate(expression: string): Promise<unknown>;
}

export interface PlaywrightPage {
  context(): PlaywrightContext;
  on(event: 'framenavigated', listener: (frame: PlaywrightFrame) => void): unknown;
  on(event: 'framedetached', listener: (frame: PlaywrightFrame) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'crash', listener: () => void): unknown;
  off(event: 'framenavigated', listener: (frame: PlaywrightFrame) => void): unknown;
  off(event: 'framedetached', listener: (frame: PlaywrightFrame) => void): unknown;
  off(event: 'close', listener: () => void): unknown;
  off(event: 'crash', listener: () => void): unknown;
}

interface Source {
  readonly page: PlaywrightPage;
  readonly frame: PlaywrightFrame;
}

export interface PlaywrightContext {
  exposeBinding(
    name: string,
    callback: (source: Source, message: PageRequest | PageAbort) => unknown,
  ): Promise<unknown>;
  addInitScript(script: { content: string }): Promise<unknown>;
}

export interface WithSecurityKeyOptions extends SecurityKeyOptions, PageCeremoniesOptions {
  /** A key that is there already, for several contexts; it stays its owner's to close. */
  readonly key?: SecurityKey | undefined;
}

const BINDING = '__securityKey';
/** A property of the window that names its document: another one is there after a navigation, and the same after a change of the hash. */
const DOCUMENT = '__securityKeyDocument';

/**
 * Gives all pages of a context, those still to come and their frames and popups included, a security key: from the next
 * page load on, `navigator.credentials` is served by a WebAuthn client and a virtual key in this process.
 */
export async function withSecurityKey(
  target: PlaywrightContext | PlaywrightPage,
  options: WithSecurityKeyOptions = {},
): Promise<SecurityKey> {
  const context = 'exposeBinding' in target && !('context' in target) ? target : (target as PlaywrightPage).context();
  const key = options.key ?? (await SecurityKey.open(options));
  const ceremonies = new PageCeremonies(key, options);
  const receive = async (
    { page, frame }: Source,
    message: PageRequest | PageAbort,
  ): Promise<PageVerdict | undefined> => {
    if (message.type === 'abort') {
      ceremonies.abort(frame, message.id);
      return undefined;
    }
    const stop = watch(page, frame, ceremonies);
    try {
      return await ceremonies.run(await callerOf(frame, message.origin), message);
    } finally {
      stop();
    }
  };
  try {
    await context.exposeBinding(BINDING, receive);
    await context.addInitScript({ content: initScript() });
  } catch (error) {
    if (options.key === undefined) await key.close();
    throw error;
  }
  key.onClose(() => ceremonies.close());
  return key;
}

/** The script that goes into each document before any of its own. */
function initScript(): string {
  // Some compilers wrap functions in a helper of theirs, which the page has not.
  return `(() => {
    const __name = (value) => value;
    Object.defineProperty(window, ${JSON.stringify(DOCUMENT)}, { value: String(Math.random()) });
    (${installInPage})(${JSON.stringify(BINDING)});
  })()`;
}

/** Ends what a frame asks when its document goes; returns how to stop watching. */
function watch(page: PlaywrightPage, frame: PlaywrightFrame, ceremonies: PageCeremonies): () => void {
  const documentOf = () => frame.evaluate(`window[${JSON.stringify(DOCUMENT)}]`).catch(() => undefined);
  const asked = documentOf();
  const abandon = () => ceremonies.abandon(frame);
  const onNavigated = async (other: PlaywrightFrame) => {
    if (other === frame && (await documentOf()) !== (await asked)) abandon();
  };
  const onDetached = (other: PlaywrightFrame) => {
    if (other === frame) abandon();
  };
  page.on('framenavigated', onNavigated);
  page.on('framedetached', onDetached);
  page.on('close', abandon);
  page.on('crash', abandon);
  return () => {
    page.off('framenavigated', onNavigated);
    page.off('framedetached', onDetached);
    page.off('close', abandon);
    page.off('crash', abandon);
  };
}

/** Who asks, by the browser's word; the page's own counts only for documents whose address says nothing (about:blank of a popup). */
async function callerOf(frame: PlaywrightFrame, claimed: string): Promise<Caller> {
  const origin = originOf(frame) ?? claimed;
  const ancestorOrigins: string[] = [];
  for (let parent = frame.parentFrame(); parent !== null; parent = parent.parentFrame()) {
    ancestorOrigins.push(originOf(parent) ?? claimed);
  }
  const isFramed = ancestorOrigins.some((other) => other !== origin);
  return { frame, origin, ancestorOrigins, allow: isFramed ? await grantsOf(frame, origin) : [] };
}

function originOf(frame: PlaywrightFrame): string | undefined {
  const url = URL.canParse(frame.url()) ? new URL(frame.url()) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  if (url?.protocol === 'blob:') return url.origin;
  const parent = frame.parentFrame();
  // about:srcdoc and about:blank are of their parent's origin.
  return parent === null || url?.protocol !== 'about:' ? undefined : originOf(parent);
}

const FEATURES: readonly PermissionsPolicyFeature[] = ['publickey-credentials-create', 'publickey-credentials-get'];

/** What the attribute `allow` of the frame's element grants that origin (Permissions Policy §9.1); frames further out are taken to grant it too. */
async function grantsOf(frame: PlaywrightFrame, origin: string): Promise<PermissionsPolicyFeature[]> {
  const element = await frame.frameElement();
  const [allow, source] = [await element.getAttribute('allow'), await element.getAttribute('src')];
  const directives = (allow ?? '').split(';').map((directive) => directive.trim().split(/\s+/));
  return FEATURES.filter((feature) =>
    directives.some(([name, ...list]) => {
      if (name !== feature) return false;
      const granted = list.length === 0 ? ["'src'"] : list;
      return granted.some(
        (entry) => entry === '*' || entry === origin || (entry === "'src'" && source !== null && isOf(source, origin)),
      );
    }),
  );
}

function isOf(source: string, origin: string): boolean {
  return !URL.canParse(source) || new URL(source).origin === origin;
}
