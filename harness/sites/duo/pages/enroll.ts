import { html } from 'hono/html';
import type { Site } from '../site.ts';
import { done, useKey } from './enrolment-steps.ts';
import { chevron, usbKey } from './icons.ts';
import { type Html, messages, page } from './layout.ts';

interface EnrollState {
  /** The account that this session may add keys to, if any. */
  username: string | undefined;
  signedIn: boolean;
}

/** The enrolment steps in the guide's order; browser/enroll.ts shows one at a time. */
export function enrollPage(site: Site, state: EnrollState): Html {
  return page(site, {
    title: 'Add a security key',
    script: 'enroll',
    ...(state.signedIn && state.username !== undefined ? { username: state.username } : {}),
    body: html`<section class="card" id="enroll">
<ol class="steps" aria-label="Progress">
  <li data-progress="welcome" aria-current="step">Account</li>
  <li data-progress="method">Method</li>
  <li data-progress="key">Security key</li>
  <li data-progress="done">Done</li>
</ol>
${messages()}
${welcome(state)}
${method()}
${useKey({ thing: html`security key`, waiting: 'security key' })}
${done({ title: 'Security key added', finish: state.signedIn ? '/account' : '/sign-in' })}
</section>
${state.signedIn ? '' : html`<p class="aside">Already enrolled? <a href="/sign-in">Sign in</a></p>`}`,
  });
}

function welcome({ username }: EnrollState): Html {
  const known = username !== undefined;
  return html`<div data-step="welcome">
<h1 tabindex="-1">${known ? 'Add another security key' : 'Welcome. Let’s set up your account'}</h1>
<p>${
    known
      ? 'A second key keeps you working when the first is lost. You need the new key at hand.'
      : 'A security key protects your account even if someone learns your password. It takes about a minute, and you need the key at hand.'
  }</p>
<form id="welcome-form" novalidate>
  <label for="username">Username</label>
  <input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
    maxlength="64" required aria-describedby="username-error" value="${username ?? ''}" ${known ? 'readonly' : ''}>
  <p id="username-error" class="field-error" hidden></p>
  <p class="actions"><button id="get-started" type="submit">Get Started</button></p>
</form>
</div>`;
}

function method(): Html {
  return html`<div data-step="method" hidden>
<h1 tabindex="-1">Select an option</h1>
<p>Choose how you want to prove that it is you.</p>
<ul class="choices">
  <li><button id="method-security-key" class="choice" type="button">
    ${usbKey}<span><b>Security Key</b><small>Touch a FIDO2 key on USB or NFC</small></span>${chevron}
  </button></li>
</ul>
<p class="actions"><button class="quiet" type="button" data-back="welcome">Back</button></p>
</div>`;
}
