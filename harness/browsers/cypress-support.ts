/// <reference lib="dom" />
/** For Cypress's support file: the command `cy.securityKey(options)`. It runs in the browser and imports nothing of Node. */
import type { CypressKeyOptions, InstallInPage } from './cypress.ts';
import type { PageAbort, PageRequest, PageVerdict } from './in-page/messages.ts';

/** What is used of the globals `Cypress` and `cy`. */
export interface CypressGlobals {
  readonly Cypress: {
    readonly Commands: { add(name: string, command: (options?: CypressKeyOptions) => unknown): void };
  };
  readonly cy: {
    task(name: string, argument?: unknown, options?: object): { then(action: (value: InstallInPage) => void): unknown };
    on(event: 'window:before:load', listener: (window: Window) => void): unknown;
  };
}

/**
 * Adds `cy.securityKey(options)`: the pages that the test visits from then on have a key. Touch it by
 * `cy.task('ctaplab:touch')`.
 */
export function addSecurityKeyCommand({ Cypress, cy }: CypressGlobals): void {
  let latest: InstallInPage | undefined;
  Cypress.Commands.add('securityKey', (options) =>
    cy.task('ctaplab:attach', options ?? null, { log: false }).then((install) => {
      latest = install;
      // Hooks last as long as the test: one that came again has another key.
      cy.on('window:before:load', (window) => {
        if (install === latest) putInto(window, install);
      });
    }),
  );
}

/** Gives a page its key. The address of the bridge stays in the spec's window. */
export function putInto(page: Window, { url, secret, binding, script }: InstallInPage): void {
  const gone = new AbortController();
  page.addEventListener('pagehide', () => gone.abort());
  const call = async (message: PageRequest | PageAbort): Promise<PageVerdict | undefined> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}` },
      body: JSON.stringify({ ...message, origin: page.location.origin }),
      signal: gone.signal,
    });
    if (!response.ok) throw new Error(`the security key's bridge answered ${response.status}`);
    return ((await response.json()) as PageVerdict | null) ?? undefined;
  };
  Object.defineProperty(page, binding, { value: call, configurable: true });
  (page as Window & { eval(script: string): unknown }).eval(script);
}
