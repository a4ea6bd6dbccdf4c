/// <reference lib="dom" />
/** The PIN: whether there is one, and whether it is locked. */

import { el, setAttribute, setText } from './dom.ts';
import type { Part } from './part.ts';
import { pinInWords } from './words.ts';

export function setUpPin(): Part {
  const state = el('p', { class: 'state', 'data-part': 'pin-state' });
  const advice = el('p', { class: 'hint' });
  return {
    title: 'PIN',
    body: el('div', {}, state, advice),
    show: ({ pin }) => {
      if (pin === null) return false;
      const words = pinInWords(pin);
      setText(state, words.state);
      setText(advice, words.advice);
      setAttribute(state, 'data-bad', pin.blocked || pin.powerCycleNeeded);
      return true;
    },
  };
}
