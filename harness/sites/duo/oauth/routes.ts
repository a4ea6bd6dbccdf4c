import { type Context, Hono } from 'hono';
import { AuthorizationRefused } from './authorize.ts';
import type { OauthEndpoints } from './endpoints.ts';
import { OauthError } from './error.ts';

/** Shows a refusal to the person in front of the browser, where it must not go to the application. */
export type ShowRefusal = (c: Context, message: string) => Response | Promise<Response>;

/** The endpoints of the Universal Prompt, mounted at /oauth/v1. */
export function oauthRoutes(endpoints: OauthEndpoints, now: () => number, showRefusal: ShowRefusal): Hono {
  const routes = new Hono();

  routes.post('/health_check', async (c) => {
    try {
      return c.json({ stat: 'OK', response: await endpoints.healthCheck(await readMembers(c)) });
    } catch (error) {
      if (!(error instanceof OauthError)) throw error;
      const failure = { stat: 'FAIL', code: 40002, message: error.code, message_detail: error.message };
      return c.json({ ...failure, timestamp: Math.floor(now() / 1000) }, 400);
    }
  });

  routes.on(['GET', 'POST'], '/authorize', async (c) => {
    try {
      return c.redirect(await endpoints.authorize(await readMembers(c)), 303);
    } catch (error) {
      if (error instanceof AuthorizationRefused) return c.redirect(error.location, 303);
      if (error instanceof OauthError) return showRefusal(c, error.message);
      throw error;
    }
  });

  routes.post('/token', async (c) => {
    try {
      return c.json(await endpoints.exchange(await readMembers(c)));
    } catch (error) {
      if (!(error instanceof OauthError)) throw error;
      return c.json({ error: error.code, error_description: error.message }, error.status);
    }
  });

  return routes;
}

/**
 * Parameters of the query and of a form alike: Node's SDK sends a form, Python's a query with POST.
 * @throws OauthError for one that comes twice (RFC 6749 §3.1)
 */
async function readMembers(c: Context): Promise<ReadonlyMap<string, string>> {
  const pairs = [...new URL(c.req.url).searchParams];
  const type = c.req.header('content-type') ?? '';
  if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    pairs.push(...new URLSearchParams(await c.req.text()));
  }
  const members = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (members.has(name)) throw new OauthError('invalid_request', `Repeated parameter: ${name}.`);
    members.set(name, value);
  }
  return members;
}
