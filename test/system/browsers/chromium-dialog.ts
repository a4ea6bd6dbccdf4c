/**
 * Chromium's own security key dialog. A headless Chromium builds it like any other, but nobody can see it or type into
 * it; its UI DevTools give the browser's widgets as a tree, with their properties, and take mouse and key events for each.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RawData, WebSocket } from 'ws';

/** Milliseconds between looks at a dialog that is waited for. */
const LOOK_INTERVAL = 500;
/** Milliseconds for a button or a field to appear in a sheet that is there. */
const PATIENCE = 120_000;
/** Milliseconds for an answer: a widget that goes away takes what was asked about it along. */
const ANSWER_PATIENCE = 120_000;
/** Milliseconds before a click: Chromium takes none on what has only just appeared, lest a page lures a user into it. */
const CLICK_PAUSE = 1000;

/** What Chromium needs to be started with. */
export function dialogArguments(port: number): string[] {
  return [`--enable-ui-devtools=${port}`];
}
export const DIALOG_FEATURES = ['ui-debug-tools-enable-synthetic-events'];

/** The dialog's current sheet. */
export interface Sheet {
  /** Title and sentences, from top to bottom. */
  readonly texts: readonly string[];
  /** The texts of the buttons that can be pressed. */
  readonly buttons: readonly string[];
  /** How many fields wait for input. */
  readonly fields: number;
}

interface Widget {
  readonly nodeId: number;
  readonly nodeName: string;
  /** Names and values in turn. */
  readonly attributes?: readonly string[];
  readonly children?: readonly Widget[];
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Seen extends Sheet {
  readonly buttonIds: ReadonlyMap<string, number>;
  readonly fieldIds: readonly number[];
}

export class ChromiumDialog {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #serial = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: RawData) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
    socket.on('close', () => {
      for (const settle of [...this.#waiting.values()]) settle({ error: { message: 'it has closed the connection' } });
    });
  }

  static async connect(port: number): Promise<ChromiumDialog> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/0`);
    await once(socket, 'open');
    const dialog = new ChromiumDialog(socket);
    await dialog.#ask('DOM.enable');
    return dialog;
  }

  /** The sheet that is shown, undefined where no dialog is open. */
  read(): Promise<Sheet | undefined> {
    return this.#look();
  }

  /** Presses the button with that text. False where the dialog has gone meanwhile. */
  async press(button: string): Promise<boolean> {
    const sheet = await this.#waitFor(({ buttonIds }) => buttonIds.has(button), `a button "${button}"`);
    if (sheet === undefined) return false;
    await sleep(CLICK_PAUSE);
    await this.#click(sheet.buttonIds.get(button)!);
    return true;
  }

  /** Types into the field with that number, from 0. False where the dialog has gone meanwhile. */
  async type(text: string, field = 0): Promise<boolean> {
    const sheet = await this.#waitFor(({ fieldIds }) => fieldIds.length > field, `${field + 1} fields`);
    if (sheet === undefined) return false;
    const nodeId = sheet.fieldIds[field]!;
    for (const char of text) await this.#key(nodeId, char.charCodeAt(0));
    return true;
  }

  close(): void {
    this.#socket.close();
  }

  async #waitFor(wanted: (sheet: Seen) => boolean, what: string): Promise<Seen | undefined> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const sheet = await this.#look();
      if (sheet === undefined || wanted(sheet)) return sheet;
      if (performance.now() > deadline) {
        throw new Error(`expected Chromium's dialog to have ${what}, got ${JSON.stringify(sheet)}`);
      }
      await sleep(LOOK_INTERVAL);
    }
  }

  async #look(): Promise<Seen | undefined> {
    const { root } = (await this.#ask('DOM.getDocument')) as { root: Widget };
    const dialog = [...walk(root)].find(
      (node) => node.nodeName === 'Widget' && attribute(node, 'name') === 'AuthenticatorRequestDialogView',
    );
    if (dialog === undefined) return undefined;
    const texts: string[] = [];
    const fieldIds: number[] = [];
    const buttonIds = new Map<string, number>();
    for (const { nodeId, attributes } of walk(dialog)) {
      const kind = attributes?.[1] ?? '';
      if (/text_?field$/i.test(kind)) fieldIds.push(nodeId);
      if (!/^(Label|MdTextButton)$/.test(kind)) continue;
      const properties = await this.#properties(nodeId);
      if (properties === undefined || properties.get('IsDrawn') !== 'true') continue;
      const text = properties.get('Text') ?? '';
      if (kind === 'Label' && text !== '') texts.push(text);
      else if (kind === 'MdTextButton' && properties.get('Enabled') === 'true') buttonIds.set(text, nodeId);
    }
    return { texts, buttons: [...buttonIds.keys()], fields: fieldIds.length, buttonIds, fieldIds };
  }

  /** Undefined for a widget that has gone since the tree was read. */
  async #properties(nodeId: number): Promise<Map<string, string> | undefined> {
    interface Styles {
      matchedCSSRules: { rule: { style: { cssProperties: { name: string; value: string }[] } } }[];
    }
    const answer = await this.#send('CSS.getMatchedStylesForNode', { nodeId });
    if (answer.error !== undefined) return undefined;
    const { matchedCSSRules } = answer.result as Styles;
    const pairs = matchedCSSRules.flatMap(({ rule }) => rule.style.cssProperties);
    return new Map(pairs.map(({ name, value }) => [name, value]));
  }

  async #click(nodeId: number): Promise<void> {
    const send = (type: string) =>
      this.#send('DOM.dispatchMouseEvent', {
        nodeId,
        event: { type, x: 5, y: 5, button: 'left', wheelDirection: 'none' },
      });
    await send('mouseEntered');
    await send('mousePressed');
    // The button may be gone before it can answer; the next look tells what became of the dialog.
    void send('mouseReleased');
  }

  async #key(nodeId: number, code: number): Promise<void> {
    const event = { type: 'keyPressed', keyCode: code, code: 0, flags: 0, key: code, isChar: true };
    await this.#ask('DOM.dispatchKeyEvent', { nodeId, event });
  }

  async #ask(method: string, params: object = {}): Promise<unknown> {
    const { result, error } = await this.#send(method, params);
    if (error !== undefined) throw new Error(`Chromium refused ${method}: ${error.message}`);
    return result;
  }

  #send(method: string, params: object): Promise<Answer> {
    const id = ++this.#serial;
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(
        () => settle({ error: { message: `no answer within ${ANSWER_PATIENCE} ms` } }),
        ANSWER_PATIENCE,
      );
      this.#waiting.set(id, settle);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

function* walk(node: Widget): Generator<Widget> {
  yield node;
  for (const child of node.children ?? []) yield* walk(child);
}

function attribute(node: Widget, name: string): string | undefined {
  const { attributes = [] } = node;
  const at = attributes.findIndex((word, index) => index % 2 === 0 && word === name);
  return at < 0 ? undefined : attributes[at + 1];
}
