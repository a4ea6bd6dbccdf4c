/** A security key for all pages of a Chromium that runs already, whoever drives it: by its DevTools port. */
import { type ChosenKey, chooseKey, isHeld, type KeyChoice, type WithSecurityKeyOptions } from './choose-key.ts';
import type { HeldKey } from './held-key.ts';
import { PageCeremonies } from './page-ceremonies.ts';
import { CdpConnection } from './webdriver/cdp-connection.ts';
import { CdpPages } from './webdriver/cdp-pages.ts';

/** Told of what should never happen: a request of a page that failed inside. Default: written to stderr. */
interface Defects {
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

/**
 * Gives the pages of a Chromium, those that are open and those to come, a security key: `navigator.credentials` is served
 * by a WebAuthn client and a virtual key in this process, or by the key that the options name. Closing the key ends that;
 * pages that are open then have to be loaded anew.
 * @param address `HOST:PORT` of a browser that was started with --remote-debugging-port
 * @throws Error where nothing answers there, or no Chromium; for the rest as `withSecurityKey`
 */
export async function withDebuggedChromium<O extends KeyChoice = WithSecurityKeyOptions>(
  address: string,
  options: O & Defects = {} as O,
): Promise<ChosenKey<O>> {
  const connection = await CdpConnection.open(address).catch((cause: unknown) => {
    throw new Error(`expected a Chromium with its DevTools port at ${address}`, { cause });
  });
  let key: HeldKey | undefined;
  try {
    key = (await chooseKey<KeyChoice>(options)) as HeldKey;
    const { onDefect = (error: unknown) => console.error('ctaplab: a request of a page failed inside:', error) } =
      options;
    const relatedOrigins = options.fetchRelatedOrigins !== undefined;
    const pages = new CdpPages(connection, new PageCeremonies(key, options), onDefect, { relatedOrigins });
    key.onClose(() => void pages.close());
    await pages.install();
    return key as ChosenKey<O>;
  } catch (error) {
    connection.close();
    if (key !== undefined && !isHeld(options)) await key.close();
    throw error;
  }
}
