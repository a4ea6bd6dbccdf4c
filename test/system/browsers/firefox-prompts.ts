/**
 * Firefox's own prompts for security keys: the panel at the address bar and the box that asks for a PIN. They live in the
 * browser's own document, which WebDriver BiDi opens to scripts when Firefox was started with --remote-allow-system-access.
 */
import type { Browser } from 'puppeteer-core';

/** What stands before the person. */
export interface Prompts {
  /** The sentences of open panels. */
  readonly panels: readonly string[];
  /** The sentence of the open box, and whether it has a field. */
  readonly box: { readonly text: string; readonly field: boolean } | null;
}

interface Answer {
  readonly result: unknown;
}

/** The part of Puppeteer's BiDi connection that is used here; Puppeteer itself has no word for the browser's document. */
interface Connection {
  send(method: string, params: object): Promise<Answer>;
}

const BOX = `(() => {
  const manager = gBrowser.getTabDialogBox(gBrowser.selectedBrowser);
  const dialogs = [manager.getContentDialogManager(), manager.getTabDialogManager()].flatMap((m) => m.dialogs);
  return dialogs.map((dialog) => dialog._frame.contentWindow).find((window) => window?.Dialog !== undefined);
})()`;

const READ = `JSON.stringify({
  panels: [...document.querySelectorAll('popupnotification[id^="webauthn-prompt"]')].map(
    (panel) => panel.querySelector('.popup-notification-description').textContent,
  ),
  box: ((window) => window === undefined ? null : {
    text: window.document.getElementById('infoBody').textContent,
    field: !window.document.getElementById('password1Container').hidden,
  })(${BOX}),
})`;

export class FirefoxPrompts {
  readonly #connection: Connection;
  readonly #context: string;

  private constructor(connection: Connection, context: string) {
    this.#connection = connection;
    this.#context = context;
  }

  static async of(browser: Browser): Promise<FirefoxPrompts> {
    const connection = 'connection' in browser ? (browser.connection as Connection) : undefined;
    if (connection === undefined) throw new Error('expected Puppeteer to speak BiDi with Firefox');
    const { result } = await connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
    const [window] = (result as { contexts: { context: string }[] }).contexts;
    if (window === undefined) throw new Error('expected Firefox to have a window');
    return new FirefoxPrompts(connection, window.context);
  }

  async read(): Promise<Prompts> {
    return JSON.parse(await this.#evaluate(READ)) as Prompts;
  }

  /** Types into the open box and agrees. */
  async enter(text: string): Promise<void> {
    await this.#evaluate(`((window) => {
      window.document.getElementById('password1Textbox').value = ${JSON.stringify(text)};
      window.document.querySelector('dialog').getButton('accept').click();
      return '';
    })(${BOX})`);
  }

  async #evaluate(expression: string): Promise<string> {
    const { result } = await this.#connection.send('script.evaluate', {
      expression,
      target: { context: this.#context },
      awaitPromise: true,
    });
    const { type, ...answer } = result as { type: string; result?: { value?: string } };
    if (type !== 'success') throw new Error(`Firefox's document said ${JSON.stringify(answer)}`);
    return answer.result?.value ?? '';
  }
}
