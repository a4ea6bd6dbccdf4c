/// <reference lib="dom" />
/** What goes over the wire, as it goes: one line for each message, its members and its bytes behind it. */
import type { TraceEntry } from '../../../../ctap/trace/entry.ts';
import { keyPath } from './api.ts';
import { byId, el, setText, show } from './dom.ts';
import type { Panel } from './panel.ts';
import { nameOf, TraceLine } from './trace-line.ts';

/** Lines that are kept; the oldest go first. */
const MOST_LINES = 500;
/** Keys whose conversation of before is fetched. */
const MOST_REMEMBERED = 20;
/** Pixels from the end within which the list follows what comes. */
const NEAR_END = 40;

export function setUpConversation(panel: Panel): void {
  new Conversation(panel);
}

class Conversation {
  readonly #panel: Panel;
  readonly #lines: TraceLine[] = [];
  readonly #list = el('ol', { class: 'lines', 'aria-labelledby': 'conversation-heading' });
  readonly #search = el('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search the conversation' });
  readonly #whose = el('select', { 'aria-label': 'Whose conversation' }, el('option', { value: '' }, 'All keys'));
  readonly #count = el('p', { class: 'hint', role: 'status' });
  readonly #empty = el(
    'p',
    { class: 'empty' },
    'Nothing yet. Ask the key something: open the site, or run ctaplab info.',
  );

  constructor(panel: Panel) {
    this.#panel = panel;
    const clear = () => {
      for (const line of this.#lines.splice(0)) line.element.remove();
      this.#filter();
    };
    this.#search.addEventListener('input', () => this.#filter());
    this.#whose.addEventListener('change', () => this.#filter());
    const save = el(
      'button',
      { type: 'button', class: 'secondary', on: { click: () => this.#save() } },
      'Save for Wireshark',
    );
    byId('conversation', HTMLElement).append(
      el(
        'div',
        { class: 'section-head' },
        el('h2', { id: 'conversation-heading' }, 'Conversation'),
        el('div', { class: 'row' }, this.#search, this.#whose),
      ),
      this.#empty,
      this.#list,
      el(
        'div',
        { class: 'section-head foot' },
        this.#count,
        el(
          'div',
          { class: 'row' },
          el('button', { type: 'button', class: 'quiet', on: { click: clear } }, 'Clear'),
          save,
        ),
      ),
    );
    panel.state.onChange(({ keys }, change) => {
      if (change?.type === 'traffic') this.#add(change.key, change.entry);
      else this.#offer([...keys.keys()]);
      if (change?.type === 'lab' && this.#lines.length === 0) void this.#remember([...keys.keys()]);
    });
    this.#filter();
  }

  /** What was said before the page was there. */
  async #remember(keys: readonly string[]): Promise<void> {
    const remembered = keys.slice(0, MOST_REMEMBERED).map(async (key) => {
      const trace = await this.#panel.ask<{ entries: TraceEntry[] }>('GET', keyPath(key, '/trace?format=json'));
      return (trace?.entries ?? []).map((entry) => ({ key, entry }));
    });
    const before = (await Promise.all(remembered)).flat();
    const live = this.#lines.splice(0);
    const known = new Set(live.map(({ name }) => name));
    this.#list.replaceChildren();
    for (const { key, entry } of before.sort((a, b) => a.entry.at - b.entry.at).slice(-MOST_LINES)) {
      if (!known.has(nameOf(key, entry))) this.#add(key, entry);
    }
    for (const { key, entry } of live) this.#add(key, entry);
  }

  #add(key: string, entry: TraceEntry): void {
    const line = new TraceLine(key, entry, this.#panel.state.keys.size > 1);
    const follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < NEAR_END;
    this.#lines.push(line);
    show(line.element, this.#isWanted(line));
    this.#list.append(line.element);
    if (this.#lines.length > MOST_LINES) this.#lines.shift()?.element.remove();
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
    this.#tell();
  }

  #isWanted(line: TraceLine): boolean {
    const { value } = this.#whose;
    return (value === '' || line.key === value) && line.matches(this.#search.value.trim().toLowerCase());
  }

  #filter(): void {
    for (const line of this.#lines) show(line.element, this.#isWanted(line));
    this.#tell();
  }

  #tell(): void {
    const shown = this.#lines.filter(({ element }) => !element.hidden).length;
    const all = this.#lines.length;
    show(this.#empty, all === 0);
    setText(this.#count, shown === all ? `${all} messages` : `${shown} of ${all} messages`);
  }

  #offer(keys: readonly string[]): void {
    const known = [...this.#whose.options].slice(1);
    if (known.length === keys.length && known.every(({ value }, index) => value === keys[index])) return;
    const { value } = this.#whose;
    for (const option of known) option.remove();
    this.#whose.append(...keys.map((key) => el('option', { value: key }, `Key ${key}`)));
    this.#whose.value = keys.includes(value) ? value : '';
    show(this.#whose, keys.length > 1);
    this.#filter();
  }

  /** Of the key that is chosen, else of the one that is looked at. */
  #save(): void {
    const id = this.#whose.value || this.#panel.state.selected?.id;
    if (id === undefined) return;
    void this.#panel.attempt(() => this.#panel.api.download(keyPath(id, '/trace?format=pcapng'), `key-${id}.pcapng`));
  }
}
