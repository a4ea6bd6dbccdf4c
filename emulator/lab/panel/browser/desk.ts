/// <reference lib="dom" />
/** All keys of the lab, and the space bar that touches one of them. */
import { byId, el, KeyedList, show } from './dom.ts';
import { KeyCard } from './key-card.ts';
import type { KeyState } from './lab-state.ts';
import type { Panel } from './panel.ts';
import { listenForSpaceBar } from './touch-target.ts';

/** From this many keys on they can be searched. */
const MANY = 7;

export function setUpDesk(panel: Panel): void {
  const desk = byId('desk', HTMLElement);
  const filter = byId('desk-filter', HTMLInputElement);
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
    // What asks for a touch is never hidden.
    list.update([...keys.values()].filter((key) => key.pending.length > 0 || wordsOf(key).includes(wanted)));
  };
  filter.addEventListener('input', draw);
  panel.state.onChange((_, change) => {
    if (change?.type !== 'traffic') draw();
  });
  desk.after(
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
