/// <reference lib="dom" />
/** Programmable tokens: what their displays show, by their own clocks. */
import type { TokenJSON } from '../../api/token-json.ts';
import { byId, el, KeyedList, type ListView, setText, show } from './dom.ts';
import { TokenDrawing } from './drawing.ts';
import type { Panel } from './panel.ts';
import { RingClock } from './ring-clock.ts';

/** Seconds within which a clock that is off does not matter. */
const IN_STEP = 1;

export function setUpTokens(panel: Panel): void {
  const { state } = panel;
  const place = byId('tokens', HTMLElement);
  const cards = new Map<string, TokenCard>();
  const list = new KeyedList<TokenJSON>(
    byId('token-list', HTMLElement),
    ({ id }) => id,
    (token) => {
      const card = new TokenCard(token, panel);
      cards.set(token.id, card);
      return card;
    },
  );
  state.onChange(({ tokens }, change) => {
    if (change?.type === 'traffic') return;
    for (const id of cards.keys()) if (!tokens.has(id)) cards.delete(id);
    show(place, tokens.size > 0);
    list.update([...tokens.values()]);
    if (change?.type === 'clock') for (const card of cards.values()) void card.refresh();
  });
  setInterval(() => {
    for (const card of cards.values()) card.tick(state.now());
  }, 1000);
}

class TokenCard implements ListView<TokenJSON> {
  readonly element: HTMLElement;
  readonly #drawing: TokenDrawing;
  readonly #panel: Panel;
  readonly #path: string;
  readonly #ring = new RingClock();
  readonly #code = el('span', { class: 'code' });
  readonly #profile = el('select', { 'aria-label': 'Profile' });
  readonly #clock = el('p', { class: 'hint' });
  #shown: TokenJSON | undefined;

  constructor(token: TokenJSON, panel: Panel) {
    const { id, model, serialNumber } = token;
    this.#panel = panel;
    this.#path = `/tokens/${encodeURIComponent(id)}`;
    this.#drawing = new TokenDrawing(model);
    this.#profile.addEventListener('change', () => this.#draw());
    const press = () => void panel.ask('POST', `${this.#path}/press`);
    const sync = () => void panel.ask('PUT', `${this.#path}/clock`, { sync: true });
    this.element = el(
      'article',
      { class: 'card token', 'data-token': id },
      el(
        'div',
        { class: 'key-head' },
        el('h3', {}, `Token ${id}`),
        el('p', { class: 'about' }, `${model} · ${serialNumber}`),
      ),
      this.#drawing.element,
      el('div', { class: 'row' }, this.#code, this.#ring.element, this.#profile),
      this.#clock,
      el(
        'div',
        { class: 'row' },
        el('button', { type: 'button', class: 'secondary', on: { click: press } }, 'Press its button'),
        el('button', { type: 'button', class: 'quiet', on: { click: sync } }, 'Set its clock'),
      ),
    );
  }

  update(token: TokenJSON): void {
    if (token === this.#shown) return;
    this.#shown = token;
    const { value } = this.#profile;
    this.#profile.replaceChildren(
      ...token.profiles.map(({ profile, title }) =>
        el('option', { value: profile }, title === '' ? `Profile ${profile}` : title),
      ),
    );
    if (value !== '') this.#profile.value = value;
    show(this.#profile, token.profiles.length > 1);
    setText(this.#clock, clockInWords(token));
    this.#draw();
  }

  tick(now: number): void {
    if (!this.#ring.tick(now)) void this.refresh();
  }

  /** Asks for what the display shows now; the answer comes to all that listen to the state. */
  async refresh(): Promise<void> {
    const token = await this.#panel.ask<TokenJSON>('GET', this.#path);
    if (token !== undefined) this.#panel.state.apply({ type: 'token', token });
  }

  #draw(): void {
    const profiles = this.#shown?.profiles ?? [];
    const chosen = profiles.find(({ profile }) => String(profile) === this.#profile.value) ?? profiles[0];
    const code = chosen?.code ?? undefined;
    this.#drawing.update(code);
    setText(this.#code, code ?? 'no seed');
    const { period = 30, remaining = 0 } = chosen ?? {};
    this.#ring.set(period, code === undefined ? null : remaining, this.#panel.state.now());
  }
}

function clockInWords({ ahead, driftPpm }: TokenJSON): string {
  const off = Math.round(Math.abs(ahead));
  const now = Math.abs(ahead) < IN_STEP ? 'Its clock is right' : `Its clock is ${off} s ${ahead > 0 ? 'fast' : 'slow'}`;
  return driftPpm === 0 ? `${now}.` : `${now}, and drifts by ${driftPpm} ppm.`;
}
