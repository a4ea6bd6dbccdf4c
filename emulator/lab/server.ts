/** Serves the control API on loopback. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createControlApi } from './api/app.ts';
import { serveEvents } from './api/events.ts';
import { DEFAULT_RATE, Gate } from './api/gate.ts';
import type { RateLimitOptions } from './api/limits.ts';
import { PanelSessions } from './api/sessions.ts';
import type { Lab } from './lab.ts';
import { closeServer, listen } from './listening.ts';
import type { LabAddress } from './state-file.ts';

export interface ControlServer extends LabAddress {
  /** A new link to the panel, which works once. */
  panelLink(): string;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

export interface ControlServerOptions {
  /** TCP port on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number | undefined;
  /** Told of requests that failed inside. */
  readonly onDefect: (error: unknown) => void;
  readonly rateLimit?: RateLimitOptions;
  /** Bytes that may wait for a watcher before it is dropped. */
  readonly maxBuffered?: number;
}

/** Listens with a fresh token of 32 random bytes. Rejects where the port is taken. */
export async function serveControlApi(lab: Lab, options: ControlServerOptions): Promise<ControlServer> {
  const { onDefect, rateLimit = DEFAULT_RATE, maxBuffered } = options;
  const server = createServer();
  await listen(server, options.port ?? 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const token = randomBytes(32).toString('base64url');
  const gate = new Gate({ token, hosts: [`127.0.0.1:${port}`, `localhost:${port}`], rateLimit });
  const sessions = new PanelSessions(token);
  const api = createControlApi(lab, { gate, sessions, onDefect });
  server.on('request', getRequestListener(api.fetch, { overrideGlobalObjects: false }));
  const endEvents = serveEvents(server, lab, { gate, maxBuffered, onDefect });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    token,
    panelLink: () => `${url}${sessions.link()}`,
    close: () => {
      endEvents();
      return closeServer(server);
    },
  };
}
