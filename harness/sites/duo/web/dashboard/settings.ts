/** Policy, groups, applications and logs. */
import { Hono } from 'hono';
import { listActivities, listAuthentications } from '../../domain/authentication-log.ts';
import { DomainError } from '../../domain/error.ts';
import { createGroup, deleteGroup, getGroup, listGroups } from '../../domain/groups.ts';
import { countTokens } from '../../domain/hardware-tokens.ts';
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
  INTEGRATION_TYPES,
  integrationSecret,
  listIntegrations,
} from '../../domain/integrations.ts';
import { importMetadata, listModels } from '../../domain/metadata.ts';
import { changePolicy, DEFAULT_POLICY, readPolicy } from '../../domain/policy.ts';
import { countUsers } from '../../domain/users.ts';
import { countCredentials } from '../../domain/webauthn-credentials.ts';
import { applicationsPage, groupsPage } from '../../pages/dashboard/applications.ts';
import { logPage, overviewPage } from '../../pages/dashboard/overview.ts';
import { policyPage } from '../../pages/dashboard/policy.ts';
import type { Web } from '../web.ts';
import { change, idOf, show } from './guard.ts';

export function settingsRoutes(web: Web): Hono {
  const { tenant } = web;
  const routes = new Hono();

  routes.get('/', (c) =>
    show(web, c, (frame) => {
      const counts = {
        users: countUsers(tenant),
        credentials: countCredentials(tenant),
        tokens: countTokens(tenant),
        applications: listIntegrations(tenant).length,
      };
      return overviewPage(frame, counts, listAuthentications(tenant, { limit: 10 }));
    }),
  );

  routes.get('/log', (c) =>
    show(web, c, (frame) =>
      logPage(frame, listAuthentications(tenant, { limit: 200 }), listActivities(tenant, { limit: 200 })),
    ),
  );

  routes.get('/policy', (c) => show(web, c, (frame) => policyPage(frame, readPolicy(tenant), listModels(tenant))));

  routes.post('/policy', (c) =>
    change(web, c, '/dashboard/policy', async (form) => {
      const before = readPolicy(tenant);
      const after = await changePolicy(tenant, policyOf(form));
      const changed = Object.keys(after).filter(
        (name) =>
          JSON.stringify(after[name as keyof typeof after]) !== JSON.stringify(before[name as keyof typeof before]),
      );
      return { text: 'Policy saved.', action: 'policy_update', object: 'policy', detail: changed.join(', ') };
    }),
  );

  routes.post('/metadata', (c) =>
    change(web, c, '/dashboard/policy', async (form) => {
      const models = await importMetadata(tenant, form.get('blob') ?? '', form.get('root') ?? '');
      const text = `${models.length} models are known now.`;
      return { text, action: 'metadata_import', object: 'metadata', detail: `${models.length} models` };
    }),
  );

  routes.get('/groups', (c) => show(web, c, (frame) => groupsPage(frame, listGroups(tenant))));

  routes.post('/groups', (c) =>
    change(web, c, '/dashboard/groups', async (form) => {
      const group = await createGroup(tenant, {
        name: form.get('name') ?? '',
        description: form.get('description') ?? '',
      });
      return { text: `${group.name} was added.`, action: 'group_create', object: group.name };
    }),
  );

  routes.post('/groups/:id/delete', (c) =>
    change(web, c, '/dashboard/groups', async () => {
      const { groupId, name } = getGroup(tenant, idOf(c));
      await deleteGroup(tenant, groupId);
      return { text: `${name} was deleted.`, action: 'group_delete', object: name };
    }),
  );

  routes.get('/applications', (c) =>
    show(web, c, (frame) => {
      const applications = listIntegrations(tenant).map((integration) => ({
        integration,
        secret: integrationSecret(tenant, integration.integrationKey),
      }));
      return applicationsPage(frame, tenant.host, applications);
    }),
  );

  routes.post('/applications', (c) =>
    change(web, c, '/dashboard/applications', async (form) => {
      const type = INTEGRATION_TYPES.find((known) => known === form.get('type'));
      if (type === undefined) throw new DomainError('malformed', 'Choose a type of application.', 'type');
      const redirectUris = (form.get('redirectUris') ?? '').split(/\s+/).filter((uri) => uri !== '');
      const { name, integrationKey } = await createIntegration(tenant, {
        type,
        name: form.get('name') ?? '',
        redirectUris,
      });
      return { text: `${name} is protected now.`, action: 'integration_create', object: integrationKey, detail: name };
    }),
  );

  routes.post('/applications/:id/delete', (c) =>
    change(web, c, '/dashboard/applications', async () => {
      const { integrationKey, name } = getIntegration(tenant, idOf(c));
      await deleteIntegration(tenant, integrationKey);
      return { text: `${name} was removed.`, action: 'integration_delete', object: integrationKey, detail: name };
    }),
  );

  return routes;
}

/** The policy's members as a form sends them: an absent check box is off, lists are one item a line. */
function policyOf(form: URLSearchParams): Record<string, unknown> {
  const members = Object.entries(DEFAULT_POLICY).map(([name, initial]) => {
    const text = form.get(name);
    if (typeof initial === 'boolean') return [name, text !== null];
    if (typeof initial === 'number') return [name, text === null || text.trim() === '' ? text : Number(text)];
    if (Array.isArray(initial)) return [name, (text ?? '').split(/[\s,]+/).filter((item) => item !== '')];
    return [name, text];
  });
  return Object.fromEntries(members) as Record<string, unknown>;
}
