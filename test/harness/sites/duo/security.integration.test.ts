/** What an attacker tries: each is refused, and what concerns a sign-in is logged. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listActivities, listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { createEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { createIntegration, integrationSecret } from '../../../../harness/sites/duo/domain/integrations.ts';
import { changePolicy, DEFAULT_POLICY, readPolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { importTokens } from '../../../../harness/sites/duo/domain/token-import.ts';
import { countUsers, createUser, findUser, updateUser } from '../../../../harness/sites/duo/domain/users.ts';
import { credentialsOfUser, markCredentialLost } from '../../../../harness/sites/duo/domain/webauthn-credentials.ts';
import { type DuoService, startDuoService } from '../../../../harness/sites/duo/service.ts';
import { evenOut } from '../../../../harness/sites/duo/web/web.ts';
import { ADMINISTRATOR, Person, refusal } from './person.ts';

let folder: string;
let service: DuoService;
const defects: unknown[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-security-'));
  service = await startDuoService({ folder, administrator: ADMINISTRATOR, onDefect: (error) => defects.push(error) });
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
  expect(defects).toEqual([]);
});
beforeEach(async () => {
  await changePolicy(service.tenant, { ...DEFAULT_POLICY });
});

let count = 0;
const freshName = () => `user${++count}`;

/** The latest line of a user's log. */
function logged(username: string) {
  const { userId } = findUser(service.tenant, username)!;
  const [latest] = listAuthentications(service.tenant, { userId, limit: 1 });
  return `${latest?.result} ${latest?.reason}`;
}

describe('requests that another site makes the browser send', () => {
  it('change nothing in the dashboard', async () => {
    const admin = new Person(service);
    await admin.signInAsAdministrator();
    const page = await admin.get('/dashboard/users');
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)![1]!;
    const other = new Person(service);
    const theirs = /name="csrf" value="([^"]+)"/.exec((await other.signInAsAdministrator()).text)![1]!;
    const before = countUsers(service.tenant);
    const send = async (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      (await admin.send('POST', '/dashboard/users', new URLSearchParams(fields), headers)).status;
    expect(await send({ username: 'forged' })).toBe(403);
    expect(await send({ username: 'forged', csrf: theirs })).toBe(403);
    expect(await send({ username: 'forged', csrf }, { Origin: 'https://evil.example' })).toBe(403);
    expect(await send({ username: 'forged', csrf }, { Origin: 'null' })).toBe(403);
    expect(await send({ username: 'forged', csrf }, { 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
    expect(await send({ username: 'forged', csrf }, { 'Sec-Fetch-Site': 'same-site' })).toBe(403);
    expect(countUsers(service.tenant)).toBe(before);
    expect(await send({ username: 'genuine', csrf })).toBe(303);
  });

  it('do not reach what scripts call', async () => {
    const person = await Person.enrolled(service, freshName());
    const send = async (headers: Record<string, string>) =>
      (await person.send('POST', '/enroll/options', '{"kind":"security-key"}', headers)).status;
    expect(await send({ Origin: 'https://evil.example' })).toBe(403);
    expect(await send({ 'Content-Type': 'text/plain' })).toBe(415);
    expect(await send({ 'Content-Type': 'application/x-www-form-urlencoded' })).toBe(415);
    expect(await send({})).toBe(200);
  });

  it('do not sign anybody out', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await person.signIn(name);
    expect((await person.send('POST', '/sign-out', new URLSearchParams())).status).toBe(403);
    expect((await person.get('/portal')).path).toBe('/portal');
  });

  it('find no service under a foreign name', async () => {
    const person = new Person(service);
    expect((await person.send('GET', '/dashboard', undefined, { Host: 'evil.example' })).status).toBe(421);
  });
});

describe('sessions', () => {
  it('get another id with every gain of rights, and a planted one gains nothing', async () => {
    const name = freshName();
    const victim = await Person.enrolled(service, name);
    const attacker = new Person(service);
    await attacker.get('/sign-in');
    const planted = new Map(attacker.cookies);
    victim.cookies.clear();
    for (const [cookie, value] of planted) victim.cookies.set(cookie, value);
    await victim.signIn(name);
    expect((await victim.get('/portal')).path).toBe('/portal');
    expect((await attacker.get('/portal')).path).toBe('/sign-in');
    expect([...victim.cookies.values()]).not.toEqual([...planted.values()]);

    const admin = new Person(service);
    await admin.get('/dashboard');
    const before = new Map(admin.cookies);
    await admin.signInAsAdministrator();
    expect((await admin.get('/dashboard')).path).toBe('/dashboard');
    const old = new Person(service);
    for (const [cookie, value] of before) old.cookies.set(cookie, value);
    expect((await old.get('/dashboard')).path).toBe('/dashboard/sign-in');
  });

  it('live in cookies that scripts, other hosts and plain HTTP do not see', async () => {
    const person = new Person(service);
    for (const [path, sameSite] of [
      ['/sign-in', 'Lax'],
      ['/dashboard/sign-in', 'Strict'],
    ] as const) {
      const { headers } = await person.send('GET', path);
      expect(headers['set-cookie']).toHaveLength(1);
      expect(headers['set-cookie']![0]).toMatch(
        new RegExp(`^__Host-ctaplab_\\w+=[\\w-]{43}; Path=/; HttpOnly; Secure; SameSite=${sameSite}$`),
      );
    }
  });

  it('end when the user is disabled', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await person.signIn(name);
    await updateUser(service.tenant, findUser(service.tenant, name)!.userId, { status: 'disabled' });
    expect((await person.get('/portal')).path).toBe('/sign-in');
    await expect(person.creationOptions()).rejects.toThrow(/403/);
  });

  it('of an administrator end, but for this one, when the password is changed', async () => {
    const [here, elsewhere] = [new Person(service), new Person(service)];
    for (const browser of [here, elsewhere]) await browser.signInAsAdministrator();
    const page = await here.get('/dashboard/account');
    const path = '/dashboard/account/password';
    const next = 'another horse battery';
    const submit = async (current: string, password: string, repeated = password) =>
      (await here.submit(page, path, { current, password, repeated })).text;
    const forged = new URLSearchParams({ current: ADMINISTRATOR.password, password: next, repeated: next });
    expect((await here.send('POST', path, forged)).status).toBe(403);
    expect(await submit(ADMINISTRATOR.password, next, 'something else')).toContain('The new passwords differ.');
    expect(await submit(ADMINISTRATOR.password, 'short')).toContain('A password has at least 12 characters.');
    expect(await submit('a guessed password', next)).toContain('The current password is not right');
    expect(listActivities(service.tenant)[0]).toMatchObject({
      actor: ADMINISTRATOR.email,
      action: 'admin_password_denied',
    });
    expect((await elsewhere.get('/dashboard')).path).toBe('/dashboard');

    expect(await submit(ADMINISTRATOR.password, next)).toContain('Your password is changed.');
    expect(listActivities(service.tenant)[0]).toMatchObject({ action: 'admin_password_change' });
    expect((await here.get('/dashboard')).path).toBe('/dashboard');
    expect((await elsewhere.get('/dashboard')).path).toBe('/dashboard/sign-in');
    expect((await new Person(service).signInAsAdministrator()).status).toBe(401);
    const fresh = await here.get('/dashboard/account');
    const { password } = ADMINISTRATOR;
    const restored = await here.submit(fresh, path, { current: next, password, repeated: password });
    expect(restored.text).toContain('Your password is changed.');
  });

  it('leaves no file with a password that was changed', async () => {
    const own = mkdtempSync(join(tmpdir(), 'ctaplab-password-'));
    const other = await startDuoService({ folder: own });
    try {
      const { email, password, passwordFile } = other.administrator!;
      expect(readFileSync(passwordFile!, 'utf8')).toBe(`${password}\n`);
      const person = new Person(other);
      await person.signInAsAdministrator({ email, password });
      const page = await person.get('/dashboard/account');
      const next = 'another horse battery';
      await person.submit(page, '/dashboard/account/password', { current: password, password: next, repeated: next });
      expect(readdirSync(own)).not.toContain('administrator-password.txt');
    } finally {
      await other.close();
      rmSync(own, { recursive: true });
    }
  });

  it('open nothing of the dashboard without an administrator', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await person.signIn(name);
    for (const path of ['', '/users', '/policy', '/tokens', '/applications', '/log', '/groups']) {
      expect((await person.get(`/dashboard${path}`)).path).toBe('/dashboard/sign-in');
    }
    const form = new URLSearchParams({ username: 'forged' });
    expect((await person.send('POST', '/dashboard/users', form)).status).toBe(401);
  });
});

describe('redirects', () => {
  it('stay on the service', async () => {
    const person = new Person(service);
    const paths = [
      '//evil.example',
      '/\\evil.example',
      '/sign-in?next=https://evil.example',
      '/%2f%2fevil.example',
      '/portal',
    ];
    for (const path of paths) {
      for (const headers of [{}, { Host: `127.0.0.1:${service.port}` }]) {
        const { status, headers: answer } = await person.send('GET', path, undefined, headers);
        if (status >= 300 && status < 400) {
          expect(new URL(answer.location!, service.url).origin).toBe(service.url);
        }
      }
    }
    const from = await person.get('/sign-in');
    const next = await person.submit(from, '/sign-in?next=https://evil.example', { username: 'x' });
    expect(next.path).toBe('/sign-in/prompt');
  });
});

describe('who asks whether an account exists', () => {
  it('sees the same pages and options', async () => {
    const name = freshName();
    await Person.enrolled(service, name);
    const seen = async (username: string) => {
      const asker = new Person(service);
      const { status, text } = await asker.name(username);
      const options = await asker.requestOptions();
      const shape = options.allowCredentials?.map(({ type, transports }) => ({ type, transports }));
      return { status, text: text.replaceAll(username, 'NAME'), members: Object.keys(options), shape };
    };
    const known = await seen(name);
    expect(await seen('nobody1')).toEqual(known);
    expect(await seen("nobody' --".replace(/[^a-z]/g, ''))).toEqual(known);
  });

  it('is told the same of a wrong passcode, a wrong key and a lock-out', async () => {
    const name = freshName();
    await Person.enrolled(service, name);
    await changePolicy(service.tenant, { lockoutAttempts: 4 });
    const told = async (username: string) => {
      const asker = new Person(service);
      await asker.name(username);
      const answers: unknown[] = [];
      const options = await asker.requestOptions();
      // A key of one's own, under its own id and under the id that was offered.
      const assertion = asker.key.authenticate(options);
      const { id } = options.allowCredentials![0]!;
      for (const tried of [assertion, { ...assertion, id, rawId: id }]) {
        const answer = await asker.send('POST', '/sign-in/assertion', JSON.stringify(tried));
        answers.push(answer.status, JSON.parse(answer.text));
        await asker.requestOptions();
      }
      for (let attempt = 0; attempt < 3; attempt++) {
        const answer = await asker.send('POST', '/sign-in/passcode', JSON.stringify({ passcode: '000000' }));
        answers.push(answer.status, JSON.parse(answer.text));
      }
      return answers;
    };
    const known = await told(name);
    expect(known).toHaveLength(10);
    expect(JSON.stringify(known.at(-1))).toMatch(/locked out/);
    expect(await told('nobody2')).toEqual(known);
  });

  it('is not told that an account is disabled', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await updateUser(service.tenant, findUser(service.tenant, name)!.userId, { status: 'disabled' });
    expect(await refusal(person.signIn(name))).toBe('wrong_key');
    expect(logged(name)).toBe('denied user_disabled');
  });

  it('learns nothing from the time of a denial', async () => {
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
    };
    const now = performance.now();
    await evenOut(now - 100, wait);
    await evenOut(now - 10_000, wait);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(0);
    expect(waits[0]).toBeLessThanOrEqual(20);
  });
});

describe('answers of a key', () => {
  it('are good once, in the session that asked, for the latest challenge', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await person.name(name);
    const first = await person.requestOptions();
    const late = person.key.authenticate(first);
    const second = person.key.authenticate(await person.requestOptions());
    expect(await refusal(person.post('/sign-in/assertion', late))).toBe('wrong_key');
    expect(logged(name)).toBe('denied verification_failed');
    expect(await refusal(person.post('/sign-in/assertion', second))).toBe('no_challenge');

    const good = person.key.authenticate(await person.requestOptions());
    const thief = new Person(service);
    await thief.name(name);
    expect(await refusal(thief.post('/sign-in/assertion', good))).toBe('no_challenge');
    await thief.requestOptions();
    expect(await refusal(thief.post('/sign-in/assertion', good))).toBe('wrong_key');
    await person.post('/sign-in/assertion', good);
    await person.get('/sign-in');
    expect(await refusal(person.post('/sign-in/assertion', good))).toMatch(/no_challenge|no_sign_in/);
  });

  it('open no account but that of their user', async () => {
    const [name, other] = [freshName(), freshName()];
    const person = await Person.enrolled(service, name);
    const mallory = await Person.enrolled(service, other);
    expect(await refusal(mallory.signIn(name))).toBe('wrong_key');
    expect(logged(name)).toBe('denied invalid_device');
    const handle = Buffer.from(findUser(service.tenant, other)!.handle).toString('base64url');
    expect(await refusal(person.signIn(name, { userHandle: handle }))).toBe('wrong_key');
    await person.signIn(name);
    // A challenge for one name is not good for another.
    await mallory.name(other);
    const assertion = mallory.key.authenticate(await mallory.requestOptions());
    await mallory.name(name);
    expect(await refusal(mallory.post('/sign-in/assertion', assertion))).toBe('no_challenge');
  });

  it('are refused where the signature counter does not advance', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await person.signIn(name, { signCount: 100 });
    for (const signCount of [99, 100, 0]) {
      expect(await refusal(person.signIn(name, { signCount }))).toBe('counter_went_back');
      expect(logged(name)).toBe('denied counter_went_back');
    }
    await person.signIn(name, { signCount: 101 });
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the RP ID as origin', { origin: 'https://duo.localhost' }],
    ['another RP ID', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['no touch', { flags: 0 }],
    ['a signature of nothing', { signature: 'MEUCIQ' }],
  ])('are refused with %s', async (_, twist) => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    expect(await refusal(person.signIn(name, twist))).toBe('wrong_key');
    expect(logged(name)).toBe('denied verification_failed');
    await person.signIn(name);
  });

  it('are refused at enrolment with another origin, RP ID or challenge, and none twice', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    const { userId } = findUser(service.tenant, name)!;
    for (const twist of [{ origin: 'https://evil.example' }, { rpId: 'evil.example' }, { challenge: 'AAAA' }]) {
      const answer = person.key.register(await person.creationOptions(), twist);
      expect(await refusal(person.post('/enroll/finish', answer))).toBe('refused');
      expect(logged(name)).toBe('denied enrolment_refused');
      expect(await refusal(person.post('/enroll/finish', answer))).toBe('no_challenge');
    }
    const same = person.key.register(await person.creationOptions());
    expect(await refusal(person.post('/enroll/finish', same))).toBe('taken');
    expect(credentialsOfUser(service.tenant, userId)).toHaveLength(1);
  });

  it('need the PIN where policy requires it', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    await changePolicy(service.tenant, { userVerification: 'required' });
    expect(await refusal(person.signIn(name))).toBe('wrong_key');
    await person.signIn(name, { flags: 0x05 });
  });
});

describe('enrolment', () => {
  it('by one link ends with its first device, in whichever browser', async () => {
    const { userId } = await createUser(service.tenant, { username: freshName() });
    const { code } = await createEnrolmentLink(service.tenant, userId);
    const [first, second] = [new Person(service), new Person(service)];
    for (const person of [first, second]) await person.post('/enroll/start', { code });
    const late = second.key.register(await second.creationOptions());
    await first.post('/enroll/finish', first.key.register(await first.creationOptions()));
    expect(await refusal(second.post('/enroll/finish', late))).toBe('used');
    expect(await refusal(second.creationOptions())).toBe('used');
    expect(credentialsOfUser(service.tenant, userId)).toHaveLength(1);
  });

  it('is nobody’s without a link or a session', async () => {
    const person = new Person(service);
    expect(await refusal(person.creationOptions())).toBe('no_session');
    await person.get('/sign-in');
    expect(await refusal(person.creationOptions())).toBe('no_enrolment');
    expect(await refusal(person.post('/enroll/start', { code: 'A'.repeat(43) }))).toBe('not_found');
  });

  it('offers nothing that policy has switched off', async () => {
    const person = await Person.enrolled(service, freshName());
    const answer = person.key.register(await person.creationOptions());
    await changePolicy(service.tenant, { securityKeys: false });
    expect(await refusal(person.creationOptions())).toBe('refused');
    expect(await refusal(person.post('/enroll/finish', answer))).toBe('refused');
  });
});

describe('the prompt of an application', () => {
  /** What a browser sees that an application sends to the prompt. */
  async function visit(username: string, visitor = new Person(service)) {
    const integration = await createIntegration(service.tenant, { type: 'web', name: 'Wiki' });
    const complete = async () => 'https://wiki.example/callback';
    const { path } = service.prompts.begin({ username, integration, redirectUri: 'https://wiki.example', complete });
    return { path, visitor, page: await visitor.get(path) };
  }

  it('lets nobody enrol in place of a device that is lost or switched off', async () => {
    const name = freshName();
    await Person.enrolled(service, name);
    const { userId } = findUser(service.tenant, name)!;
    const [credential] = credentialsOfUser(service.tenant, userId);
    await markCredentialLost(service.tenant, credential!.webauthnKey, true);
    const lost = await visit(name);
    expect(lost.page).toMatchObject({ status: 403 });
    expect(lost.page.text).toContain('None of your devices can be used here');
    expect(await refusal(lost.visitor.creationOptions())).toBe('no_enrolment');
    await markCredentialLost(service.tenant, credential!.webauthnKey, false);
    await changePolicy(service.tenant, { securityKeys: false });
    expect((await visit(name)).page.status).toBe(403);
    await changePolicy(service.tenant, { securityKeys: true, newUsers: 'deny' });
    expect((await visit(name)).page.status).toBe(200);
    expect((await visit(freshName())).page.status).toBe(403);
  });

  it('is one browser’s, ends once, and signs in for no other application', async () => {
    const name = freshName();
    const person = await Person.enrolled(service, name);
    const { path } = await visit(name, person);
    const thief = new Person(service);
    expect((await thief.get(path)).status).toBe(403);
    expect(await refusal(thief.post(`${path}/options`, {}))).toBe('other_browser');
    const assertion = person.key.authenticate(await person.post(`${path}/options`, {}));
    expect(await person.post(`${path}/assertion`, assertion)).toEqual({ url: 'https://wiki.example/callback' });
    expect(await refusal(person.post(`${path}/assertion`, assertion))).toBe('no_prompt');
    expect((await person.get('/portal')).path).toBe('/sign-in');
  });
});

describe('the mailbox', () => {
  it('is for administrators alone where other machines reach the service', async () => {
    const open = await startDuoService({ host: '0.0.0.0', allowRemote: true, administrator: ADMINISTRATOR });
    try {
      const person = new Person(open);
      for (const path of ['/mailbox', '/mailbox/1', '/mailbox/1/html']) {
        expect((await person.get(path)).path).toBe('/dashboard/sign-in');
      }
      await person.signInAsAdministrator();
      expect((await person.get('/mailbox')).path).toBe('/mailbox');
      await expect(startDuoService({ host: '0.0.0.0' })).rejects.toThrow(/loopback addresses only/);
    } finally {
      await open.close();
    }
  });
});

describe('the portal', () => {
  it('changes no device of another user', async () => {
    const [name, other] = [freshName(), freshName()];
    await Person.enrolled(service, name);
    const mallory = await Person.enrolled(service, other);
    await mallory.signIn(other);
    const [victim] = credentialsOfUser(service.tenant, findUser(service.tenant, name)!.userId);
    for (const verb of ['rename', 'remove']) {
      const page = await mallory.get('/portal');
      const next = await mallory.submit(page, `/portal/devices/${victim!.webauthnKey}/${verb}`, { name: 'Mine now' });
      expect(next.text).toContain('There is no such device.');
    }
    expect(credentialsOfUser(service.tenant, victim!.userId)).toEqual([victim]);
  });
});

describe('injection', () => {
  const SQL = ["' OR '1'='1", "'; DROP TABLE users; --", '" OR ""="', '\\', '%', 'alice\0'];

  it('of SQL finds and breaks nothing', async () => {
    const name = freshName();
    await Person.enrolled(service, name);
    const admin = new Person(service);
    await admin.signInAsAdministrator();
    const before = countUsers(service.tenant);
    for (const text of SQL) {
      const found = await admin.get(`/dashboard/users?search=${encodeURIComponent(text)}`);
      expect(found.status).toBe(200);
      expect(found.text).toContain('Nobody is found');
      expect((await admin.get(`/dashboard/users/${encodeURIComponent(text)}`)).status).toBe(404);
      expect((await admin.get(`/enroll?code=${encodeURIComponent(text)}`)).status).toBe(404);
      expect((await admin.get(`/prompt/${encodeURIComponent(text)}`)).status).toBe(404);
      const page = await admin.get('/dashboard/users');
      await admin.submit(page, '/dashboard/users', { username: text });
      expect((await admin.name(`${name} ${text}`)).status).toBe(400);
      expect(
        await admin.submit(await admin.get('/dashboard/tokens'), '/dashboard/tokens', { type: text, csv: text }),
      ).toMatchObject({ status: 200 });
      const wrong = new Person(service);
      const answer = await wrong.submit(await wrong.get('/dashboard'), '/dashboard/sign-in', {
        email: text,
        password: text,
      });
      expect(answer.status).toBe(401);
    }
    expect(countUsers(service.tenant)).toBe(before);
  });

  it('of headers and mark-up stays text', async () => {
    const admin = new Person(service);
    await admin.signInAsAdministrator();
    const name = freshName();
    const submit = async (fields: Record<string, string>) => {
      const page = await admin.get('/dashboard/users');
      return (await admin.submit(page, '/dashboard/users', fields)).text;
    };
    expect(await submit({ username: name, email: 'a@x.test\r\nBcc: all@x.test' })).toContain('data-kind="bad"');
    expect(await submit({ username: name, realName: 'A\r\nSet-Cookie: a=b' })).toContain('data-kind="bad"');
    expect(findUser(service.tenant, name)).toBeUndefined();
    const markup = '<script>alert(1)</script>';
    const text = await submit({ username: name, email: 'm@x.test', realName: markup });
    expect(text).not.toContain(markup);
    expect(text).toContain('&lt;script&gt;');
    const mailed = service.mailbox!.next();
    const { userId } = findUser(service.tenant, name)!;
    await admin.submit(await admin.get(`/dashboard/users/${userId}`), `/dashboard/users/${userId}/enrolment-mail`, {});
    const mail = await mailed;
    expect(mail.html).not.toContain(markup);
    const frame = await admin.get(`/mailbox/${mail.id}/html`);
    expect(frame.headers['content-security-policy']).toMatch(/sandbox/);
  });
});

describe('every answer', () => {
  it('forbids scripts that are not files of the service', async () => {
    const admin = new Person(service);
    await admin.signInAsAdministrator();
    const name = freshName();
    const { userId } = await createUser(service.tenant, { username: name });
    const { code } = await createEnrolmentLink(service.tenant, userId);
    await admin.name(name);
    const pages = ['', '/users', `/users/${userId}`, '/policy', '/tokens', '/groups', '/applications', '/log'];
    for (const path of [
      ...pages.map((page) => `/dashboard${page}`),
      `/enroll?code=${code}`,
      '/sign-in',
      '/sign-in/prompt',
      '/mailbox',
      '/gone',
    ]) {
      const { headers, text } = await admin.get(path);
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toMatch(/default-src 'none'/);
      expect(policy).not.toMatch(/unsafe/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(text).not.toMatch(/<script(?![^>]* src=)|\son\w+=|style=|javascript:/);
    }
    expect((await admin.get(`/enroll?code=${code}`)).headers['referrer-policy']).toBe('no-referrer');
  });
});

describe('secrets', () => {
  it('lie in no file and no log in clear', async () => {
    const { tenant } = service;
    const { userId } = await createUser(tenant, { username: freshName(), password: 'a password of the user' });
    const seed = 'ab12'.repeat(10);
    await importTokens(tenant, 'h6', `S1,${seed}`);
    const integration = await createIntegration(tenant, { type: 'web', name: 'Wiki' });
    const { code } = await createEnrolmentLink(tenant, userId);
    const secrets = [
      Buffer.from(seed, 'hex'),
      Buffer.from(seed),
      ...[
        integrationSecret(tenant, integration.integrationKey),
        code,
        ADMINISTRATOR.password,
        'a password of the user',
      ].map((text) => Buffer.from(text)),
    ];
    const files = readdirSync(folder).filter((name) => name.startsWith('duo.db'));
    expect(files).toContain('duo.db-wal');
    for (const file of files) {
      const bytes = readFileSync(join(folder, file));
      for (const secret of secrets) expect(bytes.includes(secret), file).toBe(false);
    }
    const logs = JSON.stringify([listAuthentications(tenant), listActivities(tenant)]);
    for (const secret of secrets) expect(logs).not.toContain(secret.toString());
    expect(statSync(folder).mode & 0o077).toBe(0);
    for (const file of ['secret.key', 'authority/ca-key.pem']) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    }
    expect(readPolicy(tenant)).toEqual(DEFAULT_POLICY);
  });
});
