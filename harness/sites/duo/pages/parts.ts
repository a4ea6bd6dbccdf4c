/** Small parts that several pages share. */
import { html } from 'hono/html';
import type { Notice } from '../web/sessions.ts';
import type { Html } from './layout.ts';

/** A moment in milliseconds since 1970, to the minute, in UTC. */
export function time(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** What became of the last form. */
export function noticeBox(notice: Notice | undefined): Html | '' {
  if (notice === undefined) return '';
  const role = notice.kind === 'bad' ? 'alert' : 'status';
  return html`<div id="notice" class="notice ${notice.kind}" role="${role}" data-kind="${notice.kind}"><p>${notice.text}</p></div>`;
}

export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** A button that is a form of its own. */
export function postButton(csrf: string, action: string, label: string, kind = 'secondary', id?: string): Html {
  return html`<form class="inline" method="post" action="${action}">${csrfField(csrf)}<button ${id === undefined ? '' : html`id="${id}"`} class="${kind}" type="submit">${label}</button></form>`;
}

/** A button whose form shows after a first click, for what cannot be undone. */
export function confirmButton(csrf: string, action: string, label: string, question: string): Html {
  return html`<details class="confirm"><summary>${label}</summary>
<form method="post" action="${action}">${csrfField(csrf)}<p>${question}</p><button class="danger" type="submit">${label}</button></form></details>`;
}
