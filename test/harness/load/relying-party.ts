/** A relying party on @simplewebauthn/server with sessions of many users, and some ill manners to choose from. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { closeServer, listen } from '../../../emulator/lab/listening.ts';

export interface CountingParty {
  readonly origin: string;
  /** Sign-ins that have verified, by the name of the user. */
  readonly signIns: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Session {
  name?: string;
  challenge: string;
  credential?: WebAuthnCredential;
}

const RP_ID = 'localhost';

export async function startCountingParty(): Promise<CountingParty> {
  const sessions = new Map<string, Session>();
  const signIns = new Map<string, number>();
  let origin = '';
  const answers: Record<string, (session: Session, body: never) => unknown> = {
    async '/register/options'(session, { name }: { name: string }) {
      const options = await generateRegistrationOptions({ rpName: 'Example', rpID: RP_ID, userName: name });
      Object.assign(session, { name, challenge: options.challenge });
      return options;
    },
    async '/register'(session, response) {
      const { registrationInfo } = await verifyRegistrationResponse({ response, ...expected(session) });
      if (!registrationInfo) throw new Error('the registration does not verify');
      session.credential = registrationInfo.credential;
    },
    async '/sign-in/options'(session) {
      const { credential } = session;
      if (credential === undefined) throw new Error('nobody has registered in this session');
      const options = await generateAuthenticationOptions({ rpID: RP_ID, allowCredentials: [credential] });
      session.challenge = options.challenge;
      return options;
    },
    async '/sign-in'(session, response) {
      const { name = '', credential } = session;
      const given = { response, credential: credential!, ...expected(session) };
      const { verified, authenticationInfo } = await verifyAuthenticationResponse(given);
      if (!verified) throw new Error('the sign-in does not verify');
      credential!.counter = authenticationInfo.newCounter;
      signIns.set(name, (signIns.get(name) ?? 0) + 1);
    },
  };
  const expected = ({ challenge }: Session) => ({
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: RP_ID,
    requireUserVerification: false,
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '', headers } = request;
    if (url === '/hung') return;
    if (url === '/moved') return void response.writeHead(302, { location: '/here', 'set-cookie': 'moved=yes' }).end();
    if (url === '/here') return void response.end(`${request.method} ${headers.cookie ?? ''}`);
    let id = /\bsid=([\w-]+)/.exec(headers.cookie ?? '')?.[1];
    if (id === undefined) {
      id = randomUUID();
      sessions.set(id, { challenge: '' });
      response.setHeader('set-cookie', `sid=${id}; HttpOnly; Path=/`);
    }
    const answer = answers[url];
    if (answer === undefined) return void response.writeHead(404).end('no such path');
    if (headers.origin !== origin) return void response.writeHead(403).end('another origin');
    const result = await answer(sessions.get(id)!, (await json(request)) as never);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(result ?? null));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error) => response.writeHead(400).end(String(error.message)));
  });
  await listen(server, 0, '127.0.0.1');
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { origin, signIns, close: () => closeServer(server) };
}
