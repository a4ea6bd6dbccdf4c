import { html } from 'hono/html';
import { MINIMUM_PASSWORD_LENGTH } from '../../domain/administrators.ts';
import type { Html } from '../layout.ts';
import { csrfField } from '../parts.ts';
import { type DashboardFrame, dashboardPage } from './frame.ts';

/** The administrator's own account. */
export function accountPage(frame: DashboardFrame): Html {
  return dashboardPage(
    frame,
    'account',
    'Your account',
    html`<section class="card"><h2>Change your password</h2>
<form class="fields" method="post" action="/dashboard/account/password">${csrfField(frame.csrf)}
<input class="visually-hidden" type="text" name="username" autocomplete="username" value="${frame.email}" readonly tabindex="-1" aria-hidden="true">
<p><label for="current">Current password</label><input id="current" name="current" type="password" autocomplete="current-password" required></p>
<p><label for="password">New password</label><input id="password" name="password" type="password" autocomplete="new-password" minlength="${MINIMUM_PASSWORD_LENGTH}" required aria-describedby="password-hint"></p>
<p><label for="repeated">New password, again</label><input id="repeated" name="repeated" type="password" autocomplete="new-password" minlength="${MINIMUM_PASSWORD_LENGTH}" required></p>
<p><button id="change-password" type="submit">Change password</button></p></form>
<p id="password-hint" class="hint">The new password has ${MINIMUM_PASSWORD_LENGTH} characters or more. Whoever else is signed in as you is signed out then.</p></section>`,
  );
}
