/// <reference lib="dom" />
/** Programmable tokens: what their displays show, by their own clocks. */
import { byId, el, KeyedList, type ListView, setText, show } from './dom.ts';
import { TokenDrawing } from './drawing.ts';
import type { LabState, TokenState } from './lab-state.ts';

export function setUpTokens(state: LabState): void {
  const place = byId('tokens', HTMLElement);
  const list = new KeyedList<TokenState>(
    byId('token-list', HTMLElement),
    ({ id }) => id,
    (token) => new TokenCard(token),
  );
  state.onChange(({ tokens }, change) => {
    if (change?.type === 'traffic') return;
    show(place, tokens.size > 0);
    list.update([...tokens.values()]);
  });
}

class TokenCard implements ListView<TokenState> {
  readonly element: HTMLElement;
  readonly #drawing: TokenDrawing;
  readonly #code = el('p', { class: 'visually-hidden' });

  constructor({ id, model, serial }: TokenState) {
    this.#drawing = new TokenDrawing(model);
    this.element = el(
      'article',
      { class: 'card token', 'data-token': id },
      el(
        'div',
        { class: 'key-head' },
        el('h3', {}, `Token ${id}`),
        el('p', { class: 'about' }, `${model} · ${serial}`),
      ),
      this.#drawing.element,
      this.#code,
    );
  }

  update({ code }: TokenState): void {
    this.#drawing.update(code ?? undefined);
    setText(this.#code, code === null ? 'The display is empty: no seed' : `The display shows ${code}`);
  }
}
