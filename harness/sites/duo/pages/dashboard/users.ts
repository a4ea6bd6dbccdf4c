import { html } from 'hono/html';
import type { AuthenticationRecord } from '../../domain/authentication-log.ts';
import type { Group } from '../../domain/groups.ts';
import { type HardwareToken, tokenName } from '../../domain/hardware-tokens.ts';
import type { AuthenticatorModel } from '../../domain/metadata.ts';
import { PASSWORD_LENGTH, USER_STATUSES, type User } from '../../domain/users.ts';
import type { WebAuthnCredential } from '../../domain/webauthn-credentials.ts';
import type { Html } from '../layout.ts';
import { confirmButton, csrfField, postButton, time } from '../parts.ts';
import { type DashboardFrame, dashboardPage, table } from './frame.ts';
import { authenticationTable } from './overview.ts';

export function usersPage(
  frame: DashboardFrame,
  users: readonly User[],
  { search, total }: { search: string; total: number },
): Html {
  return dashboardPage(
    frame,
    'users',
    'Users',
    html`<section class="card">
<form class="inline search" method="get" action="/dashboard/users" role="search">
  <label class="visually-hidden" for="search">Search users</label>
  <input id="search" name="search" type="search" value="${search}" placeholder="Name or address">
  <button class="secondary" type="submit">Search</button></form>
${table(
  'Users',
  ['Username', 'Name', 'E-mail', 'Status', 'Last login'],
  users.map((user) => [
    html`<a href="/dashboard/users/${user.userId}">${user.username}</a>`,
    user.realName,
    user.email,
    statusOf(user),
    user.lastLoginAt === undefined ? 'never' : time(user.lastLoginAt),
  ]),
  search === '' ? 'There are no users yet.' : 'Nobody is found by that.',
)}
<p class="after">${users.length < total ? `${users.length} of ${total} users.` : ''}</p></section>
<section class="card"><h2>Add a user</h2>
<form class="fields" method="post" action="/dashboard/users">${csrfField(frame.csrf)}
  <p><label for="username">Username</label><input id="username" name="username" maxlength="100" autocapitalize="none" required></p>
  <p><label for="realName">Full name</label><input id="realName" name="realName" maxlength="200"></p>
  <p><label for="email">E-mail address</label><input id="email" name="email" type="email"></p>
  <p><button id="add-user" type="submit">Add user</button></p></form></section>`,
  );
}

function statusOf(user: User): Html | string {
  return user.lockedAt === undefined ? user.status : html`<b class="bad">locked out</b>`;
}

export interface UserSettings {
  readonly user: User;
  readonly credentials: readonly WebAuthnCredential[];
  readonly models: readonly AuthenticatorModel[];
  readonly tokens: readonly HardwareToken[];
  readonly freeTokens: readonly HardwareToken[];
  readonly groups: readonly Group[];
  readonly memberOf: readonly Group[];
  readonly remembered: number;
  readonly log: readonly AuthenticationRecord[];
}

/** User Settings: where the guide's Send Email with Device Enrollment is. */
export function userPage(frame: DashboardFrame, settings: UserSettings): Html {
  const { user, remembered, log } = settings;
  const path = `/dashboard/users/${user.userId}`;
  return dashboardPage(
    frame,
    'users',
    `User Settings: ${user.username}`,
    html`<section class="card">
<div class="row spread"><p>${user.userId} · added ${time(user.createdAt)} · ${statusOf(user)}</p>
${user.lockedAt === undefined ? '' : postButton(frame.csrf, `${path}/unlock`, 'Unlock account', 'secondary', 'unlock')}</div>
<form class="fields" method="post" action="${path}">${csrfField(frame.csrf)}
  <p><label for="realName">Full name</label><input id="realName" name="realName" maxlength="200" value="${user.realName}"></p>
  <p><label for="email">E-mail address</label><input id="email" name="email" type="email" value="${user.email}"></p>
  <p><label for="status">Status</label><select id="status" name="status">${USER_STATUSES.map(
    (status) =>
      html`<option value="${status}" ${status === user.status ? 'selected' : ''}>${STATUS_WORDS[status]}</option>`,
  )}</select></p>
  <p><button id="save" type="submit">Save changes</button></p></form></section>
<section class="card"><h2>Enrollment</h2>
<p>${user.email === '' ? 'Enter an e-mail address first.' : `An e-mail to ${user.email} with a link that works once.`}</p>
${user.email === '' ? '' : postButton(frame.csrf, `${path}/enrolment-mail`, 'Send Email with Device Enrollment', '', 'send-mail')}</section>
${passwordSection(frame, user, path)}
${credentialSection(frame, settings)}
${tokenSection(frame, settings, path)}
${groupSection(frame, settings, path)}
<section class="card"><h2>Remembered browsers</h2>
<p>${remembered === 0 ? 'No browser is remembered.' : `${remembered} remembered.`}</p>
${remembered === 0 ? '' : postButton(frame.csrf, `${path}/forget-browsers`, 'Forget all')}</section>
<section class="card"><h2>Authentications</h2>${authenticationTable(log)}</section>
<section class="card"><h2>Remove</h2>${confirmButton(frame.csrf, `${path}/delete`, 'Delete user', `${user.username} and all security keys of this account will be gone.`)}</section>`,
  );
}

const STATUS_WORDS = { active: 'Active', bypass: 'Bypass: no second factor', disabled: 'Disabled' } as const;

function passwordSection({ csrf }: DashboardFrame, { hasPassword }: User, path: string): Html {
  return html`<section class="card"><h2>Password</h2>
<p>${hasPassword ? 'A password is set.' : 'No password is set.'} Only logins over RADIUS ask for it: applications check passwords of their own.</p>
<form class="inline" method="post" action="${path}/password">${csrfField(csrf)}
<label for="password">New password</label><input id="password" name="password" type="password" autocomplete="new-password" minlength="${PASSWORD_LENGTH.minimum}" maxlength="${PASSWORD_LENGTH.maximum}" required>
<button id="set-password" class="secondary" type="submit">Set password</button></form></section>`;
}

function credentialSection({ csrf }: DashboardFrame, { credentials, models }: UserSettings): Html {
  return html`<section class="card"><h2>Security keys</h2>${table(
    'Security keys',
    ['Name', 'Model', 'Added', 'Last used', 'State', ''],
    credentials.map((credential) => {
      const path = `/dashboard/credentials/${credential.webauthnKey}`;
      const lost = credential.lostAt !== undefined;
      return [
        credential.name,
        models.find(({ aaguid }) => aaguid === credential.aaguid)?.description ?? credential.aaguid,
        time(credential.createdAt),
        credential.lastUsedAt === undefined ? 'never' : time(credential.lastUsedAt),
        lost ? html`<b class="bad">lost</b>` : 'good',
        html`<div class="row">${postButton(csrf, `${path}/${lost ? 'found' : 'lost'}`, lost ? 'Found again' : 'Report lost', 'quiet')}${confirmButton(csrf, `${path}/delete`, 'Remove', `“${credential.name}” will open nothing any more.`)}</div>`,
      ];
    }),
    'No security key is enrolled.',
  )}</section>`;
}

function tokenSection({ csrf }: DashboardFrame, { user, tokens, freeTokens }: UserSettings, path: string): Html {
  return html`<section class="card"><h2>Hardware tokens</h2>${table(
    'Hardware tokens',
    ['Token', 'Last used', ''],
    tokens.map((token) => [
      html`<a href="/dashboard/tokens/${token.tokenId}">${tokenName(token)}</a>`,
      token.lastUsedAt === undefined ? 'never' : time(token.lastUsedAt),
      html`<form class="inline" method="post" action="/dashboard/tokens/${token.tokenId}/unassign">${csrfField(csrf)}<input type="hidden" name="user" value="${user.userId}"><button class="quiet" type="submit">Take away</button></form>`,
    ]),
    'No token is assigned.',
  )}
${
  freeTokens.length === 0
    ? ''
    : html`<form class="inline" method="post" action="${path}/assign">${csrfField(csrf)}
<label for="token">Assign a token</label>
<select id="token" name="token">${freeTokens.map((token) => html`<option value="${token.tokenId}">${tokenName(token)}</option>`)}</select>
<button id="assign" class="secondary" type="submit">Assign</button></form>`
}</section>`;
}

function groupSection({ csrf }: DashboardFrame, { groups, memberOf }: UserSettings, path: string): Html {
  if (groups.length === 0)
    return html`<section class="card"><h2>Groups</h2><p class="empty">There are no groups yet.</p></section>`;
  return html`<section class="card"><h2>Groups</h2>
<form method="post" action="${path}/groups">${csrfField(csrf)}
<fieldset><legend class="visually-hidden">Member of</legend>${groups.map(
    ({ groupId, name }) =>
      html`<p class="check"><input id="group-${groupId}" type="checkbox" name="group" value="${groupId}" ${memberOf.some((group) => group.groupId === groupId) ? 'checked' : ''}><label for="group-${groupId}">${name}</label></p>`,
  )}</fieldset>
<p><button class="secondary" type="submit">Save groups</button></p></form></section>`;
}
