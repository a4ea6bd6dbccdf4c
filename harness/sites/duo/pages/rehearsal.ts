import { html } from 'hono/html';
import { chevron, usbKey } from './icons.ts';
import { type Html, type PageSite, page } from './layout.ts';
import { csrfField } from './parts.ts';

interface RehearsalState {
  readonly csrf: string;
  readonly username: string;
  /** How many the user has enrolled. */
  readonly devices: number;
  /** Whether the lab has a mailbox of its own. */
  readonly mailbox: boolean;
}

/** What a person can do here with the key that the page has. */
export function rehearsalPage(site: PageSite, { csrf, username, devices, mailbox }: RehearsalState): Html {
  const enrolled = devices === 1 ? '1 device' : `${devices} devices`;
  return page(site, {
    title: 'Rehearse with your key',
    body: html`<section class="card" id="rehearsal">
<h1>Rehearse with your key</h1>
<p>This is the lab’s own site. Its user <b>${username}</b> has ${devices === 0 ? 'no device yet' : html`${enrolled}`}. Touch the key in the panel when it blinks.</p>
<ul class="choices">
  <li><form method="post" action="/rehearsal/enroll">${csrfField(csrf)}<button id="enroll-key" class="choice" type="submit">
    ${usbKey}<span><b>Enroll the key for ${username}</b><small>As by the link of an enrollment e-mail</small></span>${chevron}</button></form></li>
  ${
    devices === 0
      ? ''
      : html`<li><form method="post" action="/sign-in">${csrfField(csrf)}<input type="hidden" name="username" value="${username}"><button id="sign-in-key" class="choice" type="submit">
    ${usbKey}<span><b>Sign in as ${username}</b><small>With the key, at the prompt</small></span>${chevron}</button></form></li>`
  }
</ul>
<p class="after">Or take the administrator’s way: the <a href="/dashboard">dashboard</a>${mailbox ? html`, and the <a href="/mailbox">mailbox</a> that its e-mails reach` : ''}.</p>
</section>`,
  });
}
