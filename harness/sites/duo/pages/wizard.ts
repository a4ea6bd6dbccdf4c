import { html } from 'hono/html';
import type { DeviceKind } from '../domain/credential-registration.ts';
import { chevron, device, tick, touchPicture, usbKey } from './icons.ts';
import { type Html, messages, type PageSite, page } from './layout.ts';

interface WizardState {
  readonly username: string;
  /** Of the link that led here. */
  readonly code: string | undefined;
  /** What policy lets people choose; others do not show. */
  readonly kinds: readonly DeviceKind[];
  readonly hasDevices: boolean;
  /** Where Finish leads. */
  readonly finish: string;
  readonly signedIn?: { readonly csrf: string };
}

/** The enrolment steps in the guide's order and words; browser/wizard.ts shows one at a time. */
export function wizardPage(site: PageSite, state: WizardState): Html {
  const { username, code, signedIn } = state;
  return page(site, {
    title: 'Add a device',
    script: 'wizard',
    ...(signedIn === undefined ? {} : { username, csrf: signedIn.csrf }),
    body: html`<section class="card" id="wizard" data-code="${code ?? ''}">
<ol class="steps" aria-label="Progress">
  <li data-progress="welcome" aria-current="step">Introduction</li>
  <li data-progress="method">Method</li>
  <li data-progress="key">Device</li>
  <li data-progress="done">Done</li>
</ol>
${messages()}
${welcome(state)}
${method(state.kinds)}
${useKey()}
${done(state.finish)}
</section>`,
  });
}

function welcome({ username, hasDevices }: WizardState): Html {
  return html`<div data-step="welcome">
<h1 tabindex="-1">${hasDevices ? 'Add another device' : 'Let’s set up your account'}</h1>
<p class="as">Account <b id="account">${username}</b></p>
<p>${
    hasDevices
      ? 'A second device keeps you working when the first is lost. You need the new one at hand.'
      : 'A security key protects your account even if someone learns your password. It takes about a minute, and you need the key at hand.'
  }</p>
<p class="actions"><button id="get-started" type="button">Get Started</button></p>
</div>`;
}

function method(kinds: readonly DeviceKind[]): Html {
  return html`<div data-step="method" hidden>
<h1 tabindex="-1">Select an option</h1>
<p>Choose how you want to prove that it is you.</p>
${
  kinds.length === 0
    ? html`<p id="no-methods">Your organisation has switched off every kind of device that you could add here. Ask your administrator.</p>`
    : html`<ul class="choices">${kinds.map(choice)}</ul>`
}
<p class="actions"><button class="quiet" type="button" data-back="welcome">Back</button></p>
</div>`;
}

function choice(kind: DeviceKind): Html {
  const [icon, title, hint] =
    kind === 'platform'
      ? [device, 'This device', 'Windows Hello, Touch ID or a screen lock']
      : [usbKey, 'Security Key', 'Touch a FIDO2 key on USB or NFC'];
  return html`<li><button class="choice" type="button" data-kind="${kind}">
    ${icon}<span><b>${title}</b><small>${hint}</small></span>${chevron}
  </button></li>`;
}

function useKey(): Html {
  return html`<div data-step="key" hidden>
<h1 tabindex="-1">Continue to add your <span id="kind-name">security key</span></h1>
${touchPicture}
<div id="ready">
  <p>Your browser will open a prompt. Insert your key, then touch it when it blinks. If the key has a PIN, you may be asked for it.</p>
  <p class="actions"><button id="continue" type="button">Continue</button>
  <button id="back" class="quiet" type="button" data-back="method">Back</button></p>
</div>
<div id="waiting" hidden>
  <p class="waiting">Waiting for your device. Touch it when it blinks.</p>
  <p class="actions"><button id="cancel" class="secondary" type="button">Cancel</button></p>
</div>
</div>`;
}

function done(finish: string): Html {
  return html`<div data-step="done" hidden>
<div class="badge">${tick}</div>
<h1 id="success" tabindex="-1">Success! Device added</h1>
<p id="success-text"></p>
<p class="actions"><a id="finish" class="button" href="${finish}">Finish</a>
<button id="add-another" class="secondary" type="button">Add another</button></p>
</div>`;
}
