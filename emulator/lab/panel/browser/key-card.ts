/// <reference lib="dom" />
/** One key on the desk: its drawing is the place to touch, and beside it stands what it is asked. */
import { keyPath } from './api.ts';
import { byId, el, type ListView, setAttribute, setText, show } from './dom.ts';
import { KeyDrawing } from './drawing.ts';
import type { KeyState } from './lab-state.ts';
import type { Panel } from './panel.ts';
import { listenForTouch, type Press, type TouchTarget } from './touch-target.ts';
import { ledInWords, operationInWords, questionInWords } from './words.ts';

export class KeyCard implements ListView<KeyState>, TouchTarget {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly #panel: Panel;
  readonly #drawing: KeyDrawing;
  readonly #id: string;
  readonly #state = el('p', { class: 'key-state' });
  readonly #question = el('div', { class: 'question' });
  readonly #operation = el('p', { class: 'question-operation' });
  readonly #sentence = el('p', { class: 'question-sentence' });
  readonly #more = el('p', { class: 'question-more' });
  readonly #plug: HTMLButtonElement;
  readonly #look: HTMLButtonElement;
  readonly #open: HTMLButtonElement;
  readonly #policy: HTMLSelectElement;
  #inserted = false;

  constructor(key: KeyState, panel: Panel) {
    const { id } = key;
    this.#id = id;
    this.#panel = panel;
    this.#drawing = new KeyDrawing({ formFactor: key.formFactor, label: id });
    this.button = el(
      'button',
      { type: 'button', class: 'touch', 'aria-label': `Touch key ${id}`, 'aria-describedby': `sentence-${id} hint` },
      this.#drawing.element,
    );
    this.#sentence.id = `sentence-${id}`;
    const deny = el('button', { type: 'button', class: 'secondary', on: { click: () => this.#ask('/deny') } }, 'Deny');
    this.#question.append(
      el('div', {}, this.#operation, this.#sentence, this.#more),
      el('div', { class: 'row' }, this.#touchButton('Touch', 'short', ''), deny),
    );
    this.#plug = el('button', { type: 'button', class: 'secondary plug', on: { click: () => this.#replug() } });
    this.#look = el(
      'button',
      { type: 'button', class: 'quiet look', on: { click: () => this.#lookInside() } },
      'Details',
      el('span', { class: 'visually-hidden' }, ` of key ${id}`),
    );
    this.#open = el(
      'button',
      { type: 'button', class: 'secondary', on: { click: () => void panel.openSite(id) } },
      'Open the site',
      el('span', { class: 'visually-hidden' }, ` with key ${id}`),
    );
    this.#policy = this.#policyChoice(id);
    const about = [`Key ${id}`, key.model, key.serialNumber].filter((word) => word !== null).join(' · ');
    this.element = el(
      'article',
      { class: 'card key', 'data-key': id, 'aria-labelledby': `title-${id}` },
      el(
        'div',
        { class: 'key-head' },
        el('h2', { id: `title-${id}` }, key.product),
        el('p', { class: 'about' }, about),
      ),
      this.button,
      this.#state,
      this.#question,
      el(
        'div',
        { class: 'row' },
        this.#plug,
        this.#touchButton('Long touch', 'long', 'secondary'),
        this.#open,
        this.#look,
      ),
      el('p', { class: 'policy' }, el('label', { for: `policy-${id}` }, 'Touches'), this.#policy),
    );
    listenForTouch(this);
  }

  update(key: KeyState): void {
    const { id, inserted, led } = key;
    this.#inserted = inserted;
    const [question, ...others] = key.pending;
    this.#drawing.update(led, inserted);
    setText(this.#state, ledInWords(led));
    setAttribute(this.#state, 'data-led', led);
    setAttribute(this.element, 'data-asks', question !== undefined);
    show(this.#question, question !== undefined);
    if (question !== undefined) {
      setText(this.#operation, operationInWords(question.operation));
      setText(this.#more, moreOf(question.longTouch === true, others.length));
    }
    setText(this.#sentence, question === undefined ? '' : `${questionInWords(question)}.`);
    setText(this.#plug, inserted ? 'Remove' : 'Insert');
    setAttribute(this.#plug, 'aria-label', `${inserted ? 'Remove' : 'Insert'} key ${id}`);
    const selected = this.#panel.state.selected?.id === id;
    setAttribute(this.element, 'data-selected', selected);
    setAttribute(this.#look, 'aria-pressed', String(selected));
    show(this.#look, this.#panel.state.keys.size > 1);
    show(this.#open, this.#panel.state.links.site != null);
    this.#showPolicy(key.touch);
  }

  touch(press: Press): void {
    this.#ask(`/touch?press=${press}`);
  }

  #touchButton(label: string, press: Press, look: string): HTMLButtonElement {
    const accessible = press === 'short' ? `Touch key ${this.#id}` : `Long touch of key ${this.#id}`;
    return el(
      'button',
      { type: 'button', class: look, 'aria-label': accessible, on: { click: () => this.touch(press) } },
      label,
    );
  }

  #policyChoice(id: string): HTMLSelectElement {
    const choices = {
      manual: 'by hand',
      auto: 'by itself, at once',
      'after=2000': 'by itself, after 2 s',
      deny: 'always refused',
    };
    const change = () => void this.#panel.ask('PUT', keyPath(id, '/touch-policy'), { touch: this.#policy.value });
    return el(
      'select',
      { id: `policy-${id}`, on: { change } },
      ...Object.entries(choices).map(([value, text]) => el('option', { value }, text)),
    );
  }

  /** A program may have set one that the choice has not. */
  #showPolicy(touch: string): void {
    if (![...this.#policy.options].some(({ value }) => value === touch)) {
      this.#policy.append(el('option', { value: touch }, touch));
    }
    if (this.#policy.value !== touch) this.#policy.value = touch;
  }

  #lookInside(): void {
    this.#panel.state.select(this.#id);
    byId('details-heading', HTMLElement).focus();
  }

  #replug(): void {
    this.#ask(this.#inserted ? '/remove' : '/insert');
  }

  #ask(action: string): void {
    void this.#panel.ask('POST', keyPath(this.#id, action));
  }
}

function moreOf(longTouch: boolean, others: number): string {
  const words = longTouch ? ['Hold it: a short touch is not enough.'] : [];
  if (others > 0)
    words.push(others === 1 ? 'Another question waits behind it.' : `${others} more questions wait behind it.`);
  return words.join(' ');
}
