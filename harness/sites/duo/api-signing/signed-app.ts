import { Hono } from 'hono';
import { findIntegration, type Integration, type IntegrationType, integrationSecret } from '../domain/integrations.ts';
import type { Tenant } from '../domain/tenant.ts';
import { apiErrorOf } from './domain-errors.ts';
import { fail, notFound } from './envelope.ts';
import { requireSignature, type SignedVariables } from './middleware.ts';
import type { SigningKey } from './signature.ts';

/** The integration that signed a call. */
export type SigningIntegration = Integration & SigningKey;

export type SignedApp = Hono<{ Variables: SignedVariables<SigningIntegration> }>;

/** Routes that answer in Duo's envelope, refusals included. */
export function createSignedApp(): SignedApp {
  const app: SignedApp = new Hono();
  app.onError((error, c) => fail(c, apiErrorOf(error)));
  return app;
}

/** Answers what no route before it took: there is no such endpoint. */
export function refuseTheRest(app: SignedApp): void {
  app.all('*', (c) => fail(c, notFound()));
}

/** Lets in the calls that an integration of that type has signed. */
export function signedBy(tenant: Tenant, type: IntegrationType, { undated = false } = {}) {
  return requireSignature<SigningIntegration>({
    find: (key) => {
      const integration = findIntegration(tenant, key);
      return integration && { ...integration, key, secret: integrationSecret(tenant, key) };
    },
    allows: (integration) => integration.type === type,
    now: tenant.now,
    undated,
  });
}
