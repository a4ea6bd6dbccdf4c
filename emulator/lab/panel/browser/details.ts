/// <reference lib="dom" />
/** What is known of the key that is looked at, in parts by subject. */
import { setUpAbout } from './about.ts';
import { byId, el, setText, show } from './dom.ts';
import { setUpFaults } from './faults.ts';
import { setUpFingers } from './fingers.ts';
import { setUpCodes } from './one-time-codes.ts';
import type { Panel } from './panel.ts';
import { setUpPasskeys } from './passkeys.ts';
import { setUpPin } from './pin.ts';

export function setUpDetails(panel: Panel): void {
  const place = byId('details', HTMLElement);
  const heading = el('h2', { id: 'details-heading', tabindex: -1 });
  const parts = [
    setUpPin(),
    setUpPasskeys(panel),
    setUpCodes(panel),
    setUpFingers(panel),
    setUpFaults(panel),
    setUpAbout(),
  ];
  const cards = parts.map((part) => ({
    part,
    card: el('section', { class: 'card part' }, el('h3', {}, part.title), part.body),
  }));
  place.append(
    el('div', { class: 'section-head' }, heading),
    el('div', { class: 'details-grid' }, ...cards.map(({ card }) => card)),
  );
  panel.state.onChange(({ selected }, change) => {
    if (change?.type === 'traffic') return;
    show(place, selected !== undefined);
    if (selected === undefined) return;
    setText(heading, `Inside key ${selected.id}`);
    for (const { part, card } of cards) show(card, part.show(selected));
  });
}
