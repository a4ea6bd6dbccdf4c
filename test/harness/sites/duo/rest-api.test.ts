import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { assignToken, createToken } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration, integrationSecret } from '../../../../harness/sites/duo/domain/integrations.ts';
import { createUser } from '../../../../harness/sites/duo/domain/users.ts';
import { type BsonDocument, encodeBson } from '../../../../harness/sites/duo/rest-api/bson.ts';
import { restApiRoutes } from '../../../../harness/sites/duo/rest-api/routes.ts';
import { type TestTenant, testTenant } from './tenant.ts';

const SEED = utf8('12345678901234567890');
const code = (counter: number) => hotp(SEED, counter);

describe('BSON', () => {
  it('has the bytes of the examples of bsonspec.org', () => {
    const hello = '\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00';
    expect(encodeBson({ hello: 'world' }).toString('latin1')).toBe(hello);
  });

  it('nests documents and counts bytes, not characters', () => {
    expect(encodeBson({ a: { ü: 1 }, n: -1 }).toString('hex')).toBe(
      '1c000000' + '0361000d000000' + '10c3bc0001000000' + '00' + '106e00ffffffff' + '00',
    );
    expect(() => encodeBson({ n: 2 ** 31 })).toThrow(RangeError);
    expect(() => encodeBson({ 'a\0b': 1 })).toThrow(RangeError);
  });
});

describe('the API of old programs', () => {
  let bench: TestTenant;
  let key: string;
  let secret: string;
  let app: ReturnType<typeof restApiRoutes>;

  beforeEach(async () => {
    bench = testTenant();
    const { tenant } = bench;
    ({ integrationKey: key } = await createIntegration(tenant, { type: 'auth-api', name: 'Server' }));
    secret = integrationSecret(tenant, key);
    const { userId } = await createUser(tenant, { username: 'ann' });
    const { tokenId } = await createToken(tenant, { type: 'h6', serial: '1', secret: toHex(SEED) });
    await assignToken(tenant, tokenId, userId);
    app = restApiRoutes(tenant);
  });

  /** Asks with a signature of version 1, HMAC-SHA1; resolves to the answer as text, since the bytes are checked above. */
  async function ask(method: string, path: string, params: Record<string, string>, signer = secret) {
    const query = Object.entries(params)
      .sort()
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    const text = [method, bench.tenant.host, path, query].join('\n');
    const signature = createHmac('sha1', signer).update(text).digest('hex');
    const headers = {
      host: bench.tenant.host,
      authorization: `Basic ${Buffer.from(`${key}:${signature}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const url = `https://${bench.tenant.host}${path}`;
    const answer =
      method === 'GET'
        ? await app.request(`${url}?${query}`, { headers })
        : await app.request(url, { method, headers, body: query });
    expect(answer.headers.get('content-type')).toBe('application/bson');
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  const answered = (response: BsonDocument) => ({ status: 200, body: encodeBson({ stat: 'OK', response }) });
  const ALLOWED = { result: 'allow', status: 'Success. Logging you in...' };

  it('asks for a passcode, and takes it once', async () => {
    const prompt = { result: 'auth', prompt: 'Duo login for ann\n\nPasscode: ', factors: {} };
    expect(await ask('POST', '/preauth.bson', { user: 'ann' })).toEqual(answered(prompt));
    const params = { user: 'ann', factor: 'auto', auto: code(0), async: '0' };
    expect(await ask('POST', '/auth.bson', params)).toEqual(answered(ALLOWED));
    const again = await ask('POST', '/auth.bson', params);
    expect(again.body.toString('latin1')).toMatch(/result\0.{4}deny\0/s);
  });

  it('answers later where that is asked for', async () => {
    const params = { user: 'ann', factor: 'auto', auto: code(0), async: '1' };
    const { body } = await ask('POST', '/auth.bson', params);
    const txid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(body.toString('latin1'))![0];
    expect(await ask('GET', '/status.bson', { txid })).toEqual(answered(ALLOWED));
    expect(await ask('GET', '/status.bson', { txid: 'other' })).toMatchObject({ status: 400 });
  });

  it('sends a user without a device to the enrolment page', async () => {
    const { body } = await ask('POST', '/preauth.bson', { user: 'newcomer' });
    expect(body.toString('latin1')).toMatch(/enroll\0.*Enroll an authentication device.*\/enroll\?code=/s);
  });

  it('refuses a wrong secret, other factors, and what there is not', async () => {
    expect(await ask('POST', '/preauth.bson', { user: 'ann' }, 'wrong')).toMatchObject({ status: 401 });
    const push = await ask('POST', '/auth.bson', { user: 'ann', factor: 'push', async: '0' });
    expect(push.body.toString('latin1')).toContain('Invalid request parameters');
    expect(await ask('POST', '/nothing.bson', { user: 'ann' })).toMatchObject({ status: 404 });
    const bare = await app.request(`https://${bench.tenant.host}/preauth.bson`, { method: 'POST' });
    expect(bare.status).toBe(401);
  });
});
