/// <reference lib="dom" />
/** One message of the conversation: a line that opens to its members and its bytes. */
import type { Json, TraceEntry } from '../../../../ctap/trace/entry.ts';
import { el } from './dom.ts';
import { hexDump } from './hex-dump.ts';

export class TraceLine {
  readonly element: HTMLElement;
  readonly key: string;
  readonly entry: TraceEntry;
  readonly #text: string;

  constructor(key: string, entry: TraceEntry, namesKey: boolean) {
    this.key = key;
    this.entry = entry;
    this.#text = JSON.stringify(entry).toLowerCase();
    const details = el('details', {}, summaryOf(key, entry, namesKey));
    // Most lines are never opened: what is inside is made when somebody looks.
    details.addEventListener('toggle', () => details.append(...insideOf(entry)), { once: true });
    details.addEventListener('toggle', () => details.scrollIntoView({ block: 'nearest' }));
    this.element = el(
      'li',
      { class: 'line', 'data-direction': entry.direction, 'data-failed': entry.failed === true },
      details,
    );
  }

  get name(): string {
    return nameOf(this.key, this.entry);
  }

  /** True where its JSON has the text, which is in lower case; the name, a member, a value, bytes in hexadecimal. */
  matches(text: string): boolean {
    return text === '' || this.#text.includes(text);
  }
}

/** Tells a message from all others, whether it came live or was told later. */
export function nameOf(key: string, { at, direction, hex }: TraceEntry): string {
  return `${key} ${at} ${direction} ${hex}`;
}

function summaryOf(key: string, entry: TraceEntry, namesKey: boolean): HTMLElement {
  const { direction, name, subcommand, status, problems = [] } = entry;
  const title = subcommand === undefined ? name : `${name} ${subcommand}`;
  return el(
    'summary',
    {},
    el('span', { class: 'time' }, new Date(entry.at).toISOString().slice(11, 23)),
    namesKey ? el('span', { class: 'whose' }, `key ${key}`) : undefined,
    el(
      'span',
      { class: 'way' },
      el('span', { 'aria-hidden': 'true' }, direction === 'in' ? '→' : '←'),
      el('span', { class: 'visually-hidden' }, direction === 'in' ? 'To the key:' : 'From the key:'),
    ),
    el('span', { class: 'name' }, title),
    status === undefined ? undefined : el('span', { class: 'status' }, status),
    problems.length === 0 ? undefined : el('span', { class: 'status' }, 'malformed'),
    el('span', { class: 'gist' }, gistOf(entry)),
  );
}

/** What of the members tells this message from others at a glance. */
function gistOf({ fields = {}, duration }: TraceEntry): string {
  const words = [
    textAt(fields, 'rp', 'id') ?? textAt(fields, 'rpId'),
    textAt(fields, 'user', 'name'),
    duration === undefined ? undefined : `${Math.round(duration)} ms`,
  ];
  return words.filter((word) => word !== undefined).join(' · ');
}

function textAt(fields: Json, ...path: readonly string[]): string | undefined {
  let value: Json | undefined = fields;
  for (const name of path) value = isMap(value) ? value[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function insideOf(entry: TraceEntry): HTMLElement[] {
  const { fields, problems = [], packets, bytes, carrier, channel, keepalives } = entry;
  const unit = carrier === 'apdu' ? 'APDU' : 'report';
  const size = `${bytes} bytes in ${packets} ${unit}${packets === 1 ? '' : 's'}`;
  const waited = keepalives && `${keepalives.processing} keepalives at work, ${keepalives.upNeeded} for a touch`;
  const about = [size, channel && `channel ${channel}`, waited].filter((word) => word !== undefined).join(' · ');
  return [
    ...problems.map((problem) => el('p', { class: 'problem' }, problem)),
    ...(fields === undefined ? [] : [membersOf(fields)]),
    el('p', { class: 'hint' }, about),
    el('pre', { class: 'bytes', tabindex: 0, 'aria-label': 'Bytes' }, hexDump(entry.hex)),
  ];
}

function membersOf(fields: { readonly [name: string]: Json }): HTMLElement {
  const list = el('dl', { class: 'members' });
  for (const [name, value] of Object.entries(fields)) list.append(el('dt', {}, name), el('dd', {}, shown(value)));
  return list;
}

function shown(value: Json): HTMLElement {
  if (Array.isArray(value)) {
    if (value.every((item) => !isMap(item) && !Array.isArray(item))) return plain(value.join(', '));
    return el('ol', { class: 'members' }, ...value.map((item: Json) => el('li', {}, shown(item))));
  }
  if (!isMap(value)) return plain(String(value));
  const hidden = value.hidden;
  if (typeof hidden === 'number' && Object.keys(value).length === 1) {
    return el('span', { class: 'hidden-secret' }, `${hidden} bytes, hidden`);
  }
  return membersOf(value);
}

function plain(text: string): HTMLElement {
  return el('code', {}, text === '' ? '(empty)' : text);
}

function isMap(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
