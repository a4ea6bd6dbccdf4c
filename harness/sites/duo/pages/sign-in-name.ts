import { html } from 'hono/html';
import { type Html, type PageSite, page } from './layout.ts';

/** The first step into the portal: who it is. */
export function signInNamePage(site: PageSite, state: { csrf: string; username: string; complaint?: string }): Html {
  const { csrf, username, complaint } = state;
  return page(site, {
    title: 'Sign in',
    body: html`<section class="card" id="sign-in-card">
<h1>Manage your devices</h1>
<p>Enter your username, then confirm with a device that you enrolled.</p>
<form method="post" action="/sign-in">
  <input type="hidden" name="csrf" value="${csrf}">
  <label for="username">Username</label>
  <input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
    maxlength="100" required autofocus value="${username}" ${complaint === undefined ? '' : html`aria-invalid="true" aria-describedby="username-error"`}>
  ${complaint === undefined ? '' : html`<p id="username-error" class="field-error">${complaint}</p>`}
  <p class="actions"><button id="sign-in" type="submit">Continue</button></p>
</form>
</section>
<p class="aside">No device yet? Open the link in your enrollment e-mail.</p>`,
  });
}
