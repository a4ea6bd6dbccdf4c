import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DuoSite, type SiteEvent, startDuoSite } from '../../../harness/sites/duo/index.ts';
import { SiteClient, SoftKey } from './soft-key.ts';

let site: DuoSite;
let client: SiteClient;
let key: SoftKey;
let time: number;
let events: SiteEvent[];

beforeEach(async () => {
  time = Date.UTC(2026, 0, 2, 3, 4, 5);
  events = [];
  site = await startDuoSite({ now: () => time, onEvent: (event) => events.push(event) });
  client = new SiteClient(site.url);
  key = new SoftKey(site.origin);
});
afterEach(async () => {
  await site.close();
});

describe('the ceremonies', () => {
  test('enrol a key, sign in, list the keys, sign out', async () => {
    expect(site.url).toBe(`http://localhost:${site.port}`);
    const enrolled = await client.enroll(key, ' Alice ');
    expect(enrolled).toMatchObject({
      status: 200,
      body: { verified: true, username: 'alice', keyCount: 1, key: { id: key.id, name: 'Security key' } },
    });
    expect(await client.get('/api/account')).toMatchObject({ status: 401, body: { error: { code: 'not_signed_in' } } });

    expect(await client.signIn(key, 'alice')).toMatchObject({
      status: 200,
      body: { verified: true, username: 'alice', credentialId: key.id, userVerified: false, signCount: 1 },
    });
    expect((await client.get('/api/account')).body).toMatchObject({
      username: 'alice',
      keys: [{ id: key.id, signCount: 1, transports: ['usb'], lastUsedAt: '2026-01-02T03:04:05.000Z' }],
    });
    const signedIn = client.cookie;
    expect((await client.post('/api/sign-out', {})).status).toBe(200);
    client.cookie = signedIn;
    expect((await client.get('/api/account')).status).toBe(401);
  });

  test('ask for what the reference captures of Duo ask for', async () => {
    const { body: creation } = await client.creationOptions('alice');
    expect(creation).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: 'alice' },
      timeout: 60_000,
      attestation: 'none',
      pubKeyCredParams: [{ alg: -7 }, { alg: -257 }],
      authenticatorSelection: {
        authenticatorAttachment: 'cross-platform',
        residentKey: 'discouraged',
        userVerification: 'discouraged',
      },
    });
    await client.post('/api/registration', key.register(creation));
    const { body: requested } = await client.requestOptions('alice');
    expect(requested).toMatchObject({
      rpId: 'localhost',
      timeout: 60_000,
      userVerification: 'discouraged',
      allowCredentials: [{ type: 'public-key', id: key.id, transports: ['usb', 'nfc', 'ble'] }],
    });
    const { body: again } = await client.creationOptions('alice');
    expect(again.excludeCredentials).toMatchObject([{ id: key.id, transports: ['usb'] }]);
    expect(again.user.id).toBe(creation.user.id);
  });

  test('refuse an answer that is not for this site', async () => {
    const wrong = [
      [{ origin: 'http://evil.example' }, 'http://evil.example'],
      [{ rpId: 'evil.example' }, 'RP ID'],
      [{ challenge: 'AAAA' }, 'challenge'],
      [{ flags: 0 }, 'not present'],
    ] as const;
    for (const [twist, words] of wrong) {
      const refused = await client.enroll(key, 'alice', { ...twist, ...('flags' in twist ? { flags: 0x40 } : {}) });
      expect(refused).toMatchObject({ status: 400, body: { error: { code: 'not_verified' } } });
      expect(refused.body.error.message).toContain(words);
    }
    await client.enroll(key, 'alice');
    for (const [twist, words] of wrong) {
      const refused = await client.signIn(key, 'alice', twist);
      expect(refused).toMatchObject({ status: 400, body: { error: { code: 'not_verified' } } });
      expect(refused.body.error.message).toContain(words);
    }
    expect(events.filter((event) => event.accepted)).toHaveLength(1);
  });

  test('demand user verification where the policy requires it', async () => {
    await site.close();
    site = await startDuoSite({ userVerification: 'required' });
    client = new SiteClient(site.url);
    key = new SoftKey(site.origin);
    expect((await client.enroll(key, 'alice')).body.error.message).toContain('User verification');
    expect((await client.enroll(key, 'alice', { flags: 0x45 })).status).toBe(200);
    expect((await client.signIn(key, 'alice')).status).toBe(400);
    expect((await client.signIn(key, 'alice', { flags: 0x05 })).body).toMatchObject({ userVerified: true });
  });
});

describe('challenges', () => {
  test('serve once', async () => {
    const { body: creation } = await client.creationOptions('alice');
    const answer = key.register(creation);
    expect((await client.post('/api/registration', answer)).status).toBe(200);
    expect(await client.post('/api/registration', answer)).toMatchObject({
      status: 400,
      body: { error: { code: 'no_challenge' } },
    });
    const { body: requested } = await client.requestOptions('alice');
    const bad = key.authenticate(requested, { signature: 'AAAA' });
    expect((await client.post('/api/authentication', bad)).status).toBe(401);
    const good = key.authenticate(requested);
    expect((await client.post('/api/authentication', good)).body.error.code).toBe('no_challenge');
  });

  test('serve once when five answers come at the same time', async () => {
    await client.enroll(key, 'alice');
    const { body: requested } = await client.requestOptions('alice');
    const answer = key.authenticate(requested);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.post('/api/authentication', answer)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('belong to one session', async () => {
    await client.enroll(key, 'alice');
    const { body: requested } = await client.requestOptions('alice');
    const stranger = new SiteClient(site.url);
    const answer = key.authenticate(requested);
    expect((await stranger.post('/api/authentication', answer)).body.error.code).toBe('no_session');
    await stranger.requestOptions('alice');
    const refused = await stranger.post('/api/authentication', answer);
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toContain('challenge');
  });

  test('die after five minutes', async () => {
    await client.enroll(key, 'alice');
    const { body: requested } = await client.requestOptions('alice');
    time += 5 * 60 * 1000;
    expect((await client.post('/api/authentication', key.authenticate(requested))).body.error.code).toBe(
      'no_challenge',
    );
    const { body: fresh } = await client.requestOptions('alice');
    time += 5 * 60 * 1000 - 1;
    expect((await client.post('/api/authentication', key.authenticate(fresh))).status).toBe(200);
  });
});

describe('accounts', () => {
  test('answer alike whether they exist or not', async () => {
    await client.enroll(key, 'alice');
    const stranger = new SiteClient(site.url);
    const shape = ({ body }: { body: object }): string[] => Object.keys(body);
    const real = await stranger.requestOptions('alice');
    const decoy = await stranger.requestOptions('nobody');
    const again = await stranger.requestOptions('nobody');
    expect(shape(decoy)).toEqual(shape(real));
    expect(decoy.body.allowCredentials).toEqual(again.body.allowCredentials);
    expect({ ...decoy.body.allowCredentials?.[0], id: '' }).toEqual({ ...real.body.allowCredentials?.[0], id: '' });

    const forger = new SoftKey(site.origin);
    for (const signature of [undefined, 'AAAA']) {
      const twist = signature === undefined ? {} : { signature };
      const refusals = [];
      for (const username of ['alice', 'nobody']) {
        const { body } = await stranger.requestOptions(username);
        const id = body.allowCredentials?.[0]?.id;
        const forged = { ...forger.authenticate(body, twist), id, rawId: id };
        const { status, body: refusal } = await stranger.post('/api/authentication', forged);
        refusals.push({ status, refusal });
      }
      expect(refusals[0]).toEqual(refusals[1]);
      expect(refusals[0]).toMatchObject({ status: 401, refusal: { error: { code: 'wrong_key' } } });
    }
  });

  test("are not opened by another account's key", async () => {
    const bobs = new SoftKey(site.origin);
    await client.enroll(key, 'alice');
    await new SiteClient(site.url).enroll(bobs, 'bob');
    expect(await client.signIn(bobs, 'alice')).toMatchObject({ status: 401, body: { error: { code: 'wrong_key' } } });
    expect(events.at(-1)).toMatchObject({ reason: 'The credential belongs to bob, not to alice.' });
    const refused = await client.signIn(key, 'alice', { userHandle: 'Ym9i' });
    expect(refused.status).toBe(401);
    expect((await client.get('/api/account')).status).toBe(401);
  });

  test('take further keys only from who signed in or has just enrolled', async () => {
    await client.enroll(key, 'alice');
    const second = new SoftKey(site.origin);
    const stranger = new SiteClient(site.url);
    expect(await stranger.enroll(second, 'alice')).toMatchObject({
      status: 403,
      body: { error: { code: 'already_enrolled' } },
    });
    expect((await client.enroll(second, 'alice')).body).toMatchObject({ keyCount: 2, key: { name: 'Security key 2' } });
    await stranger.signIn(second, 'alice');
    expect((await stranger.enroll(new SoftKey(site.origin), 'alice')).body).toMatchObject({ keyCount: 3 });
    time += 30 * 60 * 1000;
    expect((await client.enroll(new SoftKey(site.origin), 'alice')).status).toBe(403);
  });

  test('go to one of two who enrol the same name at once; a credential goes to one account', async () => {
    const other = new SiteClient(site.url);
    const mine = await client.creationOptions('alice');
    const theirs = await other.creationOptions('alice');
    await client.post('/api/registration', key.register(mine.body));
    const second = new SoftKey(site.origin);
    expect(await other.post('/api/registration', second.register(theirs.body))).toMatchObject({
      status: 409,
      body: { error: { code: 'already_enrolled' } },
    });
    expect(await other.enroll(key, 'bob')).toMatchObject({ status: 409, body: { error: { code: 'key_taken' } } });
  });

  test('notice a signature counter that does not advance', async () => {
    await client.enroll(key, 'alice');
    await client.signIn(key, 'alice', { signCount: 7 });
    for (const signCount of [7, 6, 0]) {
      const refused = await client.signIn(key, 'alice', { signCount });
      expect(refused).toMatchObject({ status: 401, body: { error: { code: 'counter_went_back' } } });
    }
    expect((await client.signIn(key, 'alice', { signCount: 8 })).status).toBe(200);
  });
});
