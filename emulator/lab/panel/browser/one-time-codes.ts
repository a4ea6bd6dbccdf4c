/// <reference lib="dom" />
/** The one-time codes of the key, as long as they are good, and what it types when it is touched. */
import { keyPath } from './api.ts';
import { el, KeyedList, type ListView, setText, show } from './dom.ts';
import { Fetched } from './fetched.ts';
import type { Panel } from './panel.ts';
import type { Part } from './part.ts';
import { RingClock } from './ring-clock.ts';

/** What is read of the lab's answer. */
interface OtpJSON {
  readonly slots: { readonly hotp: boolean; readonly yubico: boolean };
  readonly hotpPress: 'short' | 'long';
  readonly entries: readonly EntryJSON[];
}

interface EntryJSON {
  readonly app: string;
  readonly account: string;
  readonly type: 'hotp' | 'totp';
  readonly period: number;
  readonly touch: boolean;
  readonly code: string | null;
  readonly remaining: number | null;
}

export function setUpCodes(panel: Panel): Part {
  const list = el('ul', { class: 'list', 'aria-label': 'One-time codes' });
  const slots = el('p', { class: 'hint' });
  const typed = el('p', { hidden: true }, 'It has typed ');
  const typedText = el('code', { class: 'code' });
  typed.append(typedText);
  const views = new Map<string, EntryView>();
  const entries = new KeyedList<EntryJSON>(list, nameOf, (entry) => {
    const view = new EntryView(entry, () => panel.state.now());
    views.set(nameOf(entry), view);
    return view;
  });
  let id = '';
  const codes = new Fetched(
    (key) => panel.ask<OtpJSON>('GET', keyPath(key, '/otp')),
    (otp) => {
      entries.update(otp.entries);
      const names = new Set(otp.entries.map(nameOf));
      for (const name of views.keys()) if (!names.has(name)) views.delete(name);
      setText(slots, slotsInWords(otp));
    },
  );
  setInterval(() => {
    const now = panel.state.now();
    const over = [...views.values()].filter((view) => !view.tick(now));
    if (over.length > 0) void codes.again(id);
  }, 1000);
  panel.state.onChange((_, change) => {
    if (change?.type === 'clock' && views.size > 0) void codes.again(id);
    if (change?.type !== 'typed' || change.key !== id) return;
    setText(typedText, change.text.trim());
    show(typed, true);
  });
  return {
    title: 'One-time codes',
    body: el('div', {}, list, slots, typed),
    show: (key) => {
      if (!key.typesPasswords) return false;
      if (key.id !== id) show(typed, false);
      id = key.id;
      // Whoever writes an entry has the key at work meanwhile.
      codes.want(id, key.led);
      return true;
    },
  };
}

function nameOf({ app, account, type }: EntryJSON): string {
  return JSON.stringify([app, account, type]);
}

function slotsInWords({ slots: { hotp, yubico }, hotpPress }: OtpJSON): string {
  const other = hotpPress === 'short' ? 'long' : 'short';
  const types = [hotp ? `an HOTP on a ${hotpPress} touch` : '', yubico ? `a Yubico OTP on a ${other} touch` : ''];
  const words = types.filter((text) => text !== '');
  return words.length === 0 ? 'A touch types nothing: no slot is set up.' : `It types ${words.join(', ')}.`;
}

class EntryView implements ListView<EntryJSON> {
  readonly element: HTMLElement;
  readonly #code = el('span', { class: 'code' });
  readonly #ring = new RingClock();
  readonly #now: () => number;

  constructor({ app, account, type, touch }: EntryJSON, now: () => number) {
    this.#now = now;
    const kind = [type.toUpperCase(), touch ? 'after a touch' : ''].filter((word) => word !== '').join(', ');
    const name = el('b', {}, app === '' ? account : `${app}: ${account}`);
    this.element = el('li', {}, el('div', {}, name, el('small', {}, kind)), this.#code, this.#ring.element);
  }

  update({ code, period, remaining }: EntryJSON): void {
    setText(this.#code, code ?? '••••••');
    this.#ring.set(period, remaining, this.#now());
  }

  tick(now: number): boolean {
    return this.#ring.tick(now);
  }
}
