import { html } from 'hono/html';
import type { Group } from '../../domain/groups.ts';
import { INTEGRATION_TYPES, type Integration, type IntegrationType } from '../../domain/integrations.ts';
import type { Html } from '../layout.ts';
import { confirmButton, csrfField } from '../parts.ts';
import { type DashboardFrame, dashboardPage, table } from './frame.ts';

const TYPE_NAMES: Readonly<Record<IntegrationType, string>> = {
  web: 'Web SDK (Universal Prompt, OIDC)',
  'auth-api': 'Auth API',
  'admin-api': 'Admin API',
  radius: 'RADIUS',
};

export function applicationsPage(
  frame: DashboardFrame,
  host: string,
  applications: readonly { readonly integration: Integration; readonly secret: string }[],
): Html {
  return dashboardPage(
    frame,
    'applications',
    'Applications',
    html`${applications.map(
      ({ integration, secret }) => html`<section class="card"><h2>${integration.name}</h2>
<dl class="facts"><div><dt>Type</dt><dd>${TYPE_NAMES[integration.type]}</dd></div>
<div><dt>Client ID / integration key</dt><dd class="mono">${integration.integrationKey}</dd></div>
<div><dt>API hostname</dt><dd class="mono">${host}</dd></div>
<div><dt>Client secret / secret key</dt><dd><details><summary>Show</summary><span class="mono">${secret}</span></details></dd></div>
${integration.redirectUris.length === 0 ? '' : html`<div><dt>Redirect URIs</dt><dd class="mono">${integration.redirectUris.join(' ')}</dd></div>`}</dl>
${confirmButton(frame.csrf, `/dashboard/applications/${integration.integrationKey}/delete`, 'Remove', `${integration.name} will not be able to ask for a second factor any more.`)}</section>`,
    )}
${applications.length === 0 ? html`<p class="empty">No application is protected yet.</p>` : ''}
<section class="card"><h2>Protect an application</h2>
<form class="fields" method="post" action="/dashboard/applications">${csrfField(frame.csrf)}
<p><label for="name">Name</label><input id="name" name="name" maxlength="100" required></p>
<p><label for="type">Type</label><select id="type" name="type">${INTEGRATION_TYPES.map((type) => html`<option value="${type}">${TYPE_NAMES[type]}</option>`)}</select></p>
<p><label for="redirectUris">Redirect URIs</label><input id="redirectUris" name="redirectUris" aria-describedby="redirect-hint"><span id="redirect-hint" class="hint">For the Web SDK; separated by spaces. Empty allows any, as Duo does.</span></p>
<p><button id="protect" type="submit">Protect application</button></p></form></section>`,
  );
}

export function groupsPage(frame: DashboardFrame, groups: readonly Group[]): Html {
  return dashboardPage(
    frame,
    'groups',
    'Groups',
    html`<section class="card">${table(
      'Groups',
      ['Name', 'Description', 'Members', ''],
      groups.map(({ groupId, name, description, memberCount }) => [
        name,
        description,
        String(memberCount),
        confirmButton(
          frame.csrf,
          `/dashboard/groups/${groupId}/delete`,
          'Delete',
          `The group ${name} will be gone; its members stay.`,
        ),
      ]),
      'There are no groups yet.',
    )}</section>
<section class="card"><h2>Add a group</h2>
<form class="fields" method="post" action="/dashboard/groups">${csrfField(frame.csrf)}
<p><label for="name">Name</label><input id="name" name="name" maxlength="100" required></p>
<p><label for="description">Description</label><input id="description" name="description" maxlength="200"></p>
<p><button id="add-group" type="submit">Add group</button></p></form></section>`,
  );
}
