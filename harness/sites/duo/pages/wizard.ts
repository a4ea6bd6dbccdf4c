import { html } from 'hono/html';
import type { DeviceKind } from '../domain/credential-registration.ts';
import { done, useKey } from './enrolment-steps.ts';
import { chevron, device, usbKey } from './icons.ts';
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
${useKey({ thing: html`<span id="kind-name">security key</span>`, waiting: 'device' })}
${done({ title: 'Success! Device added', finish: state.finish })}
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
