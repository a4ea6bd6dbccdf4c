/** A security key for the pages of Puppeteer: Chromium over CDP, and Firefox over WebDriver BiDi. */
import { type ChosenKey, chooseKey, isHeld, type KeyChoice, type WithSecurityKeyOptions } from './choose-key.ts';
import type { HeldKey } from './held-key.ts';
import type { PageAbort, PageRequest, PageVerdict } from './in-page/messages.ts';
import { PageCeremonies } from './page-ceremonies.ts';
import { BINDING, type BrowserFrame, callerOf, documentOf, type FrameAttributes, initScript } from './page-frames.ts';

// What is used of Puppeteer, by its shape: `puppeteer` and `puppeteer-core` both have it.
interface PuppeteerFrame extends BrowserFrame {
  parentFrame(): PuppeteerFrame | null;
}

export interface PuppeteerPage {
  frames(): PuppeteerFrame[];
  exposeFunction(name: string, callback: (message: PageRequest | PageAbort) => unknown): Promise<void>;
  evaluateOnNewDocument(script: string): Promise<unknown>;
  on(event: 'framenavigated' | 'framedetached' | 'close', listener: (frame: unknown) => void): unknown;
}

/**
 * Gives a page and its frames a security key: from the next load on, `navigator.credentials` is served by a WebAuthn
 * client and a virtual key in this process. Puppeteer has no word for all pages of a context: call it for each page, with
 * the `key` of the first.
 */
export async function withPuppeteerSecurityKey<O extends KeyChoice = WithSecurityKeyOptions>(
  page: PuppeteerPage,
  options: O = {} as O,
): Promise<ChosenKey<O>> {
  const key: HeldKey = await chooseKey(options);
  const ceremonies = new PageCeremonies(key, options);
  // Its function does not tell which frame calls: the document's name, which no other can guess, does.
  const waiting = new WeakMap<PuppeteerFrame, string>();
  const receive = async (message: PageRequest | PageAbort): Promise<PageVerdict | undefined> => {
    const frame = await frameOf(page, message.document);
    if (message.type === 'abort') {
      if (frame !== undefined) ceremonies.abort(frame, message.id);
      return undefined;
    }
    if (frame === undefined) return { error: { name: 'AbortError', message: 'the page has gone' } };
    waiting.set(frame, message.document);
    const caller = await callerOf(frame, message.origin, { attributes: () => attributesOf(frame) });
    return ceremonies.run(caller, message);
  };
  try {
    await page.exposeFunction(BINDING, receive);
    await page.evaluateOnNewDocument(initScript({ relatedOrigins: options.fetchRelatedOrigins !== undefined }));
  } catch (error) {
    if (!isHeld(options)) await key.close();
    throw error;
  }
  page.on('framenavigated', async (navigated) => {
    const frame = navigated as PuppeteerFrame;
    const asked = waiting.get(frame);
    if (asked !== undefined && (await documentOf(frame)) !== asked) ceremonies.abandon(frame);
  });
  page.on('framedetached', (frame) => ceremonies.abandon(frame as PuppeteerFrame));
  page.on('close', () => ceremonies.close());
  key.onClose(() => ceremonies.close());
  return key as ChosenKey<O>;
}

async function frameOf(page: PuppeteerPage, document: string): Promise<PuppeteerFrame | undefined> {
  for (const frame of page.frames()) if ((await documentOf(frame)) === document) return frame;
  return undefined;
}

/** Asked of the page around, which has the element. */
async function attributesOf(frame: PuppeteerFrame): Promise<FrameAttributes> {
  const place = `[...document.querySelectorAll('iframe')].find((element) => element.src === ${JSON.stringify(frame.url())})`;
  const attributes = await frame
    .parentFrame()
    ?.evaluate(
      `((element) => ({ allow: element?.getAttribute('allow') ?? null, src: element?.getAttribute('src') ?? null }))(${place})`,
    );
  return (attributes as FrameAttributes | undefined) ?? { allow: null, src: null };
}
