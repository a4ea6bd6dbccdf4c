import { html } from 'hono/html';
import type { ReceivedMail } from '../mail/mailbox.ts';
import { type Html, type PageSite, page } from './layout.ts';
import { time } from './parts.ts';

export function mailboxPage(site: PageSite, mails: readonly ReceivedMail[]): Html {
  return page(site, {
    title: 'Mailbox of the lab',
    wide: true,
    body: html`<div class="heading"><div><h1>Mailbox of the lab</h1>
<p>Everything that this service mails arrives here, whoever it is for. It really came over SMTP.</p></div></div>
${
  mails.length === 0
    ? html`<p class="empty">No mail yet. Send one from a user’s settings in the dashboard.</p>`
    : html`<ul id="mails" class="mails">${mails.map(
        (mail) => html`<li class="card"><a href="/mailbox/${mail.id}"><b>${mail.subject}</b></a>
<p>To ${mail.to.join(', ')} · ${time(mail.receivedAt)}</p></li>`,
      )}</ul>`
}`,
  });
}

/** One mail: its text, and its HTML in a frame that may do nothing. */
export function mailPage(site: PageSite, mail: ReceivedMail, origin: string): Html {
  return page(site, {
    title: mail.subject,
    wide: true,
    body: html`<section class="card" id="mail"><h1>${mail.subject}</h1>
<p>From ${mail.from} · to ${mail.to.join(', ')} · ${time(mail.receivedAt)}</p>
<pre class="mail-text">${linked(mail.text, origin)}</pre></section>
${mail.html === '' ? '' : html`<section class="card"><h2>As HTML</h2><iframe class="mail-html" title="HTML form of the mail" sandbox="" src="/mailbox/${mail.id}/html"></iframe></section>`}
<p class="aside"><a href="/mailbox">All mails</a></p>`,
  });
}

const ADDRESS = /(https?:\/\/[^\s<>"]+)/;

/** The text with links to this service; other addresses stay text. */
function linked(text: string, origin: string): Html[] {
  return text
    .split(ADDRESS)
    .map((part) =>
      ADDRESS.test(part) && URL.canParse(part) && new URL(part).origin === origin
        ? html`<a href="${part}">${part}</a>`
        : html`${part}`,
    );
}
