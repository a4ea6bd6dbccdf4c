/** Serves the control API on loopback. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createControlApi } from './control-api.ts';
import type { Lab } from './lab.ts';
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
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const token = randomBytes(32).toString('base64url');
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const api = createControlApi(lab, { token, hosts, onDefect: options.onDefect });
  server.on('request', getRequestListener(api.fetch, { overrideGlobalObjects: false }));
  return { url: `http://127.0.0.1:${port}`, token, close: () => close(server) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
