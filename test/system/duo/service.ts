/** A RADIUS bridge of a tenant with one user, for programs that log in through it: prints its port and secret, and runs until it is ended. */
import { argv } from 'node:process';
import { assignToken, createToken } from '../../../harness/sites/duo/domain/hardware-tokens.ts';
import { createIntegration, integrationSecret } from '../../../harness/sites/duo/domain/integrations.ts';
import { createTenant } from '../../../harness/sites/duo/domain/tenant.ts';
import { createUser } from '../../../harness/sites/duo/domain/users.ts';
import { startRadiusServer } from '../../../harness/sites/duo/radius/server.ts';
import { TenantLogin } from '../../../harness/sites/duo/radius/tenant-login.ts';

const [, , username, password, seed] = argv;
if (username === undefined || password === undefined || seed === undefined) {
  throw new Error('expected a username, a password and the seed of an HOTP token in hexadecimal');
}
const tenant = createTenant();
const { userId } = await createUser(tenant, { username, password });
const { tokenId } = await createToken(tenant, { type: 'h6', serial: '1', secret: seed });
await assignToken(tenant, tokenId, userId);
const integration = await createIntegration(tenant, { type: 'radius', name: 'Server' });
const secret = integrationSecret(tenant, integration.integrationKey);
const server = await startRadiusServer({
  login: new TenantLogin(tenant, integration),
  secret,
  // pam_radius_auth 2.0 does not sign its requests.
  requireMessageAuthenticator: false,
  log: (line) => console.error(line),
});
console.log(JSON.stringify({ port: server.port, secret }));
