import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { assignToken, createToken } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { integrationSecret, listIntegrations } from '../../../../harness/sites/duo/domain/integrations.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser } from '../../../../harness/sites/duo/domain/users.ts';
import { AttributeType, onlyValueOf, RadiusCode } from '../../../../harness/sites/duo/radius/packet.ts';
import { startTenantRadius, type TenantRadius } from '../../../../harness/sites/duo/radius/tenant-server.ts';
import { RadiusClient } from './radius-client.ts';
import { type TestTenant, testTenant } from './tenant.ts';

/** Passwords are hashed and programs start, on a machine that may be busy. */
const PATIENCE_MS = 60_000;

const SEED = utf8('12345678901234567890');
const PASSWORD = 'correct horse';
const code = (counter: number) => hotp(SEED, counter);

let bench: TestTenant;
let radius: TenantRadius;
let client: RadiusClient;

beforeEach(async () => {
  bench = testTenant();
  const { tenant } = bench;
  radius = await startTenantRadius(tenant);
  client = new RadiusClient(radius.port, integrationSecret(tenant, radius.integration.integrationKey));
  const { userId } = await createUser(tenant, { username: 'ann', password: PASSWORD });
  const { tokenId } = await createToken(tenant, { type: 'h6', serial: '1', secret: toHex(SEED) });
  await assignToken(tenant, tokenId, userId);
}, PATIENCE_MS);
afterEach(async () => {
  client.close();
  await radius.close();
  bench.tenant.database.close();
});

async function login(username: string, password: string): Promise<{ code: number; message: string }> {
  const answer = await client.login({ username, password });
  const message = onlyValueOf(answer, AttributeType.replyMessage);
  return { code: answer.code, message: Buffer.from(message ?? []).toString() };
}

const reasons = () =>
  listAuthentications(bench.tenant)
    .reverse()
    .map(({ reason }) => reason);

describe('a tenant’s RADIUS', () => {
  it('is that of an application, which is made once', async () => {
    const again = await startTenantRadius(bench.tenant);
    await again.close();
    expect(again.integration).toEqual(radius.integration);
    expect(listIntegrations(bench.tenant)).toHaveLength(1);
  });

  it('lets in by password and passcode, whatever the case of the name', async () => {
    expect(await login('ANN', `${PASSWORD},${code(0)}`)).toMatchObject({ code: RadiusCode.accessAccept });
    expect(reasons()).toEqual(['valid_passcode']);
  });

  it('counts wrong passwords towards the lock-out, and then says of none that it is right', async () => {
    await changePolicy(bench.tenant, { lockoutAttempts: 3 });
    const wrong = [
      await login('ann', 'wrong'),
      await login('ann', `wrong,${code(0)}`),
      await login('ann', `${PASSWORD},000000`),
    ];
    const right = await login('ann', `${PASSWORD},${code(0)}`);
    const unknown = await login('nobody', `${PASSWORD},${code(0)}`);
    expect(new Set([...wrong, right, unknown].map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(reasons()).toEqual([
      'invalid_password',
      'invalid_password',
      'invalid_passcode',
      'locked_out',
      'unknown_user',
    ]);
  });

  it('lets a user pass who needs no second factor, but not without the password', async () => {
    await createUser(bench.tenant, { username: 'bypass', status: 'bypass', password: PASSWORD });
    expect(await login('bypass', 'wrong')).toMatchObject({ code: RadiusCode.accessReject });
    expect(await login('bypass', PASSWORD)).toMatchObject({ code: RadiusCode.accessAccept });
    expect(reasons()).toEqual(['invalid_password', 'bypass_user']);
  });

  it('refuses users who are disabled, have no password here, or no device', async () => {
    await createUser(bench.tenant, { username: 'disabled', status: 'disabled', password: PASSWORD });
    await createUser(bench.tenant, { username: 'passwordless' });
    await createUser(bench.tenant, { username: 'bare', password: PASSWORD });
    for (const username of ['disabled', 'passwordless', 'bare']) {
      expect(await login(username, `${PASSWORD},${code(0)}`)).toMatchObject({ code: RadiusCode.accessReject });
    }
  });

  it('keeps control characters of a name out of the log', async () => {
    await login('ann\r\nforged line', 'x');
    expect(listAuthentications(bench.tenant)[0]?.username).toBe('ann\ufffd\ufffdforged line');
  });
});
