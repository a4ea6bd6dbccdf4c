/** @duosecurity/duo_api of the npm registry, as it is, against the Admin API and the Auth API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../../../ctap/bytes.ts';
import type { ApiRequest } from './api-program.ts';
import { SdkProgram } from './child.ts';
import { code, type Keys, SEED, ServiceBench } from './service.ts';

/** Passwords are hashed and programs start, on a machine that may be busy. */
const PATIENCE_MS = 60_000;

let bench: ServiceBench;
let program: SdkProgram;
let admin: Keys;
let auth: Keys;

beforeAll(async () => {
  bench = await ServiceBench.start();
  program = new SdkProgram('api-program.ts', bench.address);
  admin = await bench.integration('admin-api');
  auth = await bench.integration('auth-api');
}, PATIENCE_MS);
afterAll(async () => {
  await program.end();
  await bench.close();
});

interface Answered {
  readonly stat: string;
  readonly code?: number;
  readonly response: unknown;
}

type Call = [method: ApiRequest['method'], path: string, params?: ApiRequest['params']];

/** What the SDK makes of the answer: the envelope. */
async function ask(keys: Keys, [method, path, params = {}]: Call, version: 2 | 5 = 2): Promise<Answered> {
  const request: ApiRequest = { ...keys, host: bench.host, version, method, path, params };
  const answer = await program.ask(request);
  if ('error' in answer) throw new Error(`${method} ${path}: ${answer.error.message}`);
  return answer.value as Answered;
}

/** The response of a call that must succeed. */
async function ok<T>(keys: Keys, call: Call, version: 2 | 5 = 2): Promise<T> {
  const answer = await ask(keys, call, version);
  if (answer.stat !== 'OK') throw new Error(`${call.join(' ')}: expected OK, got ${JSON.stringify(answer)}`);
  return answer.response as T;
}

describe.each([2, 5] as const)('the Admin API, signatures of version %i', (version) => {
  it('creates, assigns and resynchronises a token, whose codes then sign in', async () => {
    const username = `ann${version}`;
    const { user_id } = await ok<{ user_id: string }>(
      admin,
      ['POST', '/admin/v1/users', { username, realname: 'Ann & Söhne (Test)!' }],
      version,
    );
    expect(await ok(admin, ['GET', '/admin/v1/users', { username }], version)).toMatchObject([
      { user_id, realname: 'Ann & Söhne (Test)!' },
    ]);
    const params = { type: 'h6', serial: `serial-${version}`, secret: toHex(SEED) };
    const { token_id } = await ok<{ token_id: string }>(admin, ['POST', '/admin/v1/tokens', params], version);
    await ok(admin, ['POST', `/admin/v1/users/${user_id}/tokens`, { token_id }], version);
    const signIn = (passcode: string) =>
      ok(auth, ['POST', '/auth/v2/auth', { username, factor: 'passcode', passcode }], version);
    expect(await signIn(code(700))).toMatchObject({ result: 'deny' });
    const codes = { code1: code(700), code2: code(701), code3: code(702) };
    expect(await ok(admin, ['POST', `/admin/v1/tokens/${token_id}/resync`, codes], version)).toBe('');
    expect(await signIn(code(703))).toMatchObject({ result: 'allow', status: 'allow' });
    expect(await signIn(code(703))).toMatchObject({ result: 'deny' });
    expect(await ok(admin, ['DELETE', `/admin/v1/users/${user_id}/tokens/${token_id}`], version)).toBe('');
    expect(await ok(admin, ['DELETE', `/admin/v1/tokens/${token_id}`], version)).toBe('');
    expect(await ok(admin, ['GET', '/admin/v1/tokens', { type: 'h6', serial: `serial-${version}` }], version)).toEqual(
      [],
    );
  });

  it('changes the step of a TOTP token', async () => {
    const params = { type: 't6', serial: `totp-${version}`, secret: toHex(SEED), totp_step: 60 };
    const { token_id } = await ok<{ token_id: string }>(admin, ['POST', '/admin/v1/tokens', params], version);
    const changed = await ok(admin, ['POST', `/admin/v1/tokens/${token_id}`, { totp_step: 30 }], version);
    expect(changed).toMatchObject({ token_id, totp_step: 30 });
  });

  it('mails an invitation to a user’s mailbox', async () => {
    const params = { username: `invited${version}`, email: `invited${version}@example.org` };
    const enrolCode = await ok<string>(admin, ['POST', '/admin/v1/users/enroll', params], version);
    const mails = bench.service.mailbox!.list().filter(({ to }) => to.includes(params.email));
    expect(mails).toHaveLength(1);
    expect(JSON.stringify(mails[0])).toContain(enrolCode);
  });

  it('pages through users', async () => {
    const answer = await ask(admin, ['GET', '/admin/v1/users', { limit: 1, offset: 1 }], version);
    expect(answer).toMatchObject({ stat: 'OK', metadata: { prev_offset: 0 }, response: [expect.any(Object)] });
  });
});

describe('the Auth API', () => {
  it('is there, and knows who may ask', async () => {
    expect(await ok(auth, ['GET', '/auth/v2/ping'])).toEqual({ time: expect.any(Number) });
    expect(await ok(auth, ['GET', '/auth/v2/check'])).toEqual({ time: expect.any(Number) });
  });

  it('tells before a sign-in what a user needs, and enrols new ones', async () => {
    await bench.userWithToken('bob');
    const judged = await ok(auth, ['POST', '/auth/v2/preauth', { username: 'bob' }]);
    expect(judged).toMatchObject({ result: 'auth', devices: [{ type: 'token', name: 'of-bob' }] });
    const enrolled = await ok<Record<string, string>>(auth, ['POST', '/auth/v2/enroll', { username: 'carol' }]);
    const { user_id, activation_code } = enrolled;
    const status = { user_id: user_id!, activation_code: activation_code! };
    expect(await ok(auth, ['POST', '/auth/v2/enroll_status', status])).toBe('waiting');
  });

  it('refuses factors that need a phone', async () => {
    const params = { username: 'bob', factor: 'push', device: 'auto' };
    expect(await ask(auth, ['POST', '/auth/v2/auth', params])).toMatchObject({ stat: 'FAIL', code: 40002 });
  });
});

describe('the SDK is told why', () => {
  const check: Call = ['GET', '/auth/v2/check'];

  it('a signature with a wrong secret is refused', async () => {
    const wrong = { ...auth, secret: auth.secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')) };
    expect(await ask(wrong, check)).toMatchObject({ stat: 'FAIL', code: 40103 });
    expect(await ask(wrong, check, 5)).toMatchObject({ stat: 'FAIL', code: 40103 });
  });

  it('an unknown key is refused', async () => {
    expect(await ask({ ...auth, key: 'DIXXXXXXXXXXXXXXXXXX' }, check)).toMatchObject({ stat: 'FAIL', code: 40102 });
  });

  it('the key of another API is refused', async () => {
    expect(await ask(admin, check)).toMatchObject({ stat: 'FAIL', code: 40301 });
    expect(await ask(auth, ['GET', '/admin/v1/users'])).toMatchObject({ stat: 'FAIL', code: 40301 });
  });

  it('a clock that is wrong is refused', async () => {
    bench.setAhead(400);
    expect(await ask(auth, check)).toMatchObject({ stat: 'FAIL', code: 40105 });
    bench.setAhead(0);
  });
});
