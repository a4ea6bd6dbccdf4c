import { type Context, Hono } from 'hono';
import { apiErrorOf } from '../api-signing/domain-errors.ts';
import { ApiError, invalidParameter, notFound } from '../api-signing/envelope.ts';
import type { SignedVariables } from '../api-signing/middleware.ts';
import { type SigningIntegration, signedBy } from '../api-signing/signed-app.ts';
import type { OutcomeJSON } from '../auth-api/authentication.ts';
import { authenticate } from '../auth-api/authentication.ts';
import { judgeAndInvite } from '../auth-api/judgement.ts';
import { newUuid } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { Expiring } from '../expiring.ts';
import { type BsonDocument, encodeBson } from './bson.ts';

const OUTCOME_LIFETIME_MS = 300_000;

type RestApp = Hono<{ Variables: SignedVariables<SigningIntegration> }>;

/**
 * The API of before the Auth API, mounted at /rest/v1, which pam_duo and login_duo call up to version 1: answers are
 * BSON, and requests are signed without a date. Only passcodes sign in.
 */
export function restApiRoutes(tenant: Tenant): RestApp {
  const routes: RestApp = new Hono();
  const outcomes = new Expiring<OutcomeJSON>(tenant.now);
  routes.use(signedBy(tenant, 'auth-api', { undated: true }));

  routes.post('/preauth.bson', async (c) => {
    const username = c.get('parameters').required('user');
    const { result, status_msg: status, enroll_portal_url: url } = await judgeAndInvite(tenant, username);
    if (result !== 'auth') return ok(c, { result, status: url === undefined ? status : `${status}: ${url}` });
    return ok(c, { result, prompt: `Duo login for ${username}\n\nPasscode: `, factors: {} });
  });

  routes.post('/auth.bson', async (c) => {
    const parameters = c.get('parameters');
    const username = parameters.required('user');
    // A passcode stands where the name of a factor could.
    if (parameters.required('factor') !== 'auto') throw invalidParameter('factor');
    const context = {
      integration: c.get('integration'),
      ip: parameters.text('ipaddr') ?? '',
      userAgent: c.req.header('user-agent') ?? '',
    };
    const outcome = await authenticate(tenant, { username }, parameters.required('auto'), context);
    if (parameters.text('async') !== '1') return ok(c, describe(outcome));
    const txid = newUuid(tenant);
    outcomes.add(`${c.get('integration').key} ${txid}`, outcome, tenant.now() + OUTCOME_LIFETIME_MS);
    return ok(c, { txid });
  });

  routes.get('/status.bson', (c) => {
    const outcome = outcomes.get(`${c.get('integration').key} ${c.get('parameters').required('txid')}`);
    if (outcome === undefined) throw invalidParameter('txid');
    return ok(c, describe(outcome));
  });

  routes.all('*', () => {
    throw notFound();
  });
  routes.onError((thrown, c) => {
    const error = apiErrorOf(thrown);
    if (!(error instanceof ApiError)) throw error;
    return send(c, { ...error.toJSON() }, error.status);
  });
  return routes;
}

const describe = ({ result, status_msg }: OutcomeJSON): BsonDocument => ({ result, status: status_msg });

const ok = (c: Context, response: BsonDocument): Response => send(c, { stat: 'OK', response });

function send(c: Context, document: BsonDocument, status: ApiError['status'] = 200): Response {
  return c.body(new Uint8Array(encodeBson(document)), status, { 'content-type': 'application/bson' });
}
