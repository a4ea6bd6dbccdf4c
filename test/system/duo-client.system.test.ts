/** Duo's client for Python, as Debian has it, against the service: on this machine itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { createIntegration, integrationSecret } from '../../harness/sites/duo/domain/integrations.ts';
import { startDuoService } from '../../harness/sites/duo/service.ts';

const SEED = utf8('12345678901234567890');

it('runs the Admin API and the Auth API, with signatures of forms and of JSON', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctaplab-duo-client-'));
  const administrator = { email: 'admin@duo.localhost', password: 'the administrator of tests' };
  const service = await startDuoService({ folder, administrator });
  try {
    const { tenant } = service;
    const keysOf = async (type: 'auth-api' | 'admin-api') => {
      const { integrationKey: key } = await createIntegration(tenant, { type, name: type });
      return { key, secret: integrationSecret(tenant, key) };
    };
    const told = {
      host: tenant.host,
      ca: service.certificateAuthorityFile,
      authApi: await keysOf('auth-api'),
      adminApi: await keysOf('admin-api'),
      seed: toHex(SEED),
      codes: [300, 301, 302, 303].map((counter) => hotp(SEED, counter)),
    };
    const child = spawn('/usr/bin/python3', ['test/system/python/duo_client_calls.py', JSON.stringify(told)]);
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(child.exitCode, errors).toBe(0);
    const calls = (version: number) => ({
      check: { time: expect.any(Number) },
      realname: "Zoë (*) ~ 'n' Söhne!",
      tokens: [`serial${version}`],
      preauth: 'auth',
      signed_in: 'allow',
      again: 'deny',
      totp_step: 30,
      all_users: version === 2 ? 1 : 2,
      two_tokens: 2,
      taken: [400, 40003, null],
      bad_secret: [400, 40002, 'secret'],
      push: [400, 40002],
      credentials: [],
    });
    expect(JSON.parse(output)).toEqual({ 2: calls(2), 4: calls(4), wrong_secret: [401, 40103] });
  } finally {
    await service.close();
    rmSync(folder, { recursive: true });
  }
});
