import { html } from 'hono/html';
import { type HardwareToken, TOKEN_TYPE_NAMES, TOKEN_TYPES, tokenName } from '../../domain/hardware-tokens.ts';
import { IMPORT_COLUMNS } from '../../domain/token-import.ts';
import type { User } from '../../domain/users.ts';
import type { Html } from '../layout.ts';
import { confirmButton, csrfField, postButton, time } from '../parts.ts';
import { type DashboardFrame, dashboardPage, table } from './frame.ts';

export interface TokenLine {
  readonly token: HardwareToken;
  readonly users: readonly User[];
}

export function tokensPage(frame: DashboardFrame, lines: readonly TokenLine[], total: number): Html {
  return dashboardPage(
    frame,
    'tokens',
    'Hardware tokens',
    html`<section class="card">${table(
      'Hardware tokens',
      ['Serial number', 'Type', 'Assigned to', 'Last used', 'State'],
      lines.map(({ token, users }) => [
        html`<a href="/dashboard/tokens/${token.tokenId}">${token.serial}</a>`,
        TOKEN_TYPE_NAMES[token.type],
        users.length === 0 ? 'nobody' : users.map(({ username }) => username).join(', '),
        token.lastUsedAt === undefined ? 'never' : time(token.lastUsedAt),
        token.lostAt === undefined ? 'good' : html`<b class="bad">lost</b>`,
      ]),
      'No token was imported yet.',
    )}<p class="after">${lines.length < total ? `${lines.length} of ${total} tokens.` : ''}</p></section>
<section class="card"><h2>Import hardware tokens</h2>
<form method="post" action="/dashboard/tokens">${csrfField(frame.csrf)}
<p class="field"><label for="type">Token type</label><select id="type" name="type">${TOKEN_TYPES.map((type) => html`<option value="${type}">${TOKEN_TYPE_NAMES[type]}</option>`)}</select></p>
<p class="field"><label for="csv">CSV token data</label><textarea id="csv" name="csv" rows="5" required spellcheck="false" autocomplete="off" aria-describedby="csv-hint"></textarea></p>
<div id="csv-hint" class="hint"><p>One token a line. Secrets are hexadecimal.</p>
<ul>${TOKEN_TYPES.map((type) => html`<li>${TOKEN_TYPE_NAMES[type]}: ${IMPORT_COLUMNS[type]}</li>`)}</ul></div>
<p class="actions"><button id="import" type="submit">Import tokens</button></p></form></section>`,
  );
}

export function tokenPage(frame: DashboardFrame, { token, users }: TokenLine): Html {
  const path = `/dashboard/tokens/${token.tokenId}`;
  const lost = token.lostAt !== undefined;
  return dashboardPage(
    frame,
    'tokens',
    tokenName(token),
    html`<section class="card"><p>${token.tokenId} · ${TOKEN_TYPE_NAMES[token.type]}${token.totpStep === undefined ? '' : ` · a code every ${token.totpStep} seconds`} · last used ${token.lastUsedAt === undefined ? 'never' : time(token.lastUsedAt)}</p>
<div class="row">${postButton(frame.csrf, `${path}/${lost ? 'found' : 'lost'}`, lost ? 'Found again' : 'Report lost')}${confirmButton(frame.csrf, `${path}/delete`, 'Delete token', 'Its passcodes will open nothing any more.')}</div></section>
<section class="card"><h2>Assigned to</h2>${table(
      'Assigned to',
      ['User', ''],
      users.map(({ userId, username }) => [
        html`<a href="/dashboard/users/${userId}">${username}</a>`,
        html`<form class="inline" method="post" action="${path}/unassign">${csrfField(frame.csrf)}<input type="hidden" name="user" value="${userId}"><button class="quiet" type="submit">Take away</button></form>`,
      ]),
      'Nobody.',
    )}
<form class="inline" method="post" action="${path}/assign">${csrfField(frame.csrf)}
<label for="username">Username</label><input id="username" name="username" maxlength="100" autocapitalize="none" required>
<button id="assign" class="secondary" type="submit">Assign</button></form></section>
${token.type.startsWith('h') ? resync(frame, path) : ''}
${token.type.startsWith('t') ? html`<section class="card"><h2>Clock</h2><p>A TOTP token cannot be resynchronised here. Where its clock has drifted, set it with its own tool, as programmable tokens allow.</p></section>` : ''}`,
  );
}

function resync({ csrf }: DashboardFrame, path: string): Html {
  return html`<section class="card"><h2>Resync</h2>
<p>Press the token three times and enter the three codes in their order.</p>
<form class="fields" method="post" action="${path}/resync">${csrfField(csrf)}
${[1, 2, 3].map((index) => html`<p><label for="code${index}">Code ${index}</label><input id="code${index}" name="code${index}" inputmode="numeric" autocomplete="off" maxlength="8" required></p>`)}
<p><button id="resync" type="submit">Resync token</button></p></form></section>`;
}
