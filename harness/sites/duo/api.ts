import { type Context, Hono } from 'hono';
import { authenticationOptions, finishAuthentication } from './authentication.ts';
import { currentSession, endSession, ensureSession, renewSession, requireSession } from './cookies.ts';
import { parseAuthenticationResponse, parseJsonObject, parseRegistrationResponse, parseUsername } from './json.ts';
import { finishRegistration, registrationOptions } from './registration.ts';
import { type Site, SiteError } from './site.ts';
import type { StoredKey } from './store.ts';

/** An enrolled key as the API shows it: all but the public key. Times are ISO 8601. */
export interface KeyJSON {
  id: string;
  name: string;
  aaguid: string;
  attestationFormat: string;
  transports: string[];
  signCount: number;
  userVerified: boolean;
  createdAt: string;
  lastUsedAt: string | null;
}

/** Answer of `POST /api/registration`. */
export interface RegistrationResultJSON {
  verified: true;
  username: string;
  key: KeyJSON;
  keyCount: number;
}

/** Answer of `POST /api/authentication`. */
export interface AuthenticationResultJSON {
  verified: true;
  username: string;
  credentialId: string;
  userVerified: boolean;
  signCount: number;
}

/** Answer of `GET /api/account`. */
export interface AccountJSON {
  username: string;
  keys: KeyJSON[];
}

/** Answer to every refusal. */
export interface ErrorJSON {
  error: { code: string; message: string };
}

/** The JSON face of the site, mounted at /api: what its pages use, and headless clients too. */
export function apiRoutes(site: Site): Hono {
  const api = new Hono();

  api.post('/registration/options', async (c) => {
    const username = parseUsername(await readJson(c));
    return c.json(await registrationOptions(site, ensureSession(site, c), username));
  });

  api.post('/registration', async (c) => {
    const body = await readJson(c);
    const session = requireSession(site, c);
    const key = await finishRegistration(site, session, parseRegistrationResponse(body));
    const { signedInAs } = session;
    const renewed = renewSession(site, c, session);
    renewed.signedInAs = signedInAs;
    renewed.allowEnrolment(key.username);
    const keyCount = (await site.store.keysOf(key.username)).length;
    const result: RegistrationResultJSON = { verified: true, username: key.username, key: keyJSON(key), keyCount };
    return c.json(result);
  });

  api.post('/authentication/options', async (c) => {
    const username = parseUsername(await readJson(c));
    return c.json(await authenticationOptions(site, ensureSession(site, c), username));
  });

  api.post('/authentication', async (c) => {
    const body = await readJson(c);
    const session = requireSession(site, c);
    const signIn = await finishAuthentication(site, session, parseAuthenticationResponse(body));
    renewSession(site, c, session).signedInAs = signIn.username;
    const result: AuthenticationResultJSON = { verified: true, ...signIn };
    return c.json(result);
  });

  api.get('/account', async (c) => {
    const username = currentSession(site, c)?.signedInAs;
    if (username === undefined) throw new SiteError(401, 'not_signed_in', 'Nobody is signed in in this session.');
    const keys = await site.store.keysOf(username);
    const result: AccountJSON = { username, keys: keys.map(keyJSON) };
    return c.json(result);
  });

  api.post('/sign-out', (c) => {
    const session = currentSession(site, c);
    if (session !== undefined) endSession(site, c, session);
    return c.json({ signedOut: true });
  });

  return api;
}

async function readJson(c: Context): Promise<Record<string, unknown>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new SiteError(415, 'not_json', `Content-Type must be application/json, not ${JSON.stringify(type)}.`);
  }
  return parseJsonObject(await c.req.text());
}

function keyJSON(key: StoredKey): KeyJSON {
  return {
    id: key.id,
    name: key.name,
    aaguid: key.aaguid,
    attestationFormat: key.attestationFormat,
    transports: [...key.transports],
    signCount: key.signCount,
    userVerified: key.userVerified,
    createdAt: new Date(key.createdAt).toISOString(),
    lastUsedAt: key.lastUsedAt === undefined ? null : new Date(key.lastUsedAt).toISOString(),
  };
}
