/// <reference lib="dom" />
/**
 * How a page reaches its key by its own server, where nothing of a browser's driver is in between. The functions go into
 * the page as their text: they must lean on nothing outside themselves.
 */
import type { PageCall, PageVerdict } from './messages.ts';

/** What the person is asked in the middle of a request, as a browser does in a dialog of its own. */
export interface PinQuestion {
  readonly rpId: string;
  readonly authenticator: string;
  readonly reason: 'enter' | 'set' | 'change';
  /** Wrong entries left; null for a new PIN. */
  readonly attempts: number | null;
  readonly minPINLength: number;
  /** Why the entry before was not taken. */
  readonly error: string | null;
}

/** A request goes on until it has its verdict. */
export type PageStep = PageVerdict | { readonly question: PinQuestion };

export interface SameOriginOptions {
  readonly binding: string;
  /** Where requests are posted. */
  readonly path: string;
}

/** Makes the window's function that reaches the key. The secret of the page stands at the script's own element. */
export function reachByServer(
  { binding, path }: SameOriginOptions,
  ask: (question: PinQuestion) => Promise<string | null>,
): void {
  const element = document.currentScript as HTMLScriptElement;
  const token = element.dataset.token ?? '';
  element.remove();
  const gone = new AbortController();
  const running = new Set<{ id: string; document: string }>();
  const post = (body: object, more: RequestInit = {}) =>
    fetch(path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...more,
    });
  window.addEventListener('pagehide', () => {
    gone.abort();
    for (const request of running) void post({ ...request, type: 'abort' }, { keepalive: true });
  });
  const step = async (body: object): Promise<PageStep | undefined> => {
    const response = await post(body, { signal: gone.signal });
    if (!response.ok) throw new DOMException('the lab no longer serves this page: load it again', 'NotAllowedError');
    return ((await response.json()) as PageStep | null) ?? undefined;
  };
  const call: PageCall = async (message) => {
    const { id, document: name } = message;
    if (message.type === 'abort') return (await step(message)) as undefined;
    const request = { id, document: name };
    running.add(request);
    try {
      let next = await step(message);
      while (next !== undefined && 'question' in next) {
        next = await step({ ...request, type: 'answer', answer: await ask(next.question) });
      }
      return next;
    } finally {
      running.delete(request);
    }
  };
  Object.defineProperty(window, binding, { value: call, configurable: true });
}

/** The dialog for a PIN. Resolves to what was typed; null where it was cancelled. */
export function pinDialog(question: PinQuestion): Promise<string | null> {
  const { rpId, authenticator, reason, attempts, minPINLength, error } = question;
  const make = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text = ''): HTMLElementTagNameMap[K] => {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    return element;
  };
  const isNew = reason !== 'enter';
  const dialog = make('dialog', 'lab-key-dialog');
  const form = make('form', 'lab-key-form');
  form.method = 'dialog';
  const title = make(
    'h2',
    'lab-key-title',
    isNew ? 'Choose a PIN for your security key' : 'Enter the PIN of your security key',
  );
  title.id = 'lab-key-title';
  dialog.setAttribute('aria-labelledby', title.id);
  const about = isNew
    ? `At least ${minPINLength} characters. ${rpId} wants one.`
    : `${rpId} wants to be sure that it is you.`;
  const label = make('label', 'lab-key-label', `PIN of ${authenticator}`);
  const input = make('input', 'lab-key-input');
  Object.assign(input, {
    type: 'password',
    id: 'lab-key-pin',
    autocomplete: 'off',
    required: true,
    minLength: minPINLength,
  });
  label.htmlFor = input.id;
  const left = attempts === null ? '' : attempts === 1 ? 'One try left.' : `${attempts} tries left.`;
  const note = make('p', 'lab-key-note', [error, left].filter((text) => text !== null && text !== '').join(' '));
  note.setAttribute('role', 'status');
  const cancel = make('button', 'lab-key-cancel', 'Cancel');
  Object.assign(cancel, { type: 'button' });
  const go = make('button', 'lab-key-go', 'OK');
  const buttons = make('p', 'lab-key-buttons');
  buttons.append(cancel, go);
  form.append(title, make('p', 'lab-key-about', about), label, input, note, buttons);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    form.addEventListener('submit', () => dialog.close('typed'));
    cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'typed' ? input.value : null);
      dialog.remove();
    });
    dialog.showModal();
    input.focus();
  });
}
