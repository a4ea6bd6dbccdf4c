/**
 * The Duo-like service with one user, for programs that log in through it: prints what they have to know, and runs
 * until it is ended.
 */
import { argv } from 'node:process';
import { assignToken, createToken } from '../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration, integrationSecret } from '../../../harness/sites/duo/domain/integrations.ts';
import { createUser } from '../../../harness/sites/duo/domain/users.ts';
import { startDuoService } from '../../../harness/sites/duo/service.ts';

/** What the service prints, as one line of JSON. */
export interface ReadyService {
  /** Host and port, as programs are given them. */
  readonly host: string;
  /** File of the authority's certificate. */
  readonly ca: string;
  readonly authApi: { readonly key: string; readonly secret: string };
  readonly adminApi: { readonly key: string; readonly secret: string };
  readonly radius: { readonly port: number; readonly secret: string };
}

const [, , folder, username, password, seed] = argv;
if (folder === undefined || username === undefined || password === undefined || seed === undefined) {
  throw new Error('expected a folder, a username, a password and the seed of an HOTP token in hexadecimal');
}
const service = await startDuoService({
  folder,
  administrator: { email: 'admin@duo.localhost', password: 'the administrator of tests' },
  // pam_radius_auth 2.0 does not sign its requests.
  radius: { requireMessageAuthenticator: false, log: (line) => console.error(line) },
});
const { tenant, radius } = service;
const { userId } = await createUser(tenant, { username, password });
const { tokenId } = await createToken(tenant, { type: 'h6', serial: '1', secret: seed });
await assignToken(tenant, tokenId, userId);

async function keysOf(type: 'auth-api' | 'admin-api'): Promise<ReadyService['authApi']> {
  const { integrationKey: key } = await createIntegration(tenant, { type, name: `Programs by ${type}` });
  return { key, secret: integrationSecret(tenant, key) };
}
const ready: ReadyService = {
  host: tenant.host,
  ca: service.certificateAuthorityFile!,
  authApi: await keysOf('auth-api'),
  adminApi: await keysOf('admin-api'),
  radius: { port: radius!.port, secret: integrationSecret(tenant, radius!.integration.integrationKey) },
};
console.log(JSON.stringify(ready));
