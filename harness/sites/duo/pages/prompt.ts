import { html } from 'hono/html';
import { chevron, keypad, touchPicture, usbKey } from './icons.ts';
import { type Html, messages, type PageSite, page } from './layout.ts';

interface PromptState {
  /** Path that the page's requests go below. */
  readonly base: string;
  readonly username: string;
  /** What opens. */
  readonly place: string;
  readonly securityKey: boolean;
  readonly passcode: boolean;
  /** Days that this browser may be remembered; 0 does not offer it. */
  readonly rememberDays: number;
  /** Where somebody else begins; undefined where the application has named the user. */
  readonly otherAccount?: string;
  readonly barred?: 'locked' | 'disabled';
}

/** The prompt: the security key first, other options behind it; browser/prompt.ts shows one at a time. */
export function promptPage(site: PageSite, state: PromptState): Html {
  if (state.barred !== undefined) return barredPage(site, state);
  const first = state.securityKey ? 'key' : 'passcode';
  return page(site, {
    title: 'Confirm that it is you',
    script: 'prompt',
    body: html`<section class="card" id="prompt" data-base="${state.base}" data-first="${first}">
${
  state.securityKey
    ? html`<div data-step="key"><h1 tabindex="-1">Use your security key</h1></div>`
    : html`<div data-step="key" hidden></div>`
}
<div data-step="passcode" ${first === 'passcode' ? '' : 'hidden'}><h1 tabindex="-1">Enter a passcode</h1></div>
<div data-step="options" hidden><h1 tabindex="-1">Other options</h1></div>
<p class="as">Signing in to <b>${state.place}</b> as <b id="as-username">${state.username}</b></p>
${messages()}
${state.securityKey ? keyStep(state) : ''}
${state.passcode ? passcodeStep(state) : ''}
${optionsStep(state)}
${state.rememberDays > 0 ? remember(state.rememberDays) : ''}
</section>
${state.otherAccount === undefined ? '' : html`<p class="aside">Not you? <a href="${state.otherAccount}">Use another account</a></p>`}`,
  });
}

function keyStep({ passcode }: PromptState): Html {
  return html`<div data-step="key">
  ${touchPicture}
  <div id="waiting">
    <p class="waiting">Waiting for your security key. Touch it when it blinks.</p>
    <p class="actions"><button id="cancel" class="secondary" type="button">Cancel</button></p>
  </div>
  <p id="failed" class="actions" hidden><button id="try-again" type="button">Try again</button></p>
  ${passcode ? html`<p class="actions centre"><button id="other-options" class="quiet" type="button">Other options</button></p>` : ''}
</div>`;
}

function passcodeStep({ securityKey }: PromptState): Html {
  return html`<div data-step="passcode" ${securityKey ? 'hidden' : ''}>
  <form id="passcode-form" novalidate>
    <label for="passcode">Passcode</label>
    <input id="passcode" name="passcode" type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"
      maxlength="64" required aria-describedby="passcode-hint passcode-error">
    <p id="passcode-hint" class="hint">Type the digits of your token, or touch your key and it types them for you.</p>
    <p id="passcode-error" class="field-error" hidden></p>
    <p class="actions"><button id="verify" type="submit">Verify</button></p>
  </form>
  ${securityKey ? html`<p class="actions centre"><button id="passcode-options" class="quiet" type="button">Other options</button></p>` : ''}
</div>`;
}

function optionsStep({ securityKey, passcode }: PromptState): Html {
  return html`<div data-step="options" hidden>
<ul class="choices">
  ${
    securityKey
      ? html`<li><button id="option-key" class="choice" type="button">${usbKey}<span><b>Security key</b><small>Touch a key that you enrolled</small></span>${chevron}</button></li>`
      : ''
  }
  ${
    passcode
      ? html`<li><button id="option-passcode" class="choice" type="button">${keypad}<span><b>Passcode</b><small>From a hardware token, or typed by your key</small></span>${chevron}</button></li>`
      : ''
  }
</ul>
</div>`;
}

function remember(days: number): Html {
  return html`<p class="check"><input id="remember" type="checkbox"><label for="remember">Remember this browser for ${days === 1 ? 'one day' : `${days} days`}</label></p>`;
}

function barredPage(site: PageSite, { username, place, barred }: PromptState): Html {
  const [title, text] =
    barred === 'locked'
      ? ['Your account is locked out', 'There were too many failed attempts. Ask your administrator to unlock it.']
      : ['Your account is disabled', 'Ask your administrator.'];
  return page(site, {
    title,
    body: html`<section class="card" id="barred" data-reason="${barred ?? ''}">
<h1>${title}</h1>
<p class="as">Signing in to <b>${place}</b> as <b>${username}</b></p>
<p>${text}</p>
</section>`,
  });
}
