/** What happens in a lab, live over a WebSocket: GET /events with the subprotocols `ctaplab` and `bearer.TOKEN`. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { EventHub } from './event-hub.ts';
import type { Gate } from './gate.ts';
import { type ControlApi, problems } from './routes.ts';

export const EVENTS_PATH = '/events';
const PROTOCOL = 'ctaplab';
const TOKEN_PREFIX = 'bearer.';
/** Bytes that wait for a watcher before it is dropped. */
const MAX_BUFFERED = 4 * 1024 * 1024;
/** Milliseconds for a watcher that is dropped to learn why. */
const GRACE = 1000;
/** Bytes of a message from a watcher, who has nothing to say. */
const MAX_MESSAGE = 1024;

const getEvents = createRoute({
  method: 'get',
  path: EVENTS_PATH,
  summary: 'What happens in the lab, as messages of a WebSocket',
  description: `Asks for the subprotocol ctaplab; the token comes in the Authorization header, or from browsers as a
second subprotocol, bearer.TOKEN. The first message is {type: "lab"} with everything; then {type: "key", key},
{type: "key-removed", id}, {type: "token", token}, {type: "token-removed", id}, {type: "clock", clock},
{type: "typed", key, text}, and with traffic=1 {type: "traffic", key, entry}. A watcher that falls too far behind is
dropped with the status 1013.`,
  tags: ['Lab'],
  request: {
    query: z.strictObject({
      traffic: z
        .literal('1')
        .optional()
        .openapi({ param: { name: 'traffic', in: 'query' }, description: 'With all that goes over the wire' }),
    }),
  },
  responses: { 101: { description: 'A WebSocket' }, ...problems(426) },
});

export function eventRoutes(api: ControlApi): void {
  api.openapi(getEvents, () => {
    throw new Problem(426, 'websocket_only', 'expected Upgrade: websocket', { Upgrade: 'websocket' });
  });
}

export interface EventSocketOptions {
  readonly gate: Gate;
  /** Bytes that may wait for a watcher. */
  readonly maxBuffered?: number | undefined;
  readonly onDefect: (error: unknown) => void;
}

/** Takes the WebSockets of a server. @returns ends them */
export function serveEvents(server: Server, lab: Lab, options: EventSocketOptions): () => void {
  const { gate, maxBuffered = MAX_BUFFERED, onDefect } = options;
  const hub = new EventHub(lab, onDefect);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      const traffic = checkUpgrade(request, gate);
      sockets.handleUpgrade(request, socket, head, (watcher) => watch(hub, watcher, { traffic, maxBuffered }));
    } catch (error) {
      if (!(error instanceof Problem)) onDefect(error);
      refuse(socket, error instanceof Problem ? error : new Problem(500, 'internal', 'the lab failed on this request'));
    }
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    hub.close();
    for (const client of sockets.clients) client.close(1001, 'the lab ends');
    sockets.close();
  };
}

/** @returns whether traffic is wanted. @throws Problem */
function checkUpgrade(request: IncomingMessage, gate: Gate): boolean {
  const { host, origin, authorization } = request.headers;
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const token = protocols.find((name) => name.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
  gate.check({ host, origin, authorization: token === undefined ? authorization : `Bearer ${token}` }, false);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://lab');
  if (pathname !== EVENTS_PATH) throw new Problem(404, 'not_found', `there is no WebSocket at ${pathname}`);
  if (!protocols.includes(PROTOCOL)) {
    throw new Problem(400, 'wrong_protocol', `expected the subprotocol ${PROTOCOL}, got ${protocols.length} others`);
  }
  for (const [name, value] of searchParams) {
    if (name !== 'traffic' || value !== '1') throw new Problem(400, 'bad_request', 'expected traffic=1 or no query');
  }
  return searchParams.has('traffic');
}

function watch(hub: EventHub, socket: WebSocket, options: { traffic: boolean; maxBuffered: number }): void {
  const leave = hub.join({
    traffic: options.traffic,
    send: (message) => {
      if (socket.bufferedAmount > options.maxBuffered) {
        leave();
        socket.close(1013, 'fell too far behind');
        // That waits behind all that it does not read, so it gets no second chance.
        setTimeout(() => socket.terminate(), GRACE).unref();
        return;
      }
      socket.send(message);
    },
  });
  socket.on('message', () => socket.close(1003, 'nothing is expected from a watcher'));
  socket.on('close', leave);
  socket.on('error', leave);
}

function refuse(socket: Duplex, problem: Problem): void {
  const text = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.toJSON().title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    '',
    text,
  ];
  socket.on('error', () => undefined); // whoever is refused may be gone already
  socket.end(lines.join('\r\n'));
}
