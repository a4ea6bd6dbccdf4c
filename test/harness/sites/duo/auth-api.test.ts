import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { authApiRoutes } from '../../../../harness/sites/duo/auth-api/routes.ts';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { readEnrolmentLink, useEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { assignToken, createToken, markTokenLost } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration, integrationSecret } from '../../../../harness/sites/duo/domain/integrations.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser, type User } from '../../../../harness/sites/duo/domain/users.ts';
import { SignedClient } from './signed-client.ts';
import { START, type TestTenant, testTenant } from './tenant.ts';

const SEED = '3132333435363738393031323334353637383930';
const code = (counter: number) => hotp(utf8('12345678901234567890'), counter);

let bench: TestTenant;
let app: Hono;
let api: SignedClient;
let ann: User;
let tokenId: string;

beforeEach(async () => {
  bench = testTenant();
  const { tenant } = bench;
  const { integrationKey } = await createIntegration(tenant, { type: 'auth-api', name: 'Terminal' });
  app = new Hono().route('/auth/v2', authApiRoutes(tenant));
  api = new SignedClient(app, integrationKey, integrationSecret(tenant, integrationKey), tenant.host, tenant.now);
  ann = await createUser(tenant, { username: 'ann' });
  tokenId = (await createToken(tenant, { type: 'h6', serial: '100001', secret: SEED })).tokenId;
  await assignToken(tenant, tokenId, ann.userId);
});

const preauth = (username: string) => api.ok<Record<string, string>>('POST', '/auth/v2/preauth', { username });
const auth = (passcode: string, params: Record<string, string | number> = {}) =>
  api.ok('POST', '/auth/v2/auth', { username: 'ann', factor: 'passcode', passcode, ...params });
const ALLOWED = { result: 'allow', status: 'allow', status_msg: 'Success. Logging you in...' };
const DENIED = { result: 'deny', status: 'deny', status_msg: expect.any(String) };

describe('ping and check', () => {
  it('tell the time, ping to everybody', async () => {
    const answer = await app.request('/auth/v2/ping');
    expect([answer.status, await answer.json()]).toEqual([200, { stat: 'OK', response: { time: START / 1000 } }]);
    expect((await app.request('/auth/v2/check')).status).toBe(401);
    expect(await api.ok('GET', '/auth/v2/check')).toEqual({ time: START / 1000 });
  });
});

describe('preauth', () => {
  it('lists the tokens of a user who is enrolled, without those that are lost', async () => {
    const device = {
      device: tokenId,
      type: 'token',
      name: '100001',
      display_name: 'HOTP-6 token 100001',
      capabilities: [],
    };
    expect(await preauth('Ann')).toEqual({ result: 'auth', status_msg: 'Account is active', devices: [device] });
    expect(await api.ok('POST', '/auth/v2/preauth', { user_id: ann.userId })).toMatchObject({ result: 'auth' });
    await markTokenLost(bench.tenant, tokenId, true);
    expect(await preauth('ann')).toMatchObject({ result: 'enroll' });
  });

  it('lets pass, denies, or sends to enrolment', async () => {
    const { tenant } = bench;
    await createUser(tenant, { username: 'bypass', status: 'bypass' });
    await createUser(tenant, { username: 'disabled', status: 'disabled' });
    expect(await preauth('bypass')).toMatchObject({ result: 'allow' });
    expect(await preauth('disabled')).toMatchObject({ result: 'deny' });
    const { result, enroll_portal_url: url } = await preauth('newcomer');
    expect(result).toBe('enroll');
    expect(readEnrolmentLink(tenant, new URL(url!).searchParams.get('code')!).username).toBe('newcomer');
    await changePolicy(tenant, { newUsers: 'deny' });
    expect(await preauth('stranger')).toMatchObject({ result: 'deny' });
  });

  it.each([
    ['nobody', {}, 40001, 'username'],
    ['two users', { username: 'ann', user_id: 'DU' }, 40002, expect.stringContaining('user_id')],
    ['a user id that nobody has', { user_id: 'DUXXXXXXXXXXXXXXXXXX' }, 40002, 'user_id'],
    ['a name that cannot be one', { username: 'a b\r\n' }, 40002, 'username'],
  ])('refuses %s', async (_name, params, expected, detail) => {
    const { body } = await api.call('POST', '/auth/v2/preauth', params);
    expect(body).toMatchObject({ code: expected, message_detail: detail });
  });
});

describe('auth', () => {
  it('takes a passcode, once, and logs where from', async () => {
    expect(await auth(code(0), { ipaddr: '192.0.2.7' })).toEqual(ALLOWED);
    expect(await auth(code(0))).toEqual(DENIED);
    expect(await auth(code(3))).toEqual(ALLOWED);
    expect(await auth('000000')).toEqual(DENIED);
    const log = listAuthentications(bench.tenant).reverse();
    expect(log.map(({ result, reason }) => [result, reason])).toEqual([
      ['success', 'valid_passcode'],
      ['denied', 'passcode_replayed'],
      ['success', 'valid_passcode'],
      ['denied', 'invalid_passcode'],
    ]);
    expect(log[0]).toMatchObject({ username: 'ann', integrationName: 'Terminal', deviceKey: tokenId, ip: '192.0.2.7' });
  });

  it('denies an unknown user as it does a wrong passcode', async () => {
    const unknown = await auth('000000', { username: 'nobody' });
    expect(unknown).toEqual(await auth('000000'));
  });

  it('locks an account out after failures, and then takes no passcode', async () => {
    await changePolicy(bench.tenant, { lockoutAttempts: 3 });
    for (let i = 0; i < 3; i++) expect(await auth('000000')).toEqual(DENIED);
    expect(await auth(code(0))).toMatchObject({ result: 'deny', status: 'locked_out' });
    expect(await preauth('ann')).toMatchObject({ result: 'deny' });
  });

  it('lets a user pass who needs no second factor', async () => {
    await createUser(bench.tenant, { username: 'bypass', status: 'bypass' });
    expect(await auth('', { username: 'bypass', passcode: '0' })).toMatchObject({ result: 'allow', status: 'bypass' });
  });

  it('answers later where that is asked for, to the same caller alone', async () => {
    const { tenant } = bench;
    const { txid } = (await auth(code(0), { async: 1 })) as { txid: string };
    expect(await api.ok('GET', '/auth/v2/auth_status', { txid })).toEqual(ALLOWED);
    const { integrationKey } = await createIntegration(tenant, { type: 'auth-api', name: 'Other' });
    const secret = integrationSecret(tenant, integrationKey);
    const other = new SignedClient(app, integrationKey, secret, tenant.host, tenant.now);
    const { body } = await other.call('GET', '/auth/v2/auth_status', { txid });
    expect(body).toMatchObject({ code: 40002, message_detail: 'txid' });
  });

  it.each([
    ['no factor', { factor: '' }, 40001, 'factor'],
    ['an unknown factor', { factor: 'telepathy' }, 40002, 'factor'],
    [
      'push, which needs a phone',
      { factor: 'push', device: 'auto' },
      40002,
      expect.stringMatching(/^factor: .*passcode/),
    ],
    ['auto, which is a phone here', { factor: 'auto' }, 40002, expect.stringMatching(/^factor: /)],
    ['no passcode', { passcode: '' }, 40001, 'passcode'],
  ])('refuses %s', async (_name, params, expected, detail) => {
    const all = { username: 'ann', factor: 'passcode', passcode: code(0), ...params };
    const { body } = await api.call('POST', '/auth/v2/auth', all);
    expect(body).toMatchObject({ code: expected, message_detail: detail });
  });

  it('one of two requests at a time gets in with one passcode', async () => {
    const answers = await Promise.all([auth(code(0)), auth(code(0))]);
    expect(answers.map((answer) => (answer as { result: string }).result).sort()).toEqual(['allow', 'deny']);
  });
});

describe('enroll', () => {
  it('makes a user and a link whose use it tells', async () => {
    const { tenant } = bench;
    const enrolled = await api.ok<Record<string, string>>('POST', '/auth/v2/enroll', {
      username: 'new',
      valid_secs: 60,
    });
    const { user_id, activation_code, activation_url } = enrolled;
    expect(enrolled).toMatchObject({ username: 'new', expiration: START / 1000 + 60 });
    expect(activation_url).toBe(`${tenant.origin}/enroll?code=${activation_code}`);
    const status = (params: Record<string, string>) =>
      api.ok('POST', '/auth/v2/enroll_status', { user_id: user_id!, activation_code: activation_code!, ...params });
    expect(await status({})).toBe('waiting');
    expect(await status({ user_id: ann.userId })).toBe('invalid');
    expect(await status({ activation_code: 'unknown' })).toBe('invalid');
    await tenant.database.write(() => useEnrolmentLink(tenant, activation_code!));
    expect(await status({})).toBe('success');
    expect(await status({ user_id: ann.userId })).toBe('invalid');
    expect(await api.ok('POST', '/auth/v2/enroll')).toMatchObject({ username: expect.stringMatching(/^user-/) });
  });

  it('tells when its link has expired', async () => {
    type Enrolled = { user_id: string; activation_code: string };
    const { user_id, activation_code } = await api.ok<Enrolled>('POST', '/auth/v2/enroll', { valid_secs: 60 });
    bench.pass(60);
    expect(await api.ok('POST', '/auth/v2/enroll_status', { user_id, activation_code })).toBe('invalid');
  });

  it('refuses a name that is taken, as Duo does', async () => {
    const { body } = await api.call('POST', '/auth/v2/enroll', { username: 'ann' });
    expect(body).toMatchObject({ code: 40002, message_detail: 'username already exists' });
  });
});

it('answers 40401 to what there is not', async () => {
  expect(await api.call('GET', '/auth/v2/logo')).toMatchObject({ status: 404, body: { stat: 'FAIL', code: 40401 } });
});
