/// <reference lib="dom" />
/** The fingers of who holds the key: one of them is put on the sensor, well or badly. */
import { keyPath } from './api.ts';
import { el, setAttribute, setText } from './dom.ts';
import type { Panel } from './panel.ts';
import type { Part } from './part.ts';

const FINGERS = ['thumb', 'index finger', 'middle finger', 'ring finger', 'little finger', "somebody else's"];

/** What becomes of the sample (CTAP 2.3 §6.7.2), the most telling ones. */
const SAMPLES = {
  FP_GOOD: 'a good sample',
  FP_TOO_FAST: 'too fast',
  FP_TOO_SKEWED: 'skewed',
  FP_TOO_LEFT: 'too far left',
  FP_POOR_QUALITY: 'of poor quality',
} as const;

export function setUpFingers(panel: Panel): Part {
  const state = el('p', { class: 'state' });
  const finger = optionsOf(
    'Finger',
    FINGERS.map((name) => [name, name]),
  );
  const sample = optionsOf('Sample', Object.entries(SAMPLES));
  let id = '';
  const press = () => void panel.ask('POST', keyPath(id, '/fingers'), { finger: finger.value, feedback: sample.value });
  const button = el('button', { type: 'button', class: 'secondary', on: { click: press } }, 'Put it on the sensor');
  return {
    title: 'Fingers',
    body: el('div', {}, state, el('div', { class: 'row' }, finger, sample, button)),
    show: (key) => {
      id = key.id;
      if (key.uv === null) return false;
      const { fingers, retries, blocked } = key.uv;
      const enrolled =
        fingers === 0 ? 'No finger is enrolled' : fingers === 1 ? '1 finger enrolled' : `${fingers} fingers enrolled`;
      const tries = retries === 1 ? '1 try left' : `${retries} tries left`;
      setText(state, blocked ? `${enrolled}; the sensor is locked until the PIN is entered` : `${enrolled}, ${tries}`);
      setAttribute(state, 'data-bad', blocked);
      return true;
    },
  };
}

function optionsOf(label: string, choices: readonly (readonly [value: string, text: string])[]): HTMLSelectElement {
  return el('select', { 'aria-label': label }, ...choices.map(([value, text]) => el('option', { value }, text)));
}
