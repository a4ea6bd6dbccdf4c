import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { adminApiRoutes } from '../../../../harness/sites/duo/admin-api/routes.ts';
import { listActivities } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { createGroup, setMembership } from '../../../../harness/sites/duo/domain/groups.ts';
import { createIntegration, integrationSecret } from '../../../../harness/sites/duo/domain/integrations.ts';
import { countFailure } from '../../../../harness/sites/duo/domain/lockout.ts';
import { judgePasscode } from '../../../../harness/sites/duo/domain/passcodes.ts';
import { readPolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser, getUser } from '../../../../harness/sites/duo/domain/users.ts';
import { insertCredential } from '../../../../harness/sites/duo/domain/webauthn-credentials.ts';
import { SignedClient } from './signed-client.ts';
import { START, type TestTenant, testTenant } from './tenant.ts';

/** RFC 4226 Appendix D. */
const SEED = '3132333435363738393031323334353637383930';
const code = (counter: number, digits = 6) => hotp(fromHex(SEED), counter, { digits });
const TOKEN = { type: 'h6', serial: '100001', secret: SEED };

interface UserJSON {
  user_id: string;
  username: string;
}
interface TokenJSON {
  token_id: string;
}

let bench: TestTenant;
let api: SignedClient;
let key: string;

beforeEach(async () => {
  bench = testTenant();
  const { tenant } = bench;
  const integration = await createIntegration(tenant, { type: 'admin-api', name: 'Automation' });
  key = integration.integrationKey;
  const app = new Hono().route('/admin/v1', adminApiRoutes(tenant));
  api = new SignedClient(app, key, integrationSecret(tenant, key), tenant.host, tenant.now);
});

const addUser = (username: string) => api.ok<UserJSON>('POST', '/admin/v1/users', { username });
const addToken = (change = {}) => api.ok<TokenJSON>('POST', '/admin/v1/tokens', { ...TOKEN, ...change });

describe('users', () => {
  it('are created, seen, changed and deleted, and the log says by whom', async () => {
    const params = { username: 'Ann', email: 'ann@example.org', realname: 'Ann Example' };
    const created = await api.ok<UserJSON>('POST', '/admin/v1/users', params);
    expect(created).toMatchObject({
      user_id: expect.stringMatching(/^DU[A-Z0-9]{18}$/),
      username: 'ann',
      email: 'ann@example.org',
      realname: 'Ann Example',
      status: 'active',
      is_enrolled: false,
      created: START / 1000,
      last_login: null,
      groups: [],
      tokens: [],
      webauthncredentials: [],
      phones: [],
    });
    const path = `/admin/v1/users/${created.user_id}`;
    expect(await api.ok('GET', path)).toEqual(created);
    expect(await api.ok('POST', path, { status: 'bypass', email: '' })).toMatchObject({ status: 'bypass', email: '' });
    expect(await api.ok('DELETE', path)).toBe('');
    expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { stat: 'FAIL', code: 40401 } });
    const actions = listActivities(bench.tenant).map(({ actor, action, object }) => [actor, action, object]);
    expect(actions).toEqual([
      [key, 'user_delete', 'ann'],
      [key, 'user_update', 'ann'],
      [key, 'user_create', 'ann'],
    ]);
  });

  it('are found by name and address, and paged with metadata', async () => {
    for (let i = 0; i < 5; i++) await addUser(`user${i}`);
    await api.ok('POST', '/admin/v1/users', { username: 'mail', email: 'mail@example.org' });
    const { body } = await api.call('GET', '/admin/v1/users', { limit: 2, offset: 2 });
    expect(body.metadata).toEqual({ next_offset: 4, prev_offset: 0, total_objects: 6 });
    expect((body.response as UserJSON[]).map(({ username }) => username)).toEqual(['user1', 'user2']);
    const named = async (params: Record<string, string>) =>
      (await api.ok<UserJSON[]>('GET', '/admin/v1/users', params)).map(({ username }) => username);
    expect(await named({ username: 'USER3' })).toEqual(['user3']);
    expect(await named({ email: 'MAIL@example.org' })).toEqual(['mail']);
    expect(await named({ email: 'mail@example.or' })).toEqual([]);
    expect(await named({ username: 'nobody' })).toEqual([]);
    expect(await named({ username: "' OR 1=1 --" })).toEqual([]);
  });

  it.each([
    ['no username', {}, 40001, 'username'],
    ['a username that is taken', { username: 'taken' }, 40003, undefined],
    ['a username that cannot be one', { username: 'a\r\nb' }, 40002, 'username'],
    ['an address that is none', { username: 'ann', email: 'ann@@' }, 40002, 'email'],
    ['an unknown status', { username: 'ann', status: 'pending deletion' }, 40002, 'status'],
    ['aliases, which are not kept', { username: 'ann', alias1: 'annie' }, 40002, 'alias1'],
  ])('are not created with %s', async (_name, params, expected, detail) => {
    await addUser('taken');
    const { status, body } = await api.call('POST', '/admin/v1/users', params);
    expect([status, body.code, body.message_detail]).toEqual([400, expected, detail]);
  });

  it('that are locked out are shown so, and unlocked by being set to active', async () => {
    const { tenant } = bench;
    const { user_id } = await addUser('ann');
    const policy = { ...readPolicy(tenant), lockoutAttempts: 1 };
    await tenant.database.write(() => countFailure(tenant, getUser(tenant, user_id), policy));
    const path = `/admin/v1/users/${user_id}`;
    expect(await api.ok('GET', path)).toMatchObject({ status: 'locked out', lockout_reason: 'Failed Attempts' });
    expect(await api.ok('POST', path, { status: 'active' })).toMatchObject({ status: 'active', lockout_reason: null });
  });

  it('show their groups', async () => {
    const { tenant } = bench;
    const { user_id } = await addUser('ann');
    const { groupId } = await createGroup(tenant, { name: 'Staff', description: 'All of us' });
    await setMembership(tenant, groupId, user_id, true);
    const groups = [{ group_id: groupId, name: 'Staff', desc: 'All of us', status: 'active' }];
    expect(await api.ok('GET', `/admin/v1/users/${user_id}`)).toMatchObject({ groups });
  });

  it('are invited by a mail that holds the link, known or new', async () => {
    const params = { username: 'ann', email: 'ann@example.org', valid_secs: 3600 };
    const enrolCode = await api.ok<string>('POST', '/admin/v1/users/enroll', params);
    expect(bench.mails).toHaveLength(1);
    const { to, text, html } = bench.mails[0]!;
    expect(to).toBe('ann@example.org');
    expect(text).toContain(`/enroll?code=${enrolCode}`);
    expect(html).toContain(`/enroll?code=${enrolCode}`);
    expect(text).toContain('one day');
    await api.ok('POST', '/admin/v1/users/enroll', { ...params, email: 'new@example.org', valid_secs: 0 });
    expect(bench.mails[1]).toMatchObject({ to: 'new@example.org', text: expect.stringContaining('works once.') });
    const missing = await api.call('POST', '/admin/v1/users/enroll', { username: 'ann' });
    expect(missing.body).toMatchObject({ code: 40001, message_detail: 'email' });
  });
});

describe('hardware tokens', () => {
  it('are created, found, changed and deleted', async () => {
    const token = await addToken({ type: 't6', totp_step: 60 });
    expect(token).toEqual({
      token_id: expect.stringMatching(/^DH[A-Z0-9]{18}$/),
      type: 't6',
      serial: '100001',
      totp_step: 60,
      users: [],
      admins: [],
    });
    const path = `/admin/v1/tokens/${token.token_id}`;
    expect(await api.ok('POST', path, { totp_step: 30 })).toEqual({ ...token, totp_step: 30 });
    expect(await api.ok('GET', path)).toEqual({ ...token, totp_step: 30 });
    const found = await api.call('GET', '/admin/v1/tokens', { type: 't6', serial: '100001' });
    expect(found.body).toMatchObject({ metadata: { total_objects: 1 }, response: [{ token_id: token.token_id }] });
    expect(await api.ok('GET', '/admin/v1/tokens', { type: 'd1', serial: '1' })).toEqual([]);
    expect(await api.ok('DELETE', path)).toBe('');
    expect(await api.call('GET', path)).toMatchObject({ status: 404 });
    expect(await api.ok('GET', '/admin/v1/tokens')).toEqual([]);
  });

  it('are listed in pages', async () => {
    for (let i = 0; i < 3; i++) await addToken({ serial: `10000${i}` });
    const { body } = await api.call('GET', '/admin/v1/tokens', { limit: 2 });
    expect(body).toMatchObject({ metadata: { next_offset: 2, total_objects: 3 } });
    expect(body.response).toHaveLength(2);
  });

  it.each([
    ['no type', { serial: '1', secret: SEED }, 40001, 'type'],
    ['a type that Duo provisions itself', { ...TOKEN, type: 'd1' }, 40002, 'type'],
    ['no serial number', { type: 'h6', secret: SEED }, 40001, 'serial'],
    ['no secret', { type: 'h6', serial: '1' }, 40001, 'secret'],
    ['a secret that is not hexadecimal', { ...TOKEN, secret: 'GEZDGNBVGY3TQOJQ' }, 40002, 'secret'],
    ['a counter below zero', { ...TOKEN, counter: '-1' }, 40002, 'counter'],
    ['a step of zero', { ...TOKEN, type: 't6', totp_step: 0 }, 40002, 'totp_step'],
    [
      'an AES key that is too short',
      { type: 'yk', serial: '1', private_id: '010203040506', aes_key: '00' },
      40002,
      'aes_key',
    ],
    [
      'a Yubico token without its private id',
      { type: 'yk', serial: '1', aes_key: '00'.repeat(16) },
      40001,
      'private_id',
    ],
    ['the serial number of another', TOKEN, 40003, undefined],
  ])('are not created with %s', async (_name, params, expected, detail) => {
    await addToken();
    const { status, body } = await api.call('POST', '/admin/v1/tokens', params);
    expect([status, body.code, body.message_detail]).toEqual([400, expected, detail]);
    expect(JSON.stringify(body)).not.toContain(SEED);
  });

  it('are asked for with a type and a serial number together', async () => {
    const { body } = await api.call('GET', '/admin/v1/tokens', { type: 'h6' });
    expect(body).toMatchObject({ code: 40001, message_detail: 'serial' });
  });

  it('are assigned to users and taken from them', async () => {
    const { user_id } = await addUser('ann');
    const { token_id } = await addToken();
    const path = `/admin/v1/users/${user_id}/tokens`;
    expect(await api.ok('POST', path, { token_id })).toBe('');
    expect(await api.ok('GET', path)).toMatchObject([{ token_id, users: [{ user_id, username: 'ann' }] }]);
    expect(await api.ok('GET', `/admin/v1/users/${user_id}`)).toMatchObject({
      is_enrolled: true,
      tokens: [{ token_id, type: 'h6', serial: '100001', totp_step: null }],
    });
    const unknown = await api.call('POST', path, { token_id: 'DHXXXXXXXXXXXXXXXXXX' });
    expect(unknown).toMatchObject({ status: 400, body: { code: 40002, message_detail: 'token_id' } });
    expect(await api.ok('DELETE', `${path}/${token_id}`)).toBe('');
    expect(await api.ok('GET', path)).toEqual([]);
  });

  it('of HOTP are resynchronised by three codes in a row', async () => {
    const { tenant } = bench;
    const { user_id } = await addUser('ann');
    const { token_id } = await addToken();
    await api.ok('POST', `/admin/v1/users/${user_id}/tokens`, { token_id });
    const judge = (passcode: string) =>
      tenant.database.write(() => judgePasscode(tenant, user_id, passcode, readPolicy(tenant)).outcome);
    expect(await judge(code(500))).toBe('rejected');
    const resync = (...[code1, code2, code3]: string[]) =>
      api.call('POST', `/admin/v1/tokens/${token_id}/resync`, { code1: code1!, code2: code2!, code3: code3! });
    expect((await resync(code(500), code(502), code(501))).body).toMatchObject({ code: 40002 });
    expect((await resync('12345', code(501), code(502))).body).toMatchObject({ code: 40002, message_detail: 'code1' });
    expect((await resync(code(500), code(501), code(502))).body).toEqual({ stat: 'OK', response: '' });
    expect(await judge(code(502))).toBe('replayed');
    expect(await judge(code(503))).toBe('accepted');
  });

  it('of TOTP are not resynchronised', async () => {
    const { token_id } = await addToken({ type: 't8' });
    const codes = { code1: '11111111', code2: '22222222', code3: '33333333' };
    const { body } = await api.call('POST', `/admin/v1/tokens/${token_id}/resync`, codes);
    expect(body).toMatchObject({ code: 40002, message_detail: expect.stringContaining('HOTP') });
  });
});

describe('security keys', () => {
  it('are listed, seen and deleted; none is made here', async () => {
    const { tenant } = bench;
    const { userId } = await createUser(tenant, { username: 'ann' });
    const credential = await tenant.database.write(() =>
      insertCredential(tenant, {
        ...{ userId, credentialId: utf8('id'), publicKey: utf8('key'), signCount: 0, transports: ['usb'] },
        ...{ aaguid: '00000000-0000-0000-0000-000000000000', attestationFormat: 'none' },
        ...{ userVerified: false, platform: false },
      }),
    );
    const json = {
      webauthnkey: credential.webauthnKey,
      credential_name: 'Security key',
      label: 'Security Key',
      date_added: START / 1000,
    };
    const path = `/admin/v1/webauthncredentials/${credential.webauthnKey}`;
    expect(await api.ok('GET', path)).toMatchObject({ ...json, user: { username: 'ann' } });
    const listed = await api.call('GET', '/admin/v1/webauthncredentials');
    expect(listed.body).toMatchObject({ metadata: { total_objects: 1 }, response: [json] });
    expect(await api.ok('GET', `/admin/v1/users/${userId}/webauthncredentials`)).toMatchObject([json]);
    expect(await api.call('POST', '/admin/v1/webauthncredentials')).toMatchObject({ status: 404 });
    expect(await api.ok('DELETE', path)).toBe('');
    expect(await api.ok('GET', '/admin/v1/webauthncredentials')).toEqual([]);
  });
});

describe('callers', () => {
  it('of another type of integration are refused', async () => {
    const { tenant } = bench;
    const other = await createIntegration(tenant, { type: 'auth-api', name: 'VPN' });
    const app = new Hono().route('/admin/v1', adminApiRoutes(tenant));
    const secret = integrationSecret(tenant, other.integrationKey);
    const client = new SignedClient(app, other.integrationKey, secret, tenant.host, tenant.now);
    expect(await client.call('GET', '/admin/v1/users')).toMatchObject({ status: 403, body: { code: 40301 } });
  });

  it('without a signature learn nothing, not even what there is', async () => {
    const app = new Hono().route('/admin/v1', adminApiRoutes(bench.tenant));
    for (const path of ['/users', '/nothing']) {
      const answer = await app.request(`/admin/v1${path}`);
      expect([answer.status, await answer.json()]).toMatchObject([401, { stat: 'FAIL', code: 40101 }]);
    }
  });
});
