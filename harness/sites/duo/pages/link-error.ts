import { html } from 'hono/html';
import type { DomainError } from '../domain/error.ts';
import { type Html, type PageSite, page } from './layout.ts';

/** An enrolment link that is refused, and what to do about it. */
export function linkErrorPage(site: PageSite, error: DomainError): Html {
  const [title, help] = HELP[error.code === 'used' || error.code === 'expired' ? error.code : 'not_found'];
  return page(site, {
    title,
    body: html`<section class="card" id="link-error" data-code="${error.code}">
<h1>${title}</h1>
<p>${error.message}</p>
<p>${help}</p>
<p class="actions"><a class="button" href="/sign-in">Manage your devices</a></p>
</section>`,
  });
}

const HELP = {
  used: [
    'This link has been used',
    'If it was you, sign in to add another device. If not, tell your administrator at once: somebody else may have enrolled one.',
  ],
  expired: ['This link has expired', 'Ask your administrator to send you a new one, and open the latest e-mail.'],
  not_found: [
    'This link is not valid',
    'A mail program may have broken it in two. Copy the whole address from the e-mail, or ask your administrator for a new one.',
  ],
} as const;
