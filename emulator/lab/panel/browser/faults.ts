/// <reference lib="dom" />
/** Deliberate misbehaviour of the key, on and off. */
import { keyPath } from './api.ts';
import { el, setText } from './dom.ts';
import type { Panel } from './panel.ts';
import type { Part } from './part.ts';

interface FaultJSON {
  readonly id: string;
  readonly summary: string;
}

export function setUpFaults(panel: Panel): Part {
  const state = el('summary', {});
  const search = el('input', { type: 'search', placeholder: 'Find a fault', 'aria-label': 'Find a fault' });
  const list = el('div', { class: 'faults-list', role: 'group', 'aria-label': 'Faults' });
  const boxes = new Map<string, HTMLInputElement>();
  let key = '';
  let active: readonly string[] = [];
  const draw = () => {
    for (const [id, box] of boxes) box.checked = active.includes(id);
    setText(state, active.length === 0 ? 'It behaves' : `It misbehaves: ${active.join(', ')}`);
  };
  const change = async (id: string, on: boolean) => {
    const path = keyPath(key, `/faults/${encodeURIComponent(id)}`);
    const answer = await panel.ask<{ active: string[] }>(on ? 'PUT' : 'DELETE', path);
    active = answer?.active ?? active;
    draw(); // where the lab refused, the box goes back
  };
  const fill = async () => {
    const known = await panel.ask<{ faults: FaultJSON[] }>('GET', '/faults');
    for (const fault of known?.faults ?? []) list.append(choiceOf(fault, boxes, change));
    draw();
  };
  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase();
    for (const choice of list.children) {
      choice.toggleAttribute('hidden', !choice.textContent?.toLowerCase().includes(wanted));
    }
  });
  const body = el('details', {}, state, search, list);
  body.addEventListener('toggle', () => void fill(), { once: true });
  return {
    title: 'Faults',
    body,
    show: ({ id, faults }) => {
      key = id;
      active = faults;
      draw();
      return true;
    },
  };
}

function choiceOf(
  { id, summary }: FaultJSON,
  boxes: Map<string, HTMLInputElement>,
  change: (id: string, on: boolean) => Promise<void>,
): HTMLElement {
  const box = el('input', { type: 'checkbox' });
  box.addEventListener('change', () => void change(id, box.checked));
  boxes.set(id, box);
  return el('label', { class: 'choice' }, box, el('span', {}, id, el('small', {}, summary)));
}
