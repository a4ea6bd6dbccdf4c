import { html } from 'hono/html';
import type { Site } from '../site.ts';
import type { StoredKey } from '../store.ts';
import { usbKey } from './icons.ts';
import { type Html, page } from './layout.ts';

// What a browser puts in place of the AAGUID when attestation is "none".
const NO_AAGUID = '00000000-0000-0000-0000-000000000000';

/** The signed-in page: the account's keys. */
export function accountPage(site: Site, username: string, keys: readonly StoredKey[]): Html {
  return page(site, {
    title: 'Your security keys',
    username,
    wide: true,
    body: html`<div class="heading">
<div><h1>Your security keys</h1>
<p>${keys.length === 1 ? 'One key opens this account.' : `${keys.length} keys open this account.`}
${keys.length === 1 ? 'Add a second one, so that losing it does not lock you out.' : ''}</p></div>
<a id="add-key" class="button" href="/enroll">Add a security key</a>
</div>
<ul id="keys" class="keys">${keys.map(keyItem)}</ul>`,
  });
}

function keyItem(key: StoredKey): Html {
  return html`<li class="card key" data-credential-id="${key.id}">
<div class="key-head">${usbKey}<div><h2 class="key-name">${key.name}</h2>
<p><span class="nowrap">Added ${time(key.createdAt)} ·</span> <span class="nowrap">${key.lastUsedAt === undefined ? 'Not used yet' : html`Last used ${time(key.lastUsedAt)}`}</span></p></div></div>
<dl>
  <div><dt>Model (AAGUID)</dt><dd class="mono">${key.aaguid === NO_AAGUID ? 'Not disclosed' : key.aaguid}</dd></div>
  <div><dt>Transports</dt><dd>${key.transports.length === 0 ? 'Not reported' : key.transports.join(', ')}</dd></div>
  <div><dt>Attestation</dt><dd>${key.attestationFormat}</dd></div>
  <div><dt>Signature counter</dt><dd class="sign-count">${key.signCount}</dd></div>
  <div><dt>PIN or biometric when added</dt><dd>${key.userVerified ? 'Yes' : 'No'}</dd></div>
  <div><dt>Credential ID</dt><dd class="mono" title="${key.id}">${shorten(key.id)}</dd></div>
</dl>
</li>`;
}

function time(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function shorten(id: string): string {
  return id.length <= 24 ? id : `${id.slice(0, 12)}…${id.slice(-8)}`;
}
