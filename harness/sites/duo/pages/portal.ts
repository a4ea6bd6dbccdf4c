import { html } from 'hono/html';
import { type HardwareToken, TOKEN_TYPE_NAMES } from '../domain/hardware-tokens.ts';
import type { AuthenticatorModel } from '../domain/metadata.ts';
import type { WebAuthnCredential } from '../domain/webauthn-credentials.ts';
import type { Notice } from '../web/sessions.ts';
import { device, keypad, usbKey } from './icons.ts';
import { type Html, type PageSite, page } from './layout.ts';
import { csrfField, noticeBox, time } from './parts.ts';

interface PortalState {
  readonly username: string;
  readonly csrf: string;
  readonly credentials: readonly WebAuthnCredential[];
  readonly tokens: readonly HardwareToken[];
  readonly models: readonly AuthenticatorModel[];
  readonly mayAdd: boolean;
  readonly notice: Notice | undefined;
}

/** The user's devices, each to rename or remove. */
export function portalPage(site: PageSite, state: PortalState): Html {
  const { username, csrf, credentials, tokens, mayAdd, notice } = state;
  return page(site, {
    title: 'Your devices',
    username,
    csrf,
    wide: true,
    body: html`<div class="heading">
<div><h1>Your devices</h1>
<p>${credentials.length + tokens.length === 1 ? 'Add a second device, so that losing this one does not lock you out.' : 'Any one of these opens your account.'}</p></div>
${mayAdd ? html`<a id="add-device" class="button" href="/enroll">Add a device</a>` : ''}
</div>
${noticeBox(notice)}
<ul id="devices" class="keys">
${credentials.map((credential) => credentialItem(credential, state))}
${tokens.map(tokenItem)}
</ul>
${credentials.length + tokens.length === 0 ? html`<p id="no-devices" class="empty">You have no device yet.</p>` : ''}`,
  });
}

function credentialItem(credential: WebAuthnCredential, { csrf, models }: PortalState): Html {
  const { webauthnKey, name, platform, createdAt, lastUsedAt, lostAt, aaguid } = credential;
  const model = models.find((known) => known.aaguid === aaguid);
  const path = `/portal/devices/${webauthnKey}`;
  return html`<li class="card key" data-device="${webauthnKey}">
<div class="key-head">${platform ? device : usbKey}<div><h2 class="key-name">${name}</h2>
<p>${model === undefined ? (platform ? 'Platform authenticator' : 'Security key') : model.description}${lostAt === undefined ? '' : html` · <b class="bad">Reported lost</b>`}</p>
<p><span class="nowrap">Added ${time(createdAt)} ·</span> <span class="nowrap">${lastUsedAt === undefined ? 'not used yet' : html`last used ${time(lastUsedAt)}`}</span></p></div></div>
<div class="row">
<form class="inline" method="post" action="${path}/rename">${csrfField(csrf)}
  <label class="visually-hidden" for="name-${webauthnKey}">New name for ${name}</label>
  <input id="name-${webauthnKey}" name="name" maxlength="60" required value="${name}">
  <button class="secondary" type="submit">Rename</button></form>
<details class="confirm"><summary>Remove</summary>
  <form method="post" action="${path}/remove">${csrfField(csrf)}
  <p>“${name}” will not open your account any more.</p>
  <button class="danger" type="submit">Remove ${name}</button></form></details>
</div>
</li>`;
}

function tokenItem({ tokenId, type, serial, lastUsedAt, lostAt }: HardwareToken): Html {
  return html`<li class="card key" data-device="${tokenId}">
<div class="key-head">${keypad}<div><h2 class="key-name">${TOKEN_TYPE_NAMES[type]} token</h2>
<p>Serial number ${serial}${lostAt === undefined ? '' : html` · <b class="bad">Reported lost</b>`}</p>
<p>${lastUsedAt === undefined ? 'Not used yet' : html`Last used ${time(lastUsedAt)}`} · managed by your administrator</p></div></div>
</li>`;
}
