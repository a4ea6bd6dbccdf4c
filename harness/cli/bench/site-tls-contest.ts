/** Sign-ins as browsers do them, over TLS; against the same server, which takes the same answers unverified. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { closeServer, listen } from '../../../emulator/lab/listening.ts';
import { Database } from '../../sites/duo/database/database.ts';
import { Decoys } from '../../sites/duo/decoy.ts';
import { attempt } from '../../sites/duo/domain/attempts.ts';
import { PromptTransactions } from '../../sites/duo/domain/prompt-transactions.ts';
import { createTenant, type Tenant } from '../../sites/duo/domain/tenant.ts';
import { findUser } from '../../sites/duo/domain/users.ts';
import { parseAuthenticationResponse } from '../../sites/duo/json.ts';
import { LocalAuthority } from '../../sites/duo/tls/local-authority.ts';
import { createServiceApp } from '../../sites/duo/web/app.ts';
import { WebSessions } from '../../sites/duo/web/sessions.ts';
import { attemptContext, readJson, renewSession, requireSession, type Web } from '../../sites/duo/web/web.ts';
import { ServiceClient } from '../service-client.ts';
import type { Contest, Operation } from './rounds.ts';
import { type BenchPerson, CONCURRENT, populate } from './site-people.ts';

const RP_ID = 'duo.localhost';
const HOSTNAME = `api-bench.${RP_ID}`;
const UNVERIFIED = '/unverified';

interface Service {
  readonly tenant: Tenant;
  readonly certificateAuthority: string;
  close(): Promise<void>;
}

/** Everybody has a connection of the own that lives; server and clients share the process. */
export async function tlsContest(): Promise<Contest> {
  const service = await startService();
  const people = await populate(service.tenant, CONCURRENT);
  const url = service.tenant.origin;
  const clients = people.map(() => new ServiceClient({ ...service, url }));
  const signIns =
    (path: string): Operation =>
    async (count) => {
      for (let done = 0; done < count; done += people.length) {
        const some = people.slice(0, count - done);
        await Promise.all(some.map((person, index) => signIn(clients[index]!, person, service.tenant, path)));
      }
    };
  return {
    name: 'site-sign-in-tls',
    subject: signIns('/sign-in/assertion'),
    against: 'the same server, verification off',
    reference: signIns(`${UNVERIFIED}/assertion`),
    async close() {
      for (const client of clients) client.close();
      await service.close();
    },
  };
}

/** Six requests, from the first page without a cookie to the page that opens. */
async function signIn(client: ServiceClient, person: BenchPerson, tenant: Tenant, path: string): Promise<void> {
  client.cookies.clear();
  await client.submit(await client.get('/sign-in'), '/sign-in', { username: person.username });
  const { challenge } = await client.post<{ challenge: string }>('/sign-in/options', {});
  const { url } = await client.post<{ url: string }>(path, person.credential.answer(tenant, challenge));
  const page = await client.get(url);
  if (page.path !== '/portal') throw new Error(`expected ${person.username} to be signed in, got ${page.path}`);
}

/** The service, its database in a file, with one route more. */
async function startService(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-bench-tls-'));
  const database = Database.open(join(folder, 'duo.db'));
  const authority = LocalAuthority.open();
  const server = createServer(authority.issue([HOSTNAME]));
  await listen(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const { now } = Date;
  const tenant = createTenant({ database, rpId: RP_ID, origin: `https://${HOSTNAME}:${port}` });
  const web: Web = {
    ...{
      tenant,
      port,
      mailbox: undefined,
      tls: true,
      loopback: true,
      decoys: new Decoys(),
      strangers: new Map(),
      onPasswordChanged: () => {},
    },
    prompts: new PromptTransactions(now),
    people: new WebSessions(now),
    administrators: new WebSessions(now),
  };
  const app = createServiceApp(web, [{ path: UNVERIFIED, routes: unverifiedRoutes(web) }], console.error);
  server.on('request', getRequestListener(app.fetch));
  return {
    tenant,
    certificateAuthority: authority.certificate,
    async close() {
      await closeServer(server);
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What `/sign-in/assertion` does, but for the look at the credential and its signature. */
function unverifiedRoutes(web: Web): Hono {
  const routes = new Hono();
  routes.post('/assertion', async (c) => {
    parseAuthenticationResponse(await readJson(c));
    const session = requireSession(web, c, 'people');
    const pending = session.takeAuthentication();
    const user = findUser(web.tenant, pending?.username ?? '');
    if (user === undefined) throw new Error('expected a sign-in that has begun, there is none');
    const factor = 'security_key';
    const result = await attempt(web.tenant, user, attemptContext(c, 'bench'), factor, () => ({
      ...{ accepted: true, factor, reason: 'user_approved' },
    }));
    if (!result.accepted) throw new Error(`expected ${user.username} to be signed in, was refused: ${result.reason}`);
    renewSession(web, c, 'people', session).signedInAs = user.userId;
    return c.json({ url: '/portal' });
  });
  return routes;
}
