import { groupsOfUser } from '../domain/groups.ts';
import { findIntegration, integrationSecret } from '../domain/integrations.ts';
import type { PromptResult, PromptTransactions } from '../domain/prompt-transactions.ts';
import type { Tenant } from '../domain/tenant.ts';
import { findUserById } from '../domain/users.ts';
import type { Authentication } from './client.ts';
import { OauthEndpoints } from './endpoints.ts';

/** The endpoints of the Universal Prompt for the applications and the prompt of a tenant. */
export function createOauthEndpoints(tenant: Tenant, prompts: PromptTransactions): OauthEndpoints {
  const endpoints = new OauthEndpoints({
    origin: tenant.origin,
    now: tenant.now,
    findClient: (key) => {
      const integration = findIntegration(tenant, key);
      if (integration?.type !== 'web') return undefined;
      const { name, redirectUris } = integration;
      return { key, secret: integrationSecret(tenant, key), name, redirectUris };
    },
    beginPrompt: async (client, authorization) => {
      const integration = findIntegration(tenant, client.key);
      if (integration === undefined) throw new Error(`expected an application of the key ${client.key}, got none`);
      const { username, redirectUri } = authorization;
      const { path } = prompts.begin({
        ...{ username, integration, redirectUri },
        complete: async (result) =>
          result.accepted
            ? endpoints.complete(authorization, authenticationOf(tenant, result))
            : endpoints.deny(authorization, result.message),
      });
      return `${tenant.origin}${path}`;
    },
  });
  return endpoints;
}

function authenticationOf(tenant: Tenant, result: PromptResult & { readonly accepted: true }): Authentication {
  const { txid, at, userId, factor, reason, deviceName, ip, userAgent } = result;
  const user = findUserById(tenant, userId);
  return {
    ...{ txid, at, factor, reason, deviceName, ip, userAgent },
    userKey: userId,
    email: user?.email === '' ? undefined : user?.email,
    groups: groupsOfUser(tenant, userId).map(({ name }) => name),
  };
}
