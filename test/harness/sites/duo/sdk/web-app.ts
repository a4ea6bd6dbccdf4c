/**
 * A small web application with a sign-in of its own, behind which Duo's SDK asks for the second factor: the example of
 * Duo's documents, on Node's own HTTP server. Prints its address, and runs until it is ended.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { Client } from '@duosecurity/duo_universal';

const { CLIENT_ID = '', CLIENT_SECRET = '', API_HOST = '' } = env;
const PASSWORD = 'the first factor';

interface Session {
  readonly username: string;
  readonly state: string;
  /** What opened the application; undefined before the second factor. */
  factor?: string;
}
const sessions = new Map<string, Session>();

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    // As in Duo's example, the person is told that the second factor failed.
    response.writeHead(403, { 'content-type': 'text/plain' });
    response.end(`The second factor failed: ${error instanceof Error ? error.message : String(error)}`);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
const duo = new Client({
  ...{ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, apiHost: API_HOST },
  redirectUrl: `${origin}/callback`,
});
console.log(JSON.stringify({ origin }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', origin);
  const session = sessions.get(/(?:^|; )app=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
  if (url.pathname === '/sign-in') return signIn(url.searchParams, response);
  if (url.pathname === '/callback') return callback(url.searchParams, session, response);
  const signedIn = session?.factor !== undefined;
  response.writeHead(signedIn ? 200 : 401, { 'content-type': 'text/plain' });
  response.end(signedIn ? `Welcome, ${session.username}, by ${session.factor}.` : 'Sign in first.');
}

async function signIn(form: URLSearchParams, response: ServerResponse): Promise<void> {
  const username = form.get('username') ?? '';
  if (form.get('password') !== PASSWORD) throw new Error('wrong password');
  await duo.healthCheck();
  const state = duo.generateState();
  const id = randomBytes(16).toString('hex');
  sessions.set(id, { username, state });
  const location = await duo.createAuthUrl(username, state);
  response.writeHead(302, { location, 'set-cookie': `app=${id}; HttpOnly; SameSite=Lax; Path=/` });
  response.end();
}

async function callback(query: URLSearchParams, session: Session | undefined, response: ServerResponse): Promise<void> {
  if (query.has('error')) throw new Error(`${query.get('error')}: ${query.get('error_description')}`);
  if (session === undefined || query.get('state') !== session.state)
    throw new Error('the state is not of this session');
  const code = query.get('duo_code') ?? '';
  const result = await duo.exchangeAuthorizationCodeFor2FAResult(code, session.username);
  session.factor = result.auth_context.factor;
  response.writeHead(302, { location: '/' });
  response.end();
}
