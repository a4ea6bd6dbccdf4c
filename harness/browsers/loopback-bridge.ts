/** The way to a key for pages of runners that cannot call into Node: an HTTP port on loopback, for who knows its secret. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { closeServer, listen } from '../../emulator/lab/listening.ts';
import type { PageAbort, PageRequest } from './in-page/messages.ts';
import type { PageCeremonies } from './page-ceremonies.ts';

/** What the runner's side of a page needs to reach the key; the page itself must not have it. */
export interface BridgeAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly secret: string;
}

export interface LoopbackBridge extends BridgeAddress {
  close(): Promise<void>;
}

/** A request with what a browser would tell of the page: its word for it is the runner's. */
type BridgeMessage = PageRequest | PageAbort;

/** Serves requests of top-level pages. One that goes away takes its request along. */
export async function openLoopbackBridge(ceremonies: PageCeremonies): Promise<LoopbackBridge> {
  const secret = randomBytes(32).toString('base64url');
  const documents = new Map<string, { readonly frame: object; count: number }>();
  const answer = async (message: BridgeMessage, response: ServerResponse): Promise<unknown> => {
    const known = documents.get(message.document) ?? { frame: {}, count: 0 };
    const { frame } = known;
    if (message.type === 'abort') {
      ceremonies.abort(frame, message.id);
      return null;
    }
    documents.set(message.document, known);
    known.count += 1;
    const leave = () => ceremonies.abort(frame, message.id);
    response.once('close', leave);
    try {
      return await ceremonies.run({ frame, origin: message.origin, ancestorOrigins: [], allow: [] }, message);
    } finally {
      response.off('close', leave);
      known.count -= 1;
      if (known.count === 0) documents.delete(message.document);
    }
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.writeHead(400).end());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Any origin may knock; the secret opens.
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'OPTIONS') {
      const allowed = {
        'Access-Control-Allow-Headers': 'Authorization',
        'Access-Control-Allow-Private-Network': 'true',
      };
      response.writeHead(204, allowed).end();
      return;
    }
    if (!isEqual(request.headers.authorization ?? '', `Bearer ${secret}`)) {
      response.writeHead(401).end();
      return;
    }
    const verdict = await answer((await json(request)) as BridgeMessage, response);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(verdict));
  };
  await listen(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    secret,
    close: () => closeServer(server),
  };
}

function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
