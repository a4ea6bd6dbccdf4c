/** A security key for the pages of Playwright, in every browser that it drives. */
import { type ChosenKey, chooseKey, isHeld, type KeyChoice, type WithSecurityKeyOptions } from './choose-key.ts';
import type { HeldKey } from './held-key.ts';
import type { PageAbort, PageRequest, PageVerdict } from './in-page/messages.ts';
import { PageCeremonies } from './page-ceremonies.ts';
import { BINDING, type BrowserFrame, callerOf, documentOf, type FrameAttributes, initScript } from './page-frames.ts';

// What is used of Playwright, by its shape: `playwright`, `playwright-core` and `@playwright/test` all have it.
interface PlaywrightFrame extends BrowserFrame {
  parentFrame(): PlaywrightFrame | null;
  frameElement(): Promise<{ getAttribute(name: string): Promise<string | null> }>;
}

export interface PlaywrightPage {
  context(): PlaywrightContext;
  frames(): PlaywrightFrame[];
  opener(): Promise<PlaywrightPage | null>;
  isClosed(): boolean;
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

/**
 * Gives all pages of a context, those still to come and their frames and popups included, a security key: from the next
 * page load on, `navigator.credentials` is served by a WebAuthn client and a virtual key in this process, or by the key that the options name.
 */
export async function withSecurityKey<O extends KeyChoice = WithSecurityKeyOptions>(
  target: PlaywrightContext | PlaywrightPage,
  options: O = {} as O,
): Promise<ChosenKey<O>> {
  const context = 'exposeBinding' in target && !('context' in target) ? target : (target as PlaywrightPage).context();
  const opening = chooseKey(options) as Promise<HeldKey>;
  const serving = opening.then((key) => new PageCeremonies(key, options));
  const receive = async (
    { page, frame }: Source,
    message: PageRequest | PageAbort,
  ): Promise<PageVerdict | undefined> => {
    const ceremonies = await serving;
    if (message.type === 'abort') {
      ceremonies.abort(frame, message.id);
      return undefined;
    }
    const watching = watch(page, frame, message.document, () => ceremonies.abandon(frame));
    try {
      const sources = { attributes: () => attributesOf(frame), openers: () => openersOf(page) };
      const caller = await callerOf(frame, message.origin, sources);
      return watching.gone || page.isClosed() ? undefined : await ceremonies.run(caller, message);
    } finally {
      watching.stop();
    }
  };
  serving.catch(() => undefined); // it fails with `opening`, of which the caller hears
  const script = initScript({ relatedOrigins: options.fetchRelatedOrigins !== undefined });
  // One after the other: a page that is open already takes them as they come, and the script wants the binding.
  const installing = context.exposeBinding(BINDING, receive).then(() => context.addInitScript({ content: script }));
  const [opened, installed] = await Promise.allSettled([opening, installing]);
  const failed = [opened, installed].find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    if (opened.status === 'fulfilled' && !isHeld(options)) await opened.value.close();
    throw failed.reason;
  }
  const [key, ceremonies] = await Promise.all([opening, serving]);
  key.onClose(() => ceremonies.close());
  return key as ChosenKey<O>;
}

/** Calls `abandon` when a document goes, for as long as it is watched. */
function watch(
  page: PlaywrightPage,
  frame: PlaywrightFrame,
  document: string,
  abandon: () => void,
): { readonly gone: boolean; stop(): void } {
  const watching = { gone: false, stop };
  const onGone = () => {
    watching.gone = true;
    abandon();
  };
  const onNavigated = async (other: PlaywrightFrame) => {
    if (other === frame && (await documentOf(frame)) !== document) onGone();
  };
  const onDetached = (other: PlaywrightFrame) => {
    if (other === frame) onGone();
  };
  page.on('framenavigated', onNavigated);
  page.on('framedetached', onDetached);
  page.on('close', onGone);
  page.on('crash', onGone);
  function stop() {
    page.off('framenavigated', onNavigated);
    page.off('framedetached', onDetached);
    page.off('close', onGone);
    page.off('crash', onGone);
  }
  return watching;
}

/** A popup that was closed since has no opener any more, nor an origin. */
async function openersOf(page: PlaywrightPage): Promise<readonly BrowserFrame[]> {
  return (await page.opener())?.frames() ?? [];
}

async function attributesOf(frame: PlaywrightFrame): Promise<FrameAttributes> {
  const element = await frame.frameElement();
  return { allow: await element.getAttribute('allow'), src: await element.getAttribute('src') };
}
