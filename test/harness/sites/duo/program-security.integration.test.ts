/** What an attacker might try at the endpoints of programs, against the whole service. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../../../ctap/bytes.ts';
import { authApiRoutes } from '../../../../harness/sites/duo/auth-api/routes.ts';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { deleteIntegration, integrationSecret } from '../../../../harness/sites/duo/domain/integrations.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { updateUser } from '../../../../harness/sites/duo/domain/users.ts';
import { RadiusCode } from '../../../../harness/sites/duo/radius/packet.ts';
import { HttpBrowser, type Page } from './http-browser.ts';
import { RadiusClient } from './radius-client.ts';
import { code, type Keys, SEED, ServiceBench } from './sdk/service.ts';
import { SignedClient } from './signed-client.ts';

/** Passwords are hashed and programs start, on a machine that may be busy. */
const PATIENCE_MS = 60_000;

const PASSWORD = 'correct horse';
const CALLBACK = 'https://app.example/callback';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let bench: ServiceBench;
let app: Keys;
let auth: Keys;
let api: SignedClient;
let radius: RadiusClient;
let browser: HttpBrowser;
let origin: string;

beforeAll(async () => {
  bench = await ServiceBench.start();
  const { service } = bench;
  origin = service.url;
  app = await bench.integration('web');
  auth = await bench.integration('auth-api');
  const { tenant } = service;
  api = new SignedClient(
    new Hono().route('/auth/v2', authApiRoutes(tenant)),
    ...([auth.key, auth.secret, tenant.host, tenant.now] as const),
  );
  const { port, integration } = service.radius!;
  radius = new RadiusClient(port, integrationSecret(tenant, integration.integrationKey));
}, PATIENCE_MS);
afterAll(async () => {
  radius.close();
  await bench.close();
});
beforeEach(() => {
  browser = new HttpBrowser(bench.service.certificateAuthority);
});

const seconds = () => Math.floor(Date.now() / 1000);
const sign = (claims: Record<string, unknown>, { key, secret } = app) =>
  new SignJWT({ iss: key, exp: seconds() + 300, ...claims })
    .setProtectedHeader({ alg: 'HS512' })
    .sign(Buffer.from(secret));

async function authorize(username: string, client = app): Promise<Page> {
  const claims = {
    aud: origin,
    client_id: client.key,
    redirect_uri: CALLBACK,
    state: 's'.repeat(30),
    duo_uname: username,
  };
  const request = await sign({ ...claims, response_type: 'code', scope: 'openid' }, client);
  const query = new URLSearchParams({ response_type: 'code', client_id: client.key, request });
  return browser.open(`${origin}/oauth/v1/authorize?${query}`);
}

let jti = 0;
async function exchange(duoCode: string, client = app): Promise<Page> {
  const claims = { sub: client.key, aud: `${origin}/oauth/v1/token`, jti: String(jti++).padStart(36, '0') };
  const form = new URLSearchParams({
    ...{ grant_type: 'authorization_code', code: duoCode, redirect_uri: CALLBACK, client_id: client.key },
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await sign(claims, client),
  });
  return browser.open(`${origin}/oauth/v1/token`, { method: 'POST', body: String(form), headers: FORM });
}

async function signIn(username: string, counter: number, client = app): Promise<string> {
  const prompt = await authorize(username, client);
  const answer = await browser.post(`${prompt.url}/passcode`, { passcode: code(counter) });
  const { url } = JSON.parse(answer.body) as { url: string };
  return new URL(url).searchParams.get('duo_code')!;
}

describe('one passcode at every door at once', () => {
  it('opens one of them', async () => {
    const user = await bench.userWithToken('ann');
    await updateUser(bench.service.tenant, user.userId, { password: PASSWORD });
    const prompt = await authorize('ann');
    const passcode = code(0);
    const [page, answer, login] = await Promise.all([
      browser.post(`${prompt.url}/passcode`, { passcode }),
      api.ok<{ result: string }>('POST', '/auth/v2/auth', { username: 'ann', factor: 'passcode', passcode }),
      radius.login({ username: 'ann', password: `${PASSWORD},${passcode}` }),
    ]);
    const opened = [page.status === 200, answer.result === 'allow', login.code === RadiusCode.accessAccept];
    expect(opened.filter(Boolean)).toHaveLength(1);
    const reasons = listAuthentications(bench.service.tenant).map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(['passcode_replayed', 'passcode_replayed', 'valid_passcode']);
  });
});

describe('an account that is locked at one door', () => {
  it('is locked at all of them', async () => {
    const { tenant } = bench.service;
    const user = await bench.userWithToken('bob');
    await updateUser(tenant, user.userId, { password: PASSWORD });
    await changePolicy(tenant, { lockoutAttempts: 2 });
    for (let i = 0; i < 2; i++) await radius.login({ username: 'bob', password: `${PASSWORD},000000` });
    const prompt = await authorize('bob');
    expect(await browser.post(`${prompt.url}/passcode`, { passcode: code(0) })).toMatchObject({ status: 401 });
    const params = { username: 'bob', factor: 'passcode', passcode: code(0) };
    expect(await api.ok('POST', '/auth/v2/auth', params)).toMatchObject({ status: 'locked_out' });
    const login = await radius.login({ username: 'bob', password: `${PASSWORD},${code(0)}` });
    expect(login.code).toBe(RadiusCode.accessReject);
    await changePolicy(tenant, { lockoutAttempts: 10 });
  });
});

describe('a code of the prompt', () => {
  it('that is exchanged twice at once is taken once', async () => {
    await bench.userWithToken('carol');
    const duoCode = await signIn('carol', 0);
    const answers = await Promise.all([exchange(duoCode), exchange(duoCode), exchange(duoCode)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('is worth nothing once its application is gone', async () => {
    await bench.userWithToken('dave');
    const gone = await bench.integration('web');
    const duoCode = await signIn('dave', 0, gone);
    const prompt = await authorize('dave', gone);
    await deleteIntegration(bench.service.tenant, gone.key);
    expect(await exchange(duoCode, gone)).toMatchObject({ status: 401 });
    expect(await authorize('dave', gone)).toMatchObject({ status: 400 });
    const answer = await browser.post(`${prompt.url}/passcode`, { passcode: code(1) });
    expect(answer.status).toBe(200);
    const { url } = JSON.parse(answer.body) as { url: string };
    expect(await exchange(new URL(url).searchParams.get('duo_code')!, gone)).toMatchObject({ status: 401 });
  });
});

describe('names that are no names', () => {
  it.each([
    "' OR 1=1 --",
    '<script>alert(1)</script>',
    'ann\r\nSet-Cookie: a=b',
    '../../etc/passwd',
    '\u0000',
    'ann@'.repeat(60),
  ])('%j opens nothing, and comes back as text alone', async (username) => {
    const page = await authorize(username);
    expect([200, 403]).toContain(page.status);
    expect(page.body).not.toContain('<script>alert');
    expect(JSON.stringify(page.headers)).not.toContain('Set-Cookie: a=b');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const answer = await api.call('POST', '/auth/v2/auth', { username, factor: 'passcode', passcode: '000000' });
    expect(answer.body.stat === 'FAIL' || (answer.body.response as { result: string }).result === 'deny').toBe(true);
  });
});

describe('the endpoints', () => {
  const paths = ['/oauth/v1/health_check', '/oauth/v1/token', '/auth/v2/auth', '/admin/v1/users'];

  it.each(paths)('%s answers under its own name alone', async (path) => {
    const headers = { ...FORM, host: 'api-ffffffff.duo.localhost' };
    expect(await browser.open(`${origin}${path}`, { method: 'POST', body: 'a=b', headers })).toMatchObject({
      status: 421,
    });
  });

  it.each(paths)('%s takes no body over 64 KiB', async (path) => {
    const page = await browser.open(`${origin}${path}`, {
      method: 'POST',
      body: `a=${'b'.repeat(70_000)}`,
      headers: FORM,
    });
    expect(page.status).toBe(413);
  });

  it.each(paths)('%s is not for scripts of other sites, nor kept by caches', async (path) => {
    const headers = { ...FORM, origin: 'https://evil.example' };
    const page = await browser.open(`${origin}${path}`, { method: 'POST', body: 'a=b', headers });
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    expect(page.headers['cache-control']).toBe('no-store');
  });
});

describe('what is kept', () => {
  it('has no secret in clear, in the database or in its log', () => {
    const files = readdirSync(bench.folder).filter((name) => name.startsWith('duo.db'));
    expect(files.length).toBeGreaterThan(0);
    const kept = Buffer.concat(files.map((name) => readFileSync(join(bench.folder, name))));
    expect(kept.includes('carol')).toBe(true);
    for (const secret of [app.secret, auth.secret, PASSWORD, SEED, toHex(SEED), code(0)]) {
      expect(kept.includes(Buffer.from(secret))).toBe(false);
    }
  });
});
