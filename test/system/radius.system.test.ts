/** A VPN's login over RADIUS, with FreeRADIUS's radclient in the place of the VPN: on this machine itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { totp } from '../../ctap/otp/totp.ts';
import { listAuthentications } from '../../harness/sites/duo/domain/authentication-log.ts';
import { assignToken, createToken } from '../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration, integrationSecret } from '../../harness/sites/duo/domain/integrations.ts';
import { createTenant } from '../../harness/sites/duo/domain/tenant.ts';
import { createUser } from '../../harness/sites/duo/domain/users.ts';
import { type RadiusServer, startRadiusServer } from '../../harness/sites/duo/radius/server.ts';
import { TenantLogin } from '../../harness/sites/duo/radius/tenant-login.ts';

const PASSWORD = 'correct, horse'; // with a comma, as passwords may have one
const SEED = utf8('12345678901234567890');

const tenant = createTenant();
let secret: string;
let server: RadiusServer;

beforeAll(async () => {
  const integration = await createIntegration(tenant, { type: 'radius', name: 'VPN' });
  secret = integrationSecret(tenant, integration.integrationKey);
  server = await startRadiusServer({ login: new TenantLogin(tenant, integration), secret });
  const tokens = { ann: { type: 'h6', serial: '1' }, bob: { type: 't8', serial: '2' } } as const;
  for (const [username, token] of Object.entries(tokens)) {
    const { userId } = await createUser(tenant, { username, password: PASSWORD });
    const { tokenId } = await createToken(tenant, { ...token, secret: toHex(SEED) });
    await assignToken(tenant, tokenId, userId);
  }
  await createUser(tenant, { username: 'eve', password: PASSWORD });
});
afterAll(async () => {
  await server.close();
  tenant.database.close();
});

interface Reply {
  status: number | null;
  /** What radclient says of both packets. */
  output: string;
}

/** One Access-Request by radclient, which waits for so many seconds; it succeeds where the answer is an Access-Accept. */
async function radclient(
  attributes: Record<string, string>,
  { key = secret, kind = 'auth', patience = 60 } = {},
): Promise<Reply> {
  const words = ['-x', '-r', '1', '-t', String(patience), `127.0.0.1:${server.port}`, kind, key];
  const child = spawn('radclient', words);
  const lines = Object.entries({ ...attributes, 'Message-Authenticator': '0x00' }).map(([name, value]) =>
    value.startsWith('0x') ? `${name} = ${value}` : `${name} = ${JSON.stringify(value)}`,
  );
  child.stdin.end(`${lines.join('\n')}\n`);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, output: `${output}\n${errors}` };
}

const login = (username: string, password: string, more: Record<string, string> = {}) =>
  radclient({ 'User-Name': username, 'User-Password': password, ...more });
const code = (counter: number) => hotp(SEED, counter);

describe('radclient', () => {
  it('asks whether the server lives', async () => {
    const { status, output } = await radclient({}, { kind: 'status' });
    expect(status, output).toBe(0);
    expect(output).toContain('Received Access-Accept');
  });

  it('logs in with password and passcode, once', async () => {
    const accepted = await login('ann', `${PASSWORD},${code(0)}`);
    expect(accepted.status, accepted.output).toBe(0);
    expect(accepted.output).toMatch(/Received Access-Accept[\s\S]*Success/);
    expect(accepted.output).toContain('Message-Authenticator');
    const replayed = await login('ann', `${PASSWORD},${code(0)}`);
    expect(replayed.status, replayed.output).toBe(1);
    expect(replayed.output).toContain('Received Access-Reject');
  });

  it('logs in with a passcode of a TOTP token', async () => {
    const { status, output } = await login('bob', `${PASSWORD},${totp(SEED, Date.now() / 1000, { digits: 8 })}`);
    expect(status, output).toBe(0);
  });

  it('is asked for the passcode after the password', async () => {
    const challenge = await login('ann', PASSWORD);
    expect(challenge.output).toMatch(/Received Access-Challenge[\s\S]*Enter a passcode/);
    const state = /State = (0x[0-9a-f]+)/.exec(challenge.output)?.[1];
    expect(state, challenge.output).toBeDefined();
    const answered = await login('ann', code(1), { State: state! });
    expect(answered.status, answered.output).toBe(0);
    const again = await login('ann', code(2), { State: state! });
    expect(again.output).toContain('Received Access-Reject');
  });

  it('is refused with a wrong password, a wrong passcode, an unknown user, a factor that needs a phone, and no device', async () => {
    const attempts = [
      ['ann', `wrong,${code(3)}`],
      ['ann', `${PASSWORD},000000`],
      ['nobody', `${PASSWORD},${code(3)}`],
      ['ann', `${PASSWORD},push`],
      ['eve', `${PASSWORD},${code(3)}`],
    ];
    for (const [username, password] of attempts) {
      const { status, output } = await login(username!, password!);
      expect(status, output).toBe(1);
      expect(output).toContain('Received Access-Reject');
    }
    // None of them has spent the passcode.
    expect(await login('ann', `${PASSWORD},${code(3)}`)).toMatchObject({ status: 0 });
  });

  it('gets no answer with another secret', async () => {
    const { status, output } = await radclient(
      { 'User-Name': 'ann', 'User-Password': `${PASSWORD},${code(4)}` },
      { key: 'another', patience: 1 },
    );
    expect(status, output).toBe(1);
    expect(output).toMatch(/No reply from server/);
    expect(output).not.toContain('Received');
  });

  it('is in the log', () => {
    const reasons = new Set(
      listAuthentications(tenant).map(({ integrationName, reason }) => `${integrationName} ${reason}`),
    );
    expect(reasons).toEqual(
      new Set(
        ['valid_passcode', 'passcode_replayed', 'invalid_password', 'invalid_passcode', 'unknown_user'].map(
          (r) => `VPN ${r}`,
        ),
      ),
    );
  });
});
