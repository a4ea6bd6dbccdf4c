import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Authentication, Authorization, OauthClient } from '../../../../harness/sites/duo/oauth/client.ts';
import { OauthEndpoints } from '../../../../harness/sites/duo/oauth/endpoints.ts';
import { oauthRoutes } from '../../../../harness/sites/duo/oauth/routes.ts';
import { describeUserAgent } from '../../../../harness/sites/duo/oauth/user-agent.ts';

const ORIGIN = 'https://api-1a2b3c4d.duo.localhost:8443';
const APP: OauthClient = { key: 'DIAAAAAAAAAAAAAAAAAA', secret: 'a'.repeat(40), name: 'Intranet', redirectUris: [] };
const STRICT: OauthClient = {
  key: 'DIBBBBBBBBBBBBBBBBBB',
  secret: 'b'.repeat(40),
  name: 'Payroll',
  redirectUris: ['https://payroll.example/callback'],
};
const STATE = 's'.repeat(36);
const REDIRECT = 'https://intranet.example/callback?app=1';

let now: number;
let endpoints: OauthEndpoints;
let begun: Authorization[];
let ask: (path: string, init?: RequestInit) => Promise<Response>;

beforeEach(() => {
  now = Date.UTC(2026, 0, 2, 3, 4, 5);
  begun = [];
  endpoints = new OauthEndpoints({
    origin: ORIGIN,
    now: () => now,
    findClient: (id) => [APP, STRICT].find(({ key }) => key === id),
    beginPrompt: async (_client, authorization) => {
      begun.push(authorization);
      return `${ORIGIN}/prompt/${begun.length}`;
    },
  });
  const routes = oauthRoutes(
    endpoints,
    () => now,
    (c, message) => c.text(message, 400),
  );
  ask = async (path, init) => routes.request(`${ORIGIN}${path}`, init);
});

const seconds = () => Math.floor(now / 1000);
const sign = (claims: JWTPayload, secret = APP.secret, alg = 'HS512') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
let jti = 0;
const assertionClaims = (path: string): JWTPayload => ({
  iss: APP.key,
  sub: APP.key,
  aud: `${ORIGIN}/oauth/v1${path}`,
  exp: seconds() + 300,
  jti: String(jti++).padStart(36, '0'),
});
const requestClaims = (): JWTPayload => ({
  response_type: 'code',
  scope: 'openid',
  exp: seconds() + 300,
  client_id: APP.key,
  redirect_uri: REDIRECT,
  state: STATE,
  duo_uname: 'Ann',
  iss: APP.key,
  aud: ORIGIN,
  use_duo_code_attribute: true,
});

/** Answers of the service are judged whole, whichever they are. */
interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function post(path: string, members: Record<string, string>, where: 'body' | 'query' = 'body'): Promise<Answer> {
  const form = new URLSearchParams(members);
  const answer =
    where === 'body'
      ? await ask(path, { method: 'POST', body: form })
      : await ask(`${path}?${form}`, { method: 'POST', headers: { 'content-length': '0' } });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function healthCheck(change: JWTPayload = {}, secret?: string, alg?: string): Promise<Answer> {
  const assertion = await sign({ ...assertionClaims('/health_check'), ...change }, secret, alg);
  return post('/health_check', { client_id: APP.key, client_assertion: assertion });
}

async function authorize(change: JWTPayload = {}, more: Record<string, string> = {}, signer = APP): Promise<Response> {
  const request = await sign({ ...requestClaims(), ...change }, signer.secret);
  const query = new URLSearchParams({ response_type: 'code', client_id: signer.key, request, ...more });
  return ask(`/authorize?${query}`);
}

const AUTHENTICATION: Authentication = {
  txid: '6b8a4a44-9c9e-4a05-a7b4-0b7f3d0a5a55',
  at: Date.UTC(2026, 0, 2, 3, 4, 0),
  userKey: 'DUAAAAAAAAAAAAAAAAAA',
  email: 'ann@example.org',
  groups: ['Staff'],
  factor: 'security_key',
  reason: 'user_approved',
  deviceName: 'Key of Ann',
  ip: '127.0.0.1',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
};

async function signIn(change: JWTPayload = {}, more: Record<string, string> = {}): Promise<URL> {
  expect((await authorize(change, more)).status).toBe(303);
  return new URL(endpoints.complete(begun.at(-1)!, AUTHENTICATION));
}

async function exchange(code: string, change: Record<string, string> = {}, where?: 'query'): Promise<Answer> {
  const members = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT,
    client_id: APP.key,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await sign(assertionClaims('/token')),
  };
  return post('/token', { ...members, ...change }, where);
}

describe('health_check', () => {
  it('answers a client that proves itself', async () => {
    expect(await healthCheck()).toEqual({ status: 200, body: { stat: 'OK', response: { timestamp: seconds() } } });
  });

  it.each([
    ['whose exp is a float, as Python’s SDK sends it', () => ({ exp: now / 1000 + 299.5 })],
    ['that expired within the leeway', () => ({ exp: seconds() - 59 })],
    ['with iat, as Node’s SDK sends it', () => ({ iat: seconds() })],
  ])('takes an assertion %s', async (_name, change) => {
    expect(await healthCheck(change())).toMatchObject({ status: 200 });
  });

  it.each([
    ['that expired', () => ({ exp: seconds() - 61 }), 'Token has expired.'],
    ['of a far future', () => ({ exp: seconds() + 3600 }), 'exp: expected at most 300 seconds from now.'],
    ['without exp', () => ({ exp: undefined }), /exp/],
    ['of another client', () => ({ sub: STRICT.key }), 'sub: expected the client_id.'],
    ['of another issuer', () => ({ iss: STRICT.key }), /iss/],
    ['for another endpoint', () => ({ aud: `${ORIGIN}/oauth/v1/token` }), /aud/],
    ['for another host', () => ({ aud: 'https://api-ffffffff.duo.localhost/oauth/v1/health_check' }), /aud/],
    ['without jti', () => ({ jti: undefined }), /jti/],
    ['with a jti that is too short', () => ({ jti: 'short' }), /jti/],
  ])('refuses an assertion %s', async (_name, change, detail) => {
    const { status, body } = await healthCheck(change() as JWTPayload);
    expect(status).toBe(400);
    expect(body).toMatchObject({ stat: 'FAIL', code: 40002, message: 'invalid_client', timestamp: seconds() });
    expect(body.message_detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
  });

  it('does not tell an unknown client from a wrong secret', async () => {
    const failure = {
      status: 400,
      body: { message: 'invalid_client', message_detail: 'Failed to verify signature.', stat: 'FAIL', code: 40002 },
    };
    expect(await healthCheck({}, 'x'.repeat(40))).toMatchObject(failure);
    const assertion = await sign(assertionClaims('/health_check'));
    const unknown = await post('/health_check', { client_id: 'DIXXXXXXXXXXXXXXXXXX', client_assertion: assertion });
    expect(unknown).toMatchObject(failure);
  });

  it.each(['HS256', 'HS384'])('refuses %s', async (alg) => {
    expect(await healthCheck({}, undefined, alg)).toMatchObject({ status: 400 });
  });

  it('refuses alg none, garbage and what is missing or repeated', async () => {
    const [, claims] = (await sign(assertionClaims('/health_check'))).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    for (const client_assertion of [none, 'garbage', 'a.b.c']) {
      expect(await post('/health_check', { client_id: APP.key, client_assertion })).toMatchObject({ status: 400 });
    }
    expect(await post('/health_check', {})).toMatchObject({ body: { message: 'invalid_request' } });
    const twice = await post(`/health_check?client_id=${APP.key}`, { client_id: APP.key, client_assertion: none });
    expect(twice).toMatchObject({ body: { message_detail: 'Repeated parameter: client_id.' } });
  });

  it('takes an assertion once', async () => {
    const members = { client_id: APP.key, client_assertion: await sign(assertionClaims('/health_check')) };
    expect(await post('/health_check', members)).toMatchObject({ status: 200 });
    const replayed = await post('/health_check', members);
    expect(replayed).toMatchObject({ status: 400, body: { message_detail: 'jti: this assertion was used before.' } });
  });
});

describe('authorize', () => {
  it('begins a prompt, asked by GET or POST', async () => {
    const answer = await authorize({}, { redirect_uri: REDIRECT, scope: 'openid', nonce: 'n-1' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${ORIGIN}/prompt/1`]);
    const authorization = {
      clientId: APP.key,
      username: 'Ann',
      redirectUri: REDIRECT,
      state: STATE,
      nonce: 'n-1',
      useDuoCodeAttribute: true,
    };
    expect(begun).toEqual([authorization]);
    const request = await sign({ ...requestClaims(), use_duo_code_attribute: false, nonce: 'n-2' });
    const body = new URLSearchParams({ response_type: 'code', client_id: APP.key, request });
    expect((await ask('/authorize', { method: 'POST', body })).status).toBe(303);
    expect(begun[1]).toEqual({ ...authorization, useDuoCodeAttribute: false, nonce: 'n-2' });
  });

  it.each([
    ['a javascript URL', 'javascript:alert(1)'],
    ['plain HTTP to another machine', 'http://intranet.example/'],
    ['a host that only looks local', 'http://localhost.example/'],
    ['credentials', 'https://user:password@intranet.example/'],
    ['a fragment', 'https://intranet.example/#'],
    ['no URL', '/callback'],
    ['nothing', undefined],
    ['a very long URL', `https://intranet.example/${'a'.repeat(1024)}`],
  ])('shows its refusal of a redirect URI that is %s to the person', async (_name, redirect_uri) => {
    const answer = await authorize({ redirect_uri });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/^redirect_uri: /);
    expect(begun).toEqual([]);
  });

  it('leads back to registered URIs alone, where there are any', async () => {
    const claims = { iss: STRICT.key, client_id: STRICT.key };
    const refused = await authorize({ ...claims, redirect_uri: 'https://payroll.example/callback/x' }, {}, STRICT);
    expect(refused.status).toBe(400);
    const taken = await authorize({ ...claims, redirect_uri: STRICT.redirectUris[0]! }, {}, STRICT);
    expect(taken.status).toBe(303);
  });

  it('refuses an unsigned redirect URI or client that differs from the signed one', async () => {
    expect((await authorize({}, { redirect_uri: 'https://evil.example/' })).status).toBe(400);
    expect((await authorize({ client_id: STRICT.key })).status).toBe(400);
    expect((await authorize({}, { client_id: STRICT.key })).status).toBe(400);
    expect(begun).toEqual([]);
  });

  it.each([
    ['a wrong secret', {}, STRICT.secret],
    ['an expired request', { exp: 1 }, APP.secret],
    ['a request for another host', { aud: 'https://api-ffffffff.duo.localhost' }, APP.secret],
  ])('tells the application nothing of %s', async (_name, change, secret) => {
    const request = await sign({ ...requestClaims(), ...change }, secret);
    const answer = await ask(
      `/authorize?${new URLSearchParams({ response_type: 'code', client_id: APP.key, request })}`,
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['a state of 15 characters', { state: 's'.repeat(15) }, 'invalid_request'],
    ['a state of 1025 characters', { state: 's'.repeat(1025) }, 'invalid_request'],
    ['no state', { state: undefined }, 'invalid_request'],
    ['no username', { duo_uname: '' }, 'invalid_request'],
    ['a username that is no text', { duo_uname: 7 }, 'invalid_request'],
    ['a scope without openid', { scope: 'profile' }, 'invalid_scope'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['use_duo_code_attribute that is no boolean', { use_duo_code_attribute: 'yes' }, 'invalid_request'],
    ['a nonce of 1025 characters', { nonce: 'n'.repeat(1025) }, 'invalid_request'],
  ])('sends its refusal of %s to the application', async (_name, change: JWTPayload, code) => {
    const answer = await authorize(change);
    expect(answer.status).toBe(303);
    const { origin, searchParams } = new URL(answer.headers.get('location')!);
    expect([origin, searchParams.get('app'), searchParams.get('error')]).toEqual([
      'https://intranet.example',
      '1',
      code,
    ]);
    expect(searchParams.get('state') ?? undefined).toBe('state' in change ? change.state : STATE);
    expect(begun).toEqual([]);
  });

  it.each([16, 22, 1024])('takes a state of %i characters', async (length) => {
    expect((await authorize({ state: 's'.repeat(length) })).headers.get('location')).toContain('/prompt/');
  });

  it('keeps line ends of a state out of the headers', async () => {
    const state = `${STATE}\r\nSet-Cookie: a=b`;
    const url = await signIn({ state });
    expect(url.href).not.toMatch(/[\r\n]/);
    expect(url.searchParams.get('state')).toBe(state);
  });
});

describe('token', () => {
  it('gives an id_token as Duo’s, for a code in the attribute that was asked for', async () => {
    const back = await signIn({ nonce: 'n-1' });
    expect(back.href.startsWith(`${REDIRECT}&state=${STATE}&duo_code=`)).toBe(true);
    const { status, body } = await exchange(back.searchParams.get('duo_code')!);
    expect(status).toBe(200);
    expect(body).toEqual({
      id_token: expect.any(String),
      access_token: expect.any(String),
      expires_in: 3600,
      token_type: 'Bearer',
    });
    const claims = decodeJwt(body.id_token as string);
    expect(claims).toMatchObject({
      iss: `${ORIGIN}/oauth/v1/token`,
      aud: APP.key,
      sub: 'Ann',
      preferred_username: 'Ann',
      nonce: 'n-1',
      iat: seconds(),
      exp: seconds() + 3600,
      auth_time: AUTHENTICATION.at / 1000,
      auth_result: { result: 'allow', status: 'allow' },
      auth_context: {
        txid: AUTHENTICATION.txid,
        isotimestamp: '2026-01-02T03:04:00.000Z',
        user: { name: 'Ann', key: AUTHENTICATION.userKey, groups: ['Staff'] },
        application: { name: 'Intranet', key: APP.key },
        auth_device: { name: 'Key of Ann' },
        access_device: { ip: '127.0.0.1', browser: 'Firefox', browser_version: '128.0', os: 'Linux', os_version: null },
        factor: 'security_key',
        reason: 'user_approved',
        result: 'success',
        email: 'ann@example.org',
      },
    });
  });

  it('reads its parameters from the query as well, as Python’s SDK sends them', async () => {
    const back = await signIn({ use_duo_code_attribute: false });
    expect(back.searchParams.has('duo_code')).toBe(false);
    expect(await exchange(back.searchParams.get('code')!, {}, 'query')).toMatchObject({ status: 200 });
  });

  it('takes a code once, within its time, for its client and its redirect URI', async () => {
    const codeOf = async () => (await signIn()).searchParams.get('duo_code')!;
    const refused = { status: 400, body: { error: 'invalid_grant', error_description: expect.any(String) } };
    const code = await codeOf();
    expect(await exchange(code)).toMatchObject({ status: 200 });
    expect(await exchange(code)).toEqual(refused);
    expect(await exchange('unknown')).toEqual(refused);
    const late = await codeOf();
    now += 300_000;
    expect(await exchange(late)).toEqual(refused);
    expect(await exchange(await codeOf(), { redirect_uri: 'https://intranet.example/other' })).toEqual(refused);
    const stolen = await codeOf();
    const claims = { ...assertionClaims('/token'), iss: STRICT.key, sub: STRICT.key };
    const thief = { client_id: STRICT.key, client_assertion: await sign(claims, STRICT.secret) };
    expect(await exchange(stolen, thief)).toEqual(refused);
    expect(await exchange(stolen)).toEqual(refused);
  });

  it('refuses a client that does not prove itself, and the code stays good', async () => {
    const code = (await signIn()).searchParams.get('duo_code')!;
    const good = await sign(assertionClaims('/token'));
    const tampered = good.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    for (const client_assertion of [await sign(assertionClaims('/token'), 'x'.repeat(40)), tampered, 'x.y.z']) {
      expect(await exchange(code, { client_assertion })).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    }
    expect(await exchange(code)).toMatchObject({ status: 200 });
  });

  it.each([
    ['grant_type', 'password', 'unsupported_grant_type'],
    ['grant_type', '', 'invalid_request'],
    ['client_assertion_type', 'other', 'invalid_request'],
    ['code', '', 'invalid_request'],
    ['redirect_uri', '', 'invalid_request'],
    ['client_id', '', 'invalid_request'],
  ])('refuses %s=%s', async (name, value, error) => {
    expect(await exchange('code', { [name]: value })).toMatchObject({ status: 400, body: { error } });
  });

  it('a refusal at the prompt goes to the application as access_denied', async () => {
    await authorize();
    const { searchParams } = new URL(endpoints.deny(begun[0]!, 'Locked out.'));
    expect(Object.fromEntries(searchParams)).toEqual({
      app: '1',
      error: 'access_denied',
      error_description: 'Locked out.',
      state: STATE,
    });
  });
});

describe('a User-Agent', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.1',
      'Edge',
      'Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.1 Safari/605.1',
      'Safari',
      'Mac OS X',
    ],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1', 'Safari', 'iOS'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36', 'Chrome', 'Linux'],
    ['curl/8', null, null],
    ['', null, null],
  ])('%s', (userAgent, browser, os) => {
    expect(describeUserAgent(userAgent)).toMatchObject({ browser, os });
  });
});
