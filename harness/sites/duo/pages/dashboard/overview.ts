import { html } from 'hono/html';
import type { Activity, AuthenticationRecord } from '../../domain/authentication-log.ts';
import type { Html } from '../layout.ts';
import { time } from '../parts.ts';
import { type DashboardFrame, dashboardPage, table } from './frame.ts';

export interface Counts {
  readonly users: number;
  readonly credentials: number;
  readonly tokens: number;
  readonly applications: number;
}

export function overviewPage(frame: DashboardFrame, counts: Counts, latest: readonly AuthenticationRecord[]): Html {
  const tile = (href: string, count: number, label: string) =>
    html`<li><a class="card tile" href="${href}"><b>${count}</b><span>${label}</span></a></li>`;
  return dashboardPage(
    frame,
    'overview',
    'Overview',
    html`<ul class="tiles">
${tile('/dashboard/users', counts.users, 'Users')}
${tile('/dashboard/users', counts.credentials, 'Security keys')}
${tile('/dashboard/tokens', counts.tokens, 'Hardware tokens')}
${tile('/dashboard/applications', counts.applications, 'Applications')}
</ul>
<section class="card"><h2>Latest authentications</h2>${authenticationTable(latest)}
<p class="after"><a href="/dashboard/log">The whole log</a></p></section>`,
  );
}

export function logPage(
  frame: DashboardFrame,
  authentications: readonly AuthenticationRecord[],
  activities: readonly Activity[],
): Html {
  return dashboardPage(
    frame,
    'log',
    'Log',
    html`<section class="card"><h2>Authentications</h2>${authenticationTable(authentications)}</section>
<section class="card"><h2>Administration</h2>${table(
      'Administration',
      ['Time', 'Who', 'What', 'On', 'Detail'],
      activities.map(({ at, actor, action, object, detail }) => [time(at), actor, action, object, detail]),
      'Nothing was changed yet.',
    )}</section>`,
  );
}

/** Lines of the authentication log. */
export function authenticationTable(records: readonly AuthenticationRecord[]): Html {
  return table(
    'Authentications',
    ['Time', 'User', 'Application', 'Factor', 'Device', 'Result', 'Reason'],
    records.map((record) => [
      time(record.at),
      record.username,
      record.integrationName,
      words(record.factor),
      record.deviceName ?? '',
      html`<b class="${record.result === 'success' ? 'good' : 'bad'}">${record.result}</b>`,
      html`${words(record.reason)}${record.detail === '' ? '' : html`<small>${record.detail}</small>`}`,
    ]),
    'Nobody has signed in yet.',
  );
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
