import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DuoSite, MemoryStore, startDuoSite } from '../../../harness/sites/duo/index.ts';
import { SiteClient, SoftKey } from './soft-key.ts';

let site: DuoSite;
let client: SiteClient;
let key: SoftKey;
let time: number;

beforeEach(async () => {
  time = Date.UTC(2026, 0, 2, 3, 4, 5);
  site = await startDuoSite({ now: () => time });
  client = new SiteClient(site.url);
  key = new SoftKey(site.origin);
});
afterEach(async () => {
  await site.close();
});

describe('bad input', () => {
  test.each([
    ['/api/registration/options', '{', 'bad_json', 'could not be parsed'],
    ['/api/registration/options', '[]', 'malformed', 'not an array'],
    ['/api/registration/options', '{}', 'bad_username', 'not missing'],
    ['/api/registration/options', '{"username":7}', 'bad_username', 'not a number'],
    ['/api/authentication/options', '{"username":"a b"}', 'bad_username', '1 to 64'],
    ['/api/registration', '{"id":"AA","rawId":"AA","type":"public-key"}', 'no_session', 'session cookie'],
    ['/api/authentication', '{"id":"AA","rawId":"AA","type":"public-key"}', 'no_session', 'session cookie'],
  ])('%s with %s is a 400 that says why', async (path, body, code, words) => {
    const refused = await client.post(path, body);
    expect(refused).toMatchObject({ status: 400, body: { error: { code } } });
    expect(refused.body.error.message).toContain(words);
  });

  test('a response with a member of the wrong type names the member', async () => {
    const { body: creation } = await client.creationOptions('alice');
    const good = key.register(creation);
    const cases: [unknown, string][] = [
      [{ ...good, id: 'a=' }, '"id" must be base64url'],
      [{ ...good, rawId: 'AAAA' }, '"id" and "rawId"'],
      [{ ...good, type: 'password' }, '"type" must be "public-key"'],
      [{ ...good, response: null }, '"response" must be a JSON object, not null'],
      [{ ...good, response: { ...good.response, attestationObject: 5 } }, '"response.attestationObject"'],
      [{ ...good, response: { ...good.response, transports: 'usb' } }, '"response.transports"'],
    ];
    for (const [body, words] of cases) {
      const refused = await client.post('/api/registration', body);
      expect(refused).toMatchObject({ status: 400, body: { error: { code: 'malformed' } } });
      expect(refused.body.error.message).toContain(words);
    }
    // A body that says nothing does not spend the challenge.
    expect((await client.post('/api/registration', good)).status).toBe(200);
  });

  test('garbage inside the base64url is refused by the verifier', async () => {
    const { body: creation } = await client.creationOptions('alice');
    const good = key.register(creation);
    const garbage = { ...good, response: { ...good.response, attestationObject: 'AAAA' } };
    expect(await client.post('/api/registration', garbage)).toMatchObject({
      status: 400,
      body: { error: { code: 'not_verified' } },
    });
  });

  test('another content type is a 415', async () => {
    const refused = await client.post('/api/registration/options', '{}', { 'Content-Type': 'text/plain' });
    expect(refused).toMatchObject({ status: 415, body: { error: { code: 'not_json' } } });
  });

  test('a huge body is a 413, announced or in chunks, and the site goes on', async () => {
    const huge = JSON.stringify({ username: 'a'.repeat(100_000) });
    expect(await client.post('/api/registration/options', huge)).toMatchObject({
      status: 413,
      body: { error: { code: 'too_large' } },
    });
    const stream = new Blob([huge]).stream();
    const init = { method: 'POST', body: stream, duplex: 'half', headers: { 'Content-Type': 'application/json' } };
    expect((await fetch(`${site.url}/api/registration/options`, init as RequestInit)).status).toBe(413);
    expect((await client.enroll(key, 'alice')).status).toBe(200);
  });

  test('what is not there is a 404', async () => {
    expect(await client.get('/api/nothing')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    expect((await client.get('/nothing')).status).toBe(404);
    for (const path of ['/assets/vendor/simplewebauthn/..%2fpackage.json', '/assets/app/..%2fserver.js']) {
      expect((await client.get(path)).status).toBe(404);
    }
  });
});

describe('the doors', () => {
  test.each(['evil.example', 'evil.example:80', 'localhost:1'])('Host %s is a 421', async (host) => {
    const sent = request({ host: '127.0.0.1', port: site.port, path: '/api/account', headers: { Host: host } });
    sent.end();
    const [answer] = await once(sent, 'response');
    expect(answer.statusCode).toBe(421);
    const chunks: Uint8Array[] = await answer.toArray();
    expect(JSON.parse(Buffer.concat(chunks).toString()).error.message).toContain(`localhost:${site.port}`);
  });

  test('a page asked for by address is sent to the name', async () => {
    const answer = await fetch(`http://127.0.0.1:${site.port}/sign-in`, { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe(`${site.url}/sign-in`);
    const headers = { 'Content-Type': 'application/json' };
    const init = { method: 'POST', headers, body: '{"username":"alice"}' };
    expect((await fetch(`http://127.0.0.1:${site.port}/api/registration/options`, init)).status).toBe(421);
  });

  test.each([{ Origin: 'http://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }])(
    'a change asked for with %j is a 403',
    async (headers) => {
      const refused = await client.post('/api/authentication/options', { username: 'alice' }, headers);
      expect(refused).toMatchObject({ status: 403, body: { error: { code: 'wrong_origin' } } });
      const own = { Origin: site.origin, 'Sec-Fetch-Site': 'same-origin' };
      expect((await client.post('/api/authentication/options', { username: 'alice' }, own)).status).toBe(200);
    },
  );

  test('a planted session id gains nothing, and the cookie is for this site alone', async () => {
    const options = await client.creationOptions('alice');
    expect(options.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    await client.post('/api/registration', key.register(options.body));
    await client.requestOptions('alice');
    const before = client.cookie;
    await client.signIn(key, 'alice');
    expect(client.cookie).not.toBe(before);
    const planted = new SiteClient(site.url);
    planted.cookie = before;
    expect((await planted.get('/api/account')).status).toBe(401);
    const invented = new SiteClient(site.url);
    invented.cookie = `ctaplab_session_${site.port}=invented`;
    await invented.creationOptions('bob');
    expect(invented.cookie).not.toContain('invented');
    time += 8 * 60 * 60 * 1000;
    expect((await client.get('/api/account')).status).toBe(401);
  });

  test('every answer carries the strict policy, errors too', async () => {
    for (const path of ['/', '/nothing', '/api/account', '/assets/site.css']) {
      const { headers } = await client.get(path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect((await client.get('/api/account')).headers.get('cache-control')).toBe('no-store');
  });

  test('opens on loopback only, unless told otherwise', async () => {
    await expect(startDuoSite({ host: '0.0.0.0' })).rejects.toThrow('loopback addresses only, not 0.0.0.0');
    await expect(startDuoSite({ host: '::' })).rejects.toThrow('loopback');
    await expect(startDuoSite({ host: 'example.com' })).rejects.toThrow('loopback');
    const open = await startDuoSite({ host: '0.0.0.0', allowRemote: true });
    await open.close();
  });

  test('refuses a host name outside its RP ID, and a port that is taken', async () => {
    await expect(startDuoSite({ rpId: 'a.localhost', hostname: 'b.localhost' })).rejects.toThrow('a.localhost');
    await expect(startDuoSite({ port: site.port })).rejects.toThrow('EADDRINUSE');
  });

  test('keeps accounts in the store that it is given', async () => {
    const store = new MemoryStore();
    const first = await startDuoSite({ store });
    await new SiteClient(first.url).enroll(new SoftKey(first.origin), 'alice');
    await first.close();
    expect(await store.keysOf('alice')).toHaveLength(1);
  });
});
