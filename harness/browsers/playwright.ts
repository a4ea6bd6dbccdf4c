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
  const key: HeldKey = await chooseKey(options);
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
      return await ceremonies.run(await callerOf(frame, message.origin, () => attributesOf(frame)), message);
    } finally {
      stop();
    }
  };
  try {
    await context.exposeBinding(BINDING, receive);
    await context.addInitScript({ content: initScript() });
  } catch (error) {
    if (!isHeld(options)) await key.close();
    throw error;
  }
  key.onClose(() => ceremonies.close());
  return key as ChosenKey<O>;
}

/** Ends what a frame asks when its document goes; returns how to stop watching. */
function watch(page: PlaywrightPage, frame: PlaywrightFrame, ceremonies: PageCeremonies): () => void {
  const asked = documentOf(frame);
  const abandon = () => ceremonies.abandon(frame);
  const onNavigated = async (other: PlaywrightFrame) => {
    if (other === frame && (await documentOf(frame)) !== (await asked)) abandon();
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

async function attributesOf(frame: PlaywrightFrame): Promise<FrameAttributes> {
  const element = await frame.frameElement();
  return { allow: await element.getAttribute('allow'), src: await element.getAttribute('src') };
}
