import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../../ctap/bytes.ts';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { assignToken, createToken } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createUser, getUser } from '../../../../harness/sites/duo/domain/users.ts';
import { RadiusCode } from '../../../../harness/sites/duo/radius/packet.ts';
import { type DuoService, startDuoService } from '../../../../harness/sites/duo/service.ts';
import { ADMINISTRATOR, Person } from './person.ts';
import { RadiusClient } from './radius-client.ts';

/** Passwords are hashed and programs start, on a machine that may be busy. */
const PATIENCE_MS = 60_000;

const SEED = utf8('12345678901234567890');
const PASSWORD = 'correct horse';

let service: DuoService;
let administrator: Person;

beforeAll(async () => {
  service = await startDuoService({ administrator: ADMINISTRATOR, radius: {} });
  administrator = new Person(service);
  await administrator.signInAsAdministrator();
}, PATIENCE_MS);
afterAll(async () => {
  administrator.close();
  await service.close();
});

it('the dashboard shows the secret and sets the password that a login over RADIUS takes', async () => {
  const { tenant } = service;
  const { userId } = await createUser(tenant, { username: 'ann' });
  const { tokenId } = await createToken(tenant, { type: 'h6', serial: '1', secret: toHex(SEED) });
  await assignToken(tenant, tokenId, userId);

  const applications = await administrator.get('/dashboard/applications');
  const secret = /<dt>Type<\/dt><dd>RADIUS<[\s\S]*?<span class="mono">(\w{40})</.exec(applications.text)?.[1];
  expect(secret, applications.text).toBeDefined();
  const client = new RadiusClient(service.radius!.port, secret!);
  try {
    const login = () => client.login({ username: 'ann', password: `${PASSWORD},${hotp(SEED, 0)}` });
    expect(await login()).toMatchObject({ code: RadiusCode.accessReject });

    const path = `/dashboard/users/${userId}`;
    const set = async (password: string) =>
      (await administrator.submit(await administrator.get(path), `${path}/password`, { password })).text;
    expect(await set('short')).toContain('A password has 8 to 100 characters.');
    expect(getUser(tenant, userId).hasPassword).toBe(false);
    const saved = await set(PASSWORD);
    expect(saved).toContain('The password of ann is set.');
    expect(saved).toContain('A password is set.');
    expect(await login()).toMatchObject({ code: RadiusCode.accessAccept });
    expect((await administrator.get('/dashboard/log')).text).not.toContain(PASSWORD);
  } finally {
    client.close();
  }
});
