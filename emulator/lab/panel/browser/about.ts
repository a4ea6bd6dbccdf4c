/// <reference lib="dom" />
/** Who the key says it is, and where programs find it. */

import { el, setText, show } from './dom.ts';
import type { KeyState } from './lab-state.ts';
import type { Part } from './part.ts';

export function setUpAbout(): Part {
  const facts = el('dl', { class: 'facts' });
  const guesses = el('p', { class: 'hint' });
  const assumed = el('details', {}, el('summary', {}, 'What of this model is assumed'), guesses);
  let shown = '';
  return {
    title: 'About',
    body: el('div', {}, facts, assumed),
    show: (key) => {
      const rows = rowsOf(key);
      const now = JSON.stringify(rows);
      // Text that somebody selects to copy stays as it is.
      if (now !== shown) {
        facts.replaceChildren(...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
      }
      shown = now;
      show(assumed, key.assumed.length > 0);
      setText(guesses, key.assumed.join(', '));
      return true;
    },
  };
}

function rowsOf({ model, serialNumber, aaguid, devices }: KeyState): [name: string, value: string][] {
  return [
    ['Model', model],
    ['Serial number', serialNumber ?? 'none'],
    ['AAGUID', aaguid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')],
    ['Device', devices.length === 0 ? 'not plugged in' : devices.join(', ')],
  ];
}
