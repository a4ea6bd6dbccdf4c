import { afterEach, describe, expect, it } from 'vitest';
import type { RadiusLogin, RadiusMode } from '../../../../harness/sites/duo/radius/bridge.ts';
import {
  AttributeType,
  onlyValueOf,
  RadiusCode,
  type RadiusPacket,
} from '../../../../harness/sites/duo/radius/packet.ts';
import { type RadiusServer, startRadiusServer } from '../../../../harness/sites/duo/radius/server.ts';
import { RadiusClient } from './radius-client.ts';

const SECRET = 'a secret that both sides know';
const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Ann, whose passcodes count once; Bob, who needs none; Eve, who is locked out. */
class Users implements RadiusLogin {
  readonly taken: string[] = [];
  readonly seen: string[] = [];

  async passwordMatches({ username }: { username: string }, password: string): Promise<boolean> {
    return ['ann', 'bob', 'eve'].includes(username) && password === 'right';
  }

  async firstJudgement({ username }: { username: string }) {
    if (username === 'eve') return { result: 'deny', message: 'Locked out.' } as const;
    return { result: username === 'bob' ? 'allow' : 'auth', message: 'Welcome.' } as const;
  }

  async passcodeMatches({ username, address }: { username: string; address: string }, passcode: string) {
    this.seen.push(address);
    const allowed = username === 'ann' && /^12345[67]$/.test(passcode) && !this.taken.includes(passcode);
    if (allowed) this.taken.push(passcode);
    return { allowed, message: allowed ? 'Success.' : 'Wrong.' };
  }
}

interface Bench {
  server: RadiusServer;
  client: RadiusClient;
  users: Users;
  /** Resolves to the next line of the log. */
  logged: () => Promise<string>;
  advance: (ms: number) => void;
}

async function bench(mode?: RadiusMode, requireMessageAuthenticator?: boolean): Promise<Bench> {
  let time = Date.UTC(2026, 0, 1);
  const lines: string[] = [];
  let waiting: ((line: string) => void) | undefined;
  const users = new Users();
  const server = await startRadiusServer({
    login: users,
    secret: SECRET,
    mode,
    requireMessageAuthenticator,
    now: () => time,
    log: (line) => {
      if (waiting === undefined) lines.push(line);
      else waiting(line);
      waiting = undefined;
    },
  });
  cleanUp.push(() => server.close());
  const client = new RadiusClient(server.port, SECRET);
  cleanUp.push(() => client.close());
  return {
    server,
    client,
    users,
    logged: () => {
      const line = lines.shift();
      return line === undefined ? new Promise((resolve) => (waiting = resolve)) : Promise.resolve(line);
    },
    advance: (ms) => {
      time += ms;
    },
  };
}

const messageOf = (packet: RadiusPacket): string =>
  Buffer.from(onlyValueOf(packet, AttributeType.replyMessage) ?? []).toString();
const stateOf = (packet: RadiusPacket): Uint8Array => onlyValueOf(packet, AttributeType.state)!;

describe('password and passcode in one field', () => {
  it('are accepted together, and the passcode once', async () => {
    const { client, users } = await bench();
    const login = { username: 'ann', password: 'right,123456' };
    expect(await client.login(login)).toMatchObject({ code: RadiusCode.accessAccept });
    expect(await client.login(login)).toMatchObject({ code: RadiusCode.accessReject });
    expect(users.seen).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('are refused with one message, whatever is wrong, and a wrong password does not spend the passcode', async () => {
    const { client, users } = await bench();
    const messages = new Set<string>();
    for (const [username, password] of [
      ['ann', 'wrong,123456'],
      ['ann', 'right,999999'],
      ['nobody', 'right,123456'],
    ]) {
      const answer = await client.login({ username: username!, password: password! });
      expect(answer.code).toBe(RadiusCode.accessReject);
      messages.add(messageOf(answer));
    }
    expect(messages.size).toBe(1);
    expect(users.taken).toEqual([]);
  });

  it('a factor that needs a phone is refused with a hint', async () => {
    const { client } = await bench();
    const answer = await client.login({ username: 'ann', password: 'right,push' });
    expect(answer.code).toBe(RadiusCode.accessReject);
    expect(messageOf(answer)).toContain('password,passcode');
  });

  it('a user without a second factor is let in, one who is locked out is not', async () => {
    const { client } = await bench();
    expect(await client.login({ username: 'bob', password: 'right' })).toMatchObject({ code: RadiusCode.accessAccept });
    const locked = await client.login({ username: 'eve', password: 'right,123456' });
    expect([locked.code, messageOf(locked)]).toEqual([RadiusCode.accessReject, 'Locked out.']);
  });

  it('a password alone is not enough in the mode concat', async () => {
    const { client } = await bench('concat');
    const answer = await client.login({ username: 'ann', password: 'right' });
    expect(answer.code).toBe(RadiusCode.accessReject);
  });

  it('in the mode duo_only the field is the passcode', async () => {
    const { client } = await bench('duo_only');
    expect(await client.login({ username: 'ann', password: '123456' })).toMatchObject({
      code: RadiusCode.accessAccept,
    });
    expect(await client.login({ username: 'ann', password: 'right' })).toMatchObject({ code: RadiusCode.accessReject });
  });
});

describe('a challenge', () => {
  it('asks for the passcode, and its State counts once', async () => {
    const { client } = await bench();
    const challenge = await client.login({ username: 'ann', password: 'right' });
    expect(challenge.code).toBe(RadiusCode.accessChallenge);
    expect(messageOf(challenge)).toContain('passcode');
    const answer = { username: 'ann', password: '123456', state: stateOf(challenge) };
    expect(await client.login(answer)).toMatchObject({ code: RadiusCode.accessAccept });
    const again = await client.login({ ...answer, password: '123457' });
    expect(again.code).toBe(RadiusCode.accessReject);
  });

  it('is not for another user, nor one that nobody made, nor after a minute', async () => {
    const { client, advance } = await bench();
    const begin = async () => stateOf(await client.login({ username: 'ann', password: 'right' }));
    const codeOf = async (username: string, state: Uint8Array) =>
      (await client.login({ username, password: '123456', state })).code;
    expect(await codeOf('bob', await begin())).toBe(RadiusCode.accessReject);
    expect(await codeOf('ann', Buffer.alloc(16))).toBe(RadiusCode.accessReject);
    const late = await begin();
    advance(60_000);
    expect(await codeOf('ann', late)).toBe(RadiusCode.accessReject);
    expect(await codeOf('ann', await begin())).toBe(RadiusCode.accessAccept);
  });
});

describe('the line', () => {
  it('drops what was signed with another secret, was changed, or is not signed', async () => {
    const { client, logged } = await bench();
    const good = { username: 'ann', password: 'right,123456' };
    client.send(client.request({ ...good, secret: 'another' }));
    expect(await logged()).toMatch(/secrets differ/);
    const changed = client.request(good);
    changed[changed.length - 1]! ^= 1;
    client.send(changed);
    expect(await logged()).toMatch(/Message-Authenticator is wrong/);
    client.send(client.request({ ...good, signed: false }));
    expect(await logged()).toMatch(/no Message-Authenticator/);
    client.send(Buffer.from('no packet'));
    expect(await logged()).toMatch(/expected at least 20 bytes/);
    const accounting = client.request(good);
    accounting[0] = 4;
    client.send(accounting);
    expect(await logged()).toMatch(/code 4 is no login/);
    expect(await client.login(good)).toMatchObject({ code: RadiusCode.accessAccept });
  });

  it('takes unsigned requests where it is told to, but no proxied ones', async () => {
    const { client, logged } = await bench('challenge', false);
    const good = { username: 'ann', password: 'right,123456', signed: false };
    expect(await client.login(good)).toMatchObject({ code: RadiusCode.accessAccept });
    client.send(client.request({ ...good, proxyState: 'chosen by an attacker' }));
    expect(await logged()).toMatch(/Proxy-State without Message-Authenticator/);
  });

  it('answers a request that comes again as it did before, and not for ever', async () => {
    const { client, users, advance } = await bench();
    const request = client.request({ username: 'ann', password: 'right,123456' });
    const ask = async () => {
      const answer = client.receive();
      client.send(request);
      return (await answer).code;
    };
    expect([await ask(), await ask()]).toEqual([RadiusCode.accessAccept, RadiusCode.accessAccept]);
    expect(users.seen).toHaveLength(1);
    advance(20_000);
    expect(await ask()).toBe(RadiusCode.accessReject);
  });

  it('refuses names and passwords that are no UTF-8', async () => {
    const { client } = await bench();
    const answer = await client.login({ username: Uint8Array.of(0xe9), password: 'right' });
    expect(answer.code).toBe(RadiusCode.accessReject);
    expect(messageOf(answer)).toContain('UTF-8');
  });

  it('binds to loopback alone, unless it is told to', async () => {
    const options = { login: new Users(), secret: SECRET, host: '0.0.0.0' };
    await expect(startRadiusServer(options)).rejects.toThrow(/loopback/);
    const server = await startRadiusServer({ ...options, exposed: true });
    await server.close();
  });
});
