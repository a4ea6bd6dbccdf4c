import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../../harness/sites/duo/database/database.ts';
import {
  changeAdministratorPassword,
  checkAdministrator,
  createAdministrator,
} from '../../../../harness/sites/duo/domain/administrators.ts';
import { attemptBypass, attemptPasscode, attemptRemembered } from '../../../../harness/sites/duo/domain/attempts.ts';
import {
  listActivities,
  listAuthentications,
  recordActivity,
} from '../../../../harness/sites/duo/domain/authentication-log.ts';
import {
  createEnrolmentLink,
  readEnrolmentLink,
  useEnrolmentLink,
} from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { createGroup, groupsOfUser, listGroups, setMembership } from '../../../../harness/sites/duo/domain/groups.ts';
import {
  createIntegration,
  deleteIntegration,
  findIntegration,
  integrationSecret,
} from '../../../../harness/sites/duo/domain/integrations.ts';
import { unlockUser } from '../../../../harness/sites/duo/domain/lockout.ts';
import { changePolicy, DEFAULT_POLICY, readPolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { PromptTransactions } from '../../../../harness/sites/duo/domain/prompt-transactions.ts';
import {
  forgetRemembered,
  isRemembered,
  rememberDevice,
} from '../../../../harness/sites/duo/domain/remembered-devices.ts';
import { SecretBox, verifyPassword } from '../../../../harness/sites/duo/domain/secrets.ts';
import {
  checkPassword,
  createUser,
  deleteUser,
  findUser,
  getUser,
  listUsers,
  updateUser,
} from '../../../../harness/sites/duo/domain/users.ts';
import { CONTEXT, START, type TestTenant, testTenant } from './tenant.ts';

let test: TestTenant;
beforeEach(() => {
  test = testTenant();
});

describe('the database', () => {
  it('undoes the change that failed, and none of those beside it', async () => {
    const { database } = test.tenant;
    const setting = (name: string) => () => database.run("INSERT INTO settings (name, value) VALUES (?, '1')", name);
    const results = await Promise.allSettled([
      database.write(setting('a')),
      database.write(() => {
        setting('b')();
        throw new Error('on purpose');
      }),
      database.write(setting('a')),
      database.write(setting('c')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(database.all('SELECT name FROM settings ORDER BY name')).toEqual([{ name: 'a' }, { name: 'c' }]);
  });

  it('refuses a change outside of a write', () => {
    expect(() => test.tenant.database.run('DELETE FROM users')).toThrow(/within write/);
  });

  it('keeps what was written, and refuses a file of a newer version', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-database-'));
    try {
      const path = join(folder, 'duo.db');
      const first = testTenant({ database: Database.open(path) });
      await createUser(first.tenant, { username: 'alice' });
      first.tenant.database.close();
      const second = Database.open(path);
      expect(findUser({ ...first.tenant, database: second }, 'alice')?.username).toBe('alice');
      await second.write(() => second.run('PRAGMA user_version = 99'));
      second.close();
      expect(() => Database.open(path)).toThrow(/got version 99/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('secrets', () => {
  it('open for the record that they were sealed for alone', () => {
    const box = new SecretBox(new Uint8Array(32));
    const sealed = box.seal('token A', Uint8Array.of(1, 2, 3));
    expect(box.open('token A', sealed)).toEqual(Uint8Array.of(1, 2, 3));
    expect(() => box.open('token B', sealed)).toThrow();
    expect(() => new SecretBox(new Uint8Array(32).fill(1)).open('token A', sealed)).toThrow();
    sealed[sealed.length - 1]! ^= 1;
    expect(() => box.open('token A', sealed)).toThrow();
  });

  it('have their key in a file that its owner alone reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-secrets-'));
    try {
      const path = join(folder, 'secret.key');
      const sealed = SecretBox.fromFile(path).seal('x', Uint8Array.of(7));
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(SecretBox.fromFile(path).open('x', sealed)).toEqual(Uint8Array.of(7));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('hash passwords with a salt', async () => {
    const user = await createUser(test.tenant, { username: 'alice', password: 'correct horse' });
    expect(user.hasPassword).toBe(true);
    expect(await checkPassword(test.tenant, 'ALICE', 'correct horse')).toBe(true);
    expect(await checkPassword(test.tenant, 'alice', 'wrong horse')).toBe(false);
    expect(await checkPassword(test.tenant, 'nobody', 'correct horse')).toBe(false);
    expect(await verifyPassword('', undefined)).toBe(false);
  });
});

describe('users', () => {
  it('have identifiers as Duo makes them, and names in lower case', async () => {
    const user = await createUser(test.tenant, {
      username: ' Alice ',
      email: 'alice@example.org',
      realName: 'Alice A.',
    });
    expect(user.userId).toMatch(/^DU[A-Z0-9]{18}$/);
    expect(user).toMatchObject({ username: 'alice', email: 'alice@example.org', status: 'active', createdAt: START });
    expect(findUser(test.tenant, 'ALICE')).toEqual(user);
    expect(findUser(test.tenant, 'alice\0')).toBeUndefined();
  });

  it.each([
    [{ username: '' }, 'username'],
    [{ username: "x' OR '1'='1" }, 'username'],
    [{ username: 'a', email: 'a@example.org\r\nBcc: all@example.org' }, 'email'],
    [{ username: 'a', email: 'nobody' }, 'email'],
    [{ username: 'a', realName: 'A\nB' }, 'realName'],
  ])('are refused as %j', async (user, field) => {
    await expect(createUser(test.tenant, user)).rejects.toMatchObject({ code: 'malformed', field });
  });

  it('are found by any part of their names, percent signs taken as such', async () => {
    for (const username of ['alice', 'bob', 'carol'])
      await createUser(test.tenant, { username, email: `${username}@x.test` });
    expect(listUsers(test.tenant, { search: 'LI' }).map(({ username }) => username)).toEqual(['alice']);
    expect(listUsers(test.tenant, { search: '%' })).toEqual([]);
    expect(listUsers(test.tenant, { limit: 1, offset: 1 }).map(({ username }) => username)).toEqual(['bob']);
  });

  it('are changed, belong to groups, and are deleted', async () => {
    const alice = await createUser(test.tenant, { username: 'alice' });
    await createUser(test.tenant, { username: 'bob' });
    await expect(createUser(test.tenant, { username: 'Bob' })).rejects.toMatchObject({ code: 'taken' });
    await expect(updateUser(test.tenant, alice.userId, { username: 'bob' })).rejects.toMatchObject({ code: 'taken' });
    expect(await updateUser(test.tenant, alice.userId, { email: 'a@x.test' })).toMatchObject({ email: 'a@x.test' });
    const group = await createGroup(test.tenant, { name: 'Staff' });
    await setMembership(test.tenant, group.groupId, alice.userId, true);
    expect(groupsOfUser(test.tenant, alice.userId)).toMatchObject([{ name: 'Staff', memberCount: 1 }]);
    await deleteUser(test.tenant, alice.userId);
    expect(listGroups(test.tenant)).toMatchObject([{ name: 'Staff', memberCount: 0 }]);
    expect(() => getUser(test.tenant, alice.userId)).toThrow(/no user/);
  });
});

describe('policy', () => {
  it('begins as Duo has it, and is changed in parts', async () => {
    expect(readPolicy(test.tenant)).toEqual(DEFAULT_POLICY);
    await changePolicy(test.tenant, { securityKeys: false, hotpLookAhead: 5 });
    expect(readPolicy(test.tenant)).toEqual({ ...DEFAULT_POLICY, securityKeys: false, hotpLookAhead: 5 });
  });

  it.each([
    [{ userVerification: 'always' }, 'userVerification'],
    [{ hotpLookAhead: -1 }, 'hotpLookAhead'],
    [{ hotpLookAhead: '20' }, 'hotpLookAhead'],
    [{ securityKeys: 'yes' }, 'securityKeys'],
    [{ allowedAaguids: ['eabb46cc'] }, 'allowedAaguids'],
    [{ colour: 'red' }, 'colour'],
    [{ constructor: 1 }, 'constructor'],
    [{ allowedAaguids: ['eabb46cc-e241-80bf-ae9e-96fa6d2975cf'] }, 'attestation'],
  ])('refuses %j', async (change, field) => {
    await expect(changePolicy(test.tenant, change)).rejects.toMatchObject({ code: 'malformed', field });
    expect(readPolicy(test.tenant)).toEqual(DEFAULT_POLICY);
  });
});

describe('enrolment links', () => {
  const spend = (code: string) => test.tenant.database.write(() => useEnrolmentLink(test.tenant, code));

  it('name their user, once', async () => {
    const { userId } = await createUser(test.tenant, { username: 'alice' });
    const { code, url, expiresAt } = await createEnrolmentLink(test.tenant, userId);
    expect(url).toBe(`${test.tenant.origin}/enroll?code=${code}`);
    expect(expiresAt).toBe(START + 30 * 24 * 60 * 60 * 1000);
    expect(readEnrolmentLink(test.tenant, code).username).toBe('alice');
    expect((await spend(code)).username).toBe('alice');
    expect(() => readEnrolmentLink(test.tenant, code)).toThrow(/used already/);
    await expect(spend(code)).rejects.toMatchObject({ code: 'used' });
  });

  it('expire when policy says so, or never', async () => {
    const { userId } = await createUser(test.tenant, { username: 'alice' });
    await changePolicy(test.tenant, { enrolmentLinkLifetime: 60 });
    const { code } = await createEnrolmentLink(test.tenant, userId);
    test.pass(59);
    expect(readEnrolmentLink(test.tenant, code).username).toBe('alice');
    test.pass(1);
    expect(() => readEnrolmentLink(test.tenant, code)).toThrow(/expired/);
    const endless = await createEnrolmentLink(test.tenant, userId, 0);
    test.pass(10 * 366 * 24 * 60 * 60);
    expect(readEnrolmentLink(test.tenant, endless.code).username).toBe('alice');
  });

  it('end with the next one, and are not guessed', async () => {
    const { userId } = await createUser(test.tenant, { username: 'alice' });
    const first = await createEnrolmentLink(test.tenant, userId);
    const second = await createEnrolmentLink(test.tenant, userId);
    expect(() => readEnrolmentLink(test.tenant, first.code)).toThrow(/expired/);
    expect(readEnrolmentLink(test.tenant, second.code).username).toBe('alice');
    expect(() => readEnrolmentLink(test.tenant, `${second.code}x`)).toThrow(/not one of ours/);
    const stored = test.tenant.database.all<{ code_hash: Uint8Array }>('SELECT code_hash FROM enrolment_links');
    expect(stored.map(({ code_hash }) => Buffer.from(code_hash).toString('base64url'))).not.toContain(second.code);
  });
});

describe('lock-out', () => {
  it('comes with the last failure that policy allows, and goes by an administrator', async () => {
    const user = await createUser(test.tenant, { username: 'alice' });
    await changePolicy(test.tenant, { lockoutAttempts: 3 });
    const enter = () => attemptPasscode(test.tenant, user, '123456', CONTEXT);
    expect(await enter()).toMatchObject({ reason: 'invalid_passcode', message: expect.stringMatching(/not right/) });
    expect(await enter()).toMatchObject({ reason: 'invalid_passcode' });
    expect(await enter()).toMatchObject({ reason: 'invalid_passcode', message: expect.stringMatching(/locked out/) });
    expect(await enter()).toMatchObject({ accepted: false, reason: 'locked_out' });
    test.pass(365 * 24 * 60 * 60);
    expect(await enter()).toMatchObject({ reason: 'locked_out' });
    await unlockUser(test.tenant, user.userId);
    expect(await enter()).toMatchObject({ reason: 'invalid_passcode' });
  });

  it('ends by itself where policy says so, and counts anew', async () => {
    const user = await createUser(test.tenant, { username: 'alice' });
    await changePolicy(test.tenant, { lockoutAttempts: 2, lockoutDuration: 60 });
    const enter = async () => (await attemptPasscode(test.tenant, user, '123456', CONTEXT)).reason;
    expect([await enter(), await enter(), await enter()]).toEqual([
      'invalid_passcode',
      'invalid_passcode',
      'locked_out',
    ]);
    test.pass(60);
    expect([await enter(), await enter(), await enter()]).toEqual([
      'invalid_passcode',
      'invalid_passcode',
      'locked_out',
    ]);
  });

  it('counts attempts that come at once', async () => {
    const user = await createUser(test.tenant, { username: 'alice' });
    await changePolicy(test.tenant, { lockoutAttempts: 5 });
    const attempts = Array.from({ length: 20 }, () => attemptPasscode(test.tenant, user, '123456', CONTEXT));
    const reasons = (await Promise.all(attempts)).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'invalid_passcode')).toHaveLength(5);
    expect(reasons.filter((reason) => reason === 'locked_out')).toHaveLength(15);
  });

  it('does not ask for a factor of disabled users, nor let bypass pass when locked', async () => {
    const user = await createUser(test.tenant, { username: 'alice', status: 'disabled' });
    expect(await attemptPasscode(test.tenant, user, '1', CONTEXT)).toMatchObject({ reason: 'user_disabled' });
    expect(await attemptBypass(test.tenant, user, CONTEXT)).toBeUndefined();
    const passing = await updateUser(test.tenant, user.userId, { status: 'bypass' });
    expect(await attemptBypass(test.tenant, passing, CONTEXT)).toMatchObject({ accepted: true, factor: 'bypass' });
  });
});

describe('remembered browsers', () => {
  it('are remembered for the days of the policy, and for their user', async () => {
    const alice = await createUser(test.tenant, { username: 'alice' });
    const bob = await createUser(test.tenant, { username: 'bob' });
    expect(await rememberDevice(test.tenant, alice.userId)).toBeUndefined();
    await changePolicy(test.tenant, { rememberedDeviceDays: 2 });
    const { token } = (await rememberDevice(test.tenant, alice.userId))!;
    expect(isRemembered(test.tenant, alice.userId, token)).toBe(true);
    expect(isRemembered(test.tenant, bob.userId, token)).toBe(false);
    expect(isRemembered(test.tenant, alice.userId, `${token}x`)).toBe(false);
    expect(await attemptRemembered(test.tenant, alice, token, CONTEXT)).toMatchObject({ reason: 'remembered_device' });
    test.pass(2 * 24 * 60 * 60);
    expect(isRemembered(test.tenant, alice.userId, token)).toBe(false);
    const other = (await rememberDevice(test.tenant, alice.userId))!;
    await test.tenant.database.write(() => forgetRemembered(test.tenant, alice.userId));
    expect(isRemembered(test.tenant, alice.userId, other.token)).toBe(false);
  });
});

describe('integrations', () => {
  it('have a key of 20 and a secret of 40, encrypted at rest', async () => {
    const web = await createIntegration(test.tenant, {
      type: 'web',
      name: 'Wiki',
      redirectUris: ['https://wiki.test/cb'],
    });
    expect(web.integrationKey).toMatch(/^DI[A-Z0-9]{18}$/);
    const secret = integrationSecret(test.tenant, web.integrationKey);
    expect(secret).toMatch(/^[A-Za-z0-9]{40}$/);
    const [row] = test.tenant.database.all<{ sealed: Uint8Array }>('SELECT sealed FROM integrations');
    expect(Buffer.from(row!.sealed).includes(secret)).toBe(false);
    await deleteIntegration(test.tenant, web.integrationKey);
    expect(findIntegration(test.tenant, web.integrationKey)).toBeUndefined();
  });

  it('lead back to web addresses alone', async () => {
    const create = (uri: string) => createIntegration(test.tenant, { type: 'web', name: 'x', redirectUris: [uri] });
    await expect(create('javascript:alert(1)')).rejects.toMatchObject({ field: 'redirectUris' });
    await expect(create('/relative')).rejects.toMatchObject({ field: 'redirectUris' });
  });
});

describe('administrators', () => {
  it('sign in by password, and pause after ten failures', async () => {
    await createAdministrator(test.tenant, { email: 'Admin@x.test', name: 'A', password: 'a long password' });
    const check = (password: string) => checkAdministrator(test.tenant, 'admin@x.test', password);
    expect(await check('a long password')).toMatchObject({ email: 'admin@x.test' });
    expect(await checkAdministrator(test.tenant, 'nobody@x.test', 'a long password')).toBeUndefined();
    for (let failure = 0; failure < 10; failure++) expect(await check('wrong')).toBeUndefined();
    expect(await check('a long password')).toBeUndefined();
    test.pass(15 * 60);
    expect(await check('a long password')).toBeDefined();
    await expect(
      createAdministrator(test.tenant, { email: 'b@x.test', name: 'B', password: 'short' }),
    ).rejects.toMatchObject({ field: 'password' });
  });

  it('change their password where they know the present one', async () => {
    const email = 'admin@x.test';
    await createAdministrator(test.tenant, { email, name: 'A', password: 'a long password' });
    const change = (current: string, next: string) =>
      changeAdministratorPassword(test.tenant, email, { current, next });
    await expect(change('a long password', 'short')).rejects.toMatchObject({ code: 'malformed', field: 'password' });
    await expect(change('another password', 'a new password')).rejects.toMatchObject({ code: 'refused' });
    expect(await checkAdministrator(test.tenant, email, 'a long password')).toBeDefined();
    await change('a long password', 'a new password');
    expect(await checkAdministrator(test.tenant, email, 'a long password')).toBeUndefined();
    expect(await checkAdministrator(test.tenant, email, 'a new password')).toBeDefined();
    const both = ['one of them, twelve', 'the other of them'].map((next) => change('a new password', next));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('logs', () => {
  it('keep one line a record, the latest first', async () => {
    const user = await createUser(test.tenant, { username: 'alice' });
    const context = { ...CONTEXT, userAgent: 'evil\r\nresult: success' };
    await attemptPasscode(test.tenant, user, '000000', context);
    await attemptBypass(test.tenant, { ...user, status: 'bypass' }, CONTEXT);
    const [latest, first] = listAuthentications(test.tenant, { userId: user.userId });
    expect(latest).toMatchObject({ result: 'success', factor: 'bypass' });
    expect(first).toMatchObject({ result: 'denied', reason: 'invalid_passcode', integrationName: 'a test' });
    expect(first?.userAgent).toBe('evil\ufffd\ufffdresult: success');
    expect(first?.txid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await test.tenant.database.write(() =>
      recordActivity(test.tenant, { actor: 'admin@x.test', action: 'user_create', object: 'alice' }),
    );
    expect(listActivities(test.tenant)).toMatchObject([{ actor: 'admin@x.test', detail: '', at: START }]);
  });
});

describe('transactions of the prompt', () => {
  it('end once, within five minutes', async () => {
    let now = START;
    const prompts = new PromptTransactions(() => now);
    const integration = await createIntegration(test.tenant, { type: 'web', name: 'Wiki' });
    const denied = { accepted: false, txid: 't', reason: 'locked_out', message: 'm' } as const;
    const complete = async () => 'https://wiki.test/cb?duo_code=1';
    const prompt = { username: 'alice', integration, redirectUri: 'https://wiki.test/cb', complete };
    const { sid, path } = prompts.begin(prompt);
    expect(path).toBe(`/prompt/${sid}`);
    expect(prompts.find(sid)).toMatchObject({ username: 'alice' });
    expect(await prompts.complete(sid, denied)).toBe('https://wiki.test/cb?duo_code=1');
    expect(await prompts.complete(sid, denied)).toBeUndefined();
    const late = prompts.begin(prompt);
    now += 5 * 60 * 1000;
    expect(prompts.find(late.sid)).toBeUndefined();
  });
});
