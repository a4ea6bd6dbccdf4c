import { html } from 'hono/html';
import type { Notice } from '../../web/sessions.ts';
import { type Html, type PageSite, page } from '../layout.ts';
import { noticeBox } from '../parts.ts';

/** What every page of the dashboard has. */
export interface DashboardFrame {
  readonly site: PageSite;
  readonly email: string;
  readonly csrf: string;
  readonly notice: Notice | undefined;
  /** Whether the lab's mailbox is there to be linked to. */
  readonly mailbox: boolean;
}

const SECTIONS = [
  ['overview', '/dashboard', 'Overview'],
  ['users', '/dashboard/users', 'Users'],
  ['groups', '/dashboard/groups', 'Groups'],
  ['policy', '/dashboard/policy', 'Policy'],
  ['tokens', '/dashboard/tokens', 'Hardware tokens'],
  ['applications', '/dashboard/applications', 'Applications'],
  ['log', '/dashboard/log', 'Log'],
] as const;

export type Section = (typeof SECTIONS)[number][0] | 'account';

/** A page of the dashboard. */
export function dashboardPage(frame: DashboardFrame, section: Section, title: string, body: Html): Html {
  return page(frame.site, {
    title,
    wide: true,
    username: frame.email,
    csrf: frame.csrf,
    account: '/dashboard/account',
    signOut: '/dashboard/sign-out',
    navigation: html`<nav class="sections" aria-label="Dashboard">${SECTIONS.map(
      ([name, path, label]) =>
        html`<a href="${path}" ${name === section ? html`aria-current="page"` : ''}>${label}</a>`,
    )}${frame.mailbox ? html`<a href="/mailbox">Mailbox</a>` : ''}</nav>`,
    body: html`<h1>${title}</h1>
${noticeBox(frame.notice)}
${body}`,
  });
}

/** A table that scrolls by itself on a narrow screen. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Html | string)[])[],
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="visually-hidden">${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head === '' ? html`<span class="visually-hidden">Actions</span>` : head}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Sign-in of administrators. */
export function dashboardSignInPage(
  site: PageSite,
  { csrf, email, complaint }: { csrf: string; email: string; complaint?: string },
): Html {
  return page(site, {
    title: 'Administrator sign-in',
    body: html`<section class="card">
<h1>Administrator sign-in</h1>
${complaint === undefined ? '' : html`<div class="alert" role="alert"><p class="alert-title">Not signed in</p><p>${complaint}</p></div>`}
<form method="post" action="/dashboard/sign-in">
<input type="hidden" name="csrf" value="${csrf}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required ${email === '' ? 'autofocus' : ''} value="${email}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required ${email === '' ? '' : 'autofocus'}>
<p class="actions"><button id="sign-in" type="submit">Sign in</button></p>
</form></section>`,
  });
}
