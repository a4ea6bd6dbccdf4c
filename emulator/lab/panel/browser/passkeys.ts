/// <reference lib="dom" />
/** The passkeys on the key: for which site, of whom, and a way to delete each. */
import { keyPath } from './api.ts';
import { el, KeyedList, type ListView, setText, show } from './dom.ts';
import { Fetched } from './fetched.ts';
import type { Panel } from './panel.ts';
import type { Part } from './part.ts';

/** What is read of the lab's answer. */
interface PasskeyJSON {
  readonly credentialId: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly name?: string; readonly displayName?: string };
}

export function setUpPasskeys(panel: Panel): Part {
  const list = el('ul', { class: 'list', 'aria-label': 'Passkeys' });
  const empty = el('p', { class: 'empty' }, 'No passkeys. Credentials that a site keeps itself are not stored here.');
  let shownKey = '';
  const views = new KeyedList<PasskeyJSON>(
    list,
    ({ credentialId }) => credentialId,
    (passkey) =>
      new PasskeyView(passkey, () => panel.ask('DELETE', keyPath(shownKey, `/passkeys/${passkey.credentialId}`))),
  );
  const passkeys = new Fetched(
    (id) => panel.ask<{ passkeys: PasskeyJSON[] }>('GET', keyPath(id, '/passkeys')),
    ({ passkeys }, id) => {
      // Two keys may hold the same passkey, by import: the list of another key begins anew.
      if (id !== shownKey) views.update([]);
      shownKey = id;
      views.update(passkeys);
      show(empty, passkeys.length === 0);
    },
  );
  return {
    title: 'Passkeys',
    body: el('div', {}, list, empty),
    show: ({ id, passkeys: count, led }) => {
      passkeys.want(id, `${count} ${led}`);
      return true;
    },
  };
}

class PasskeyView implements ListView<PasskeyJSON> {
  readonly element: HTMLElement;
  readonly #site = el('b');
  readonly #who = el('small');
  readonly #delete: HTMLButtonElement;

  constructor(passkey: PasskeyJSON, remove: () => Promise<unknown>) {
    let sure = false;
    this.#delete = el('button', { type: 'button', class: 'quiet danger' }, 'Delete');
    // The first click asks, the second one deletes.
    this.#delete.addEventListener('click', () => {
      if (sure) void remove();
      sure = !sure;
      setText(this.#delete, sure ? 'Really delete?' : 'Delete');
    });
    this.#delete.addEventListener('blur', () => {
      sure = false;
      setText(this.#delete, 'Delete');
    });
    this.element = el('li', {}, el('div', {}, this.#site, this.#who), this.#delete);
    this.update(passkey);
  }

  update({ rp, user }: PasskeyJSON): void {
    const who = user.name ?? user.displayName ?? 'an account without a name';
    setText(this.#site, rp.id);
    setText(this.#who, who);
    this.#delete.setAttribute('aria-description', `${rp.id}, ${who}`);
  }
}
