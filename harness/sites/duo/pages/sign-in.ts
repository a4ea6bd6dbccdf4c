import { html } from 'hono/html';
import type { Site } from '../site.ts';
import { touchPicture } from './icons.ts';
import { type Html, messages, page } from './layout.ts';

/** Sign-in: the username, then the security key; browser/sign-in.ts shows one at a time. */
export function signInPage(site: Site, username: string | undefined): Html {
  return page(site, {
    title: 'Sign in',
    script: 'sign-in',
    body: html`<section class="card" id="sign-in-card">
<div data-step="username">
  <h1 tabindex="-1">Sign in</h1>
  <p>Enter your username, then confirm with your security key.</p>
</div>
<div data-step="key" hidden>
  <h1 tabindex="-1">Use your security key</h1>
  <p class="as">Signing in as <b id="as-username"></b></p>
</div>
${messages()}
<div data-step="username">
  <form id="sign-in-form" novalidate>
    <label for="username">Username</label>
    <input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
      maxlength="64" required autofocus aria-describedby="username-error" value="${username ?? ''}">
    <p id="username-error" class="field-error" hidden></p>
    <p class="actions"><button id="sign-in" type="submit">Continue</button></p>
  </form>
</div>
<div data-step="key" hidden>
  ${touchPicture}
  <div id="waiting">
    <p class="waiting">Waiting for your security key. Touch it when it blinks.</p>
    <p class="actions"><button id="cancel" class="secondary" type="button">Cancel</button></p>
  </div>
  <p id="failed" class="actions" hidden><button id="try-again" type="button">Try again</button>
  <button id="other-account" class="quiet" type="button">Use another account</button></p>
</div>
</section>
<p class="aside">No security key on your account yet? <a id="enroll-link" href="/enroll">Enroll one</a></p>`,
  });
}
