/** Serves the control API on loopback. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createControlApi } from './control-api.ts';
import type { Lab } from './lab.ts';
import { closeServer, listen } from './listening.ts';
import type { LabAddress } from './state-file.ts';

export interface ControlServer extends LabAddress {
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

export interface ControlServerOptions {
  /** TCP port on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number | undefined;
  /** Told of requests that failed inside. */
  readonly onDefect: (error: unknown) => void;
}

/** Listens with a fresh token of 32 random bytes. Rejects where the port is taken. */
export async function serveControlApi(lab: Lab, options: ControlServerOptions): Promise<ControlServer> {
  const server = createServer();
  await listen(server, options.port ?? 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const token = randomBytes(32).toString('base64url');
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const api = createControlApi(lab, { token, hosts, onDefect: options.onDefect });
  server.on('request', getRequestListener(api.fetch, { overrideGlobalObjects: false }));
  return { url: `http://127.0.0.1:${port}`, token, close: () => closeServer(server) };
}
