/// <reference lib="dom" />
/** The lab's clock: what time the keys think it is, and how to move it. */
import { byId, el, setText, show } from './dom.ts';
import type { Panel } from './panel.ts';

const STEPS = { '+30 s': 30, '+10 min': 600, '+1 day': 86_400 } as const;

export function setUpClock(panel: Panel): void {
  const { state } = panel;
  const place = byId('clock', HTMLElement);
  const time = el('time', { class: 'time' });
  const offset = el('span', { class: 'offset' });
  const put = (change: object) => void panel.ask('PUT', '/clock', change);
  const freeze = el('button', {
    type: 'button',
    class: 'quiet',
    on: { click: () => put({ frozen: !state.clock.frozen }) },
  });
  const steps = Object.entries(STEPS).map(([label, seconds]) =>
    el('button', { type: 'button', class: 'quiet', on: { click: () => put({ advance: seconds * 1000 }) } }, label),
  );
  const input = el('input', { type: 'datetime-local', step: 1, id: 'clock-set' });
  const form = el(
    'form',
    {
      class: 'row',
      on: {
        submit: (event: Event) => {
          event.preventDefault();
          const chosen = new Date(input.value);
          if (Number.isNaN(chosen.getTime())) panel.tell('Enter a date and a time for the clock.');
          else put({ set: chosen.toISOString() });
        },
      },
    },
    el('label', { for: 'clock-set' }, 'Set to'),
    input,
    el('button', { type: 'submit', class: 'secondary' }, 'Set'),
  );
  const real = el(
    'button',
    { type: 'button', class: 'quiet', on: { click: () => put({ system: true }) } },
    'Real time',
  );
  place.append(
    el(
      'details',
      {},
      el('summary', {}, el('span', { class: 'visually-hidden' }, 'Clock of the lab: '), time, offset),
      el('div', { class: 'pop' }, el('div', { class: 'row' }, ...steps, freeze, real), form),
    ),
  );
  const draw = () => {
    const now = new Date(state.now());
    setText(time, now.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }));
    time.dateTime = now.toISOString();
    const { frozen, offset: ahead } = state.clock;
    setText(offset, frozen ? ' stopped' : Math.abs(ahead) < 1000 ? '' : ahead > 0 ? ' ahead' : ' behind');
    setText(freeze, frozen ? 'Run on' : 'Stop');
  };
  state.onChange((_, change) => {
    if (change?.type !== 'lab' && change?.type !== 'clock') return;
    show(place, true);
    draw();
  });
  setInterval(draw, 1000);
}
