/// <reference lib="dom" />
/** All keys of the lab, and the space bar that touches one of them. */
import { byId, el, KeyedList, setText, show } from './dom.ts';
import { KeyCard } from './key-card.ts';
import type { KeyState } from './lab-state.ts';
import type { Panel } from './panel.ts';
import { listenForSpaceBar } from './touch-target.ts';

/** From this many keys on they can be searched. */
const MANY = 7;
/** Drawings that a page is quick with; the rest is found by the search. */
const MOST_SHOWN = 60;

export function setUpDesk(panel: Panel): void {
  const desk = byId('desk', HTMLElement);
  const filter = byId('desk-filter', HTMLInputElement);
  const more = el('p', { class: 'hint', role: 'status' });
  const cards = new Map<string, KeyCard>();
  const list = new KeyedList<KeyState>(
    desk,
    // A drawing shows one form: another model by the same name is another card.
    ({ id, formFactor, model }) => `${id} ${model} ${formFactor}`,
    (key) => {
      const card = new KeyCard(key, panel);
      cards.set(key.id, card);
      return card;
    },
  );
  const draw = () => {
    const { keys } = panel.state;
    const wanted = filter.value.trim().toLowerCase();
    show(filter, keys.size >= MANY);
    show(byId('desk-empty', HTMLElement), keys.size === 0);
    desk.classList.toggle('is-single', keys.size === 1);
    desk.classList.toggle('is-many', keys.size >= MANY);
    const found = [...keys.values()].filter((key) => key.pending.length > 0 || wordsOf(key).includes(wanted));
    // What asks for a touch is never hidden.
    const shown = found.filter((key, index) => index < MOST_SHOWN || key.pending.length > 0);
    list.update(shown);
    const rest = found.length - shown.length;
    setText(more, `and ${rest} more: find a key by its number, serial number or model`);
    show(more, rest > 0);
  };
  filter.addEventListener('input', draw);
  panel.state.onChange((_, change) => {
    if (change?.type === 'traffic') return;
    // A thousand keys are not looked at because one of them works.
    if (change?.type === 'key' && change.key.pending.length === 0 && list.updateOne(change.key)) return;
    draw();
  });
  desk.after(
    more,
    el(
      'p',
      { id: 'hint', class: 'hint' },
      'Click a key to touch it, hold it for a second for a long touch. ',
      'The space bar touches the key that asks, else the one you look at.',
    ),
  );
  listenForSpaceBar(() => {
    const key = panel.state.asking ?? panel.state.selected;
    return key && cards.get(key.id);
  });
}

function wordsOf({ id, model, product, serialNumber }: KeyState): string {
  return [id, model, product, serialNumber ?? ''].join(' ').toLowerCase();
}
