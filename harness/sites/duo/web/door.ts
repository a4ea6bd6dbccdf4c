/**
 * Another way into the service: the same pages over HTTP on loopback. Browsers take names under localhost for secure
 * contexts (Secure Contexts §3.1), so WebAuthn works there without anybody trusting the service's authority.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { closeServer, listen } from '../../../../emulator/lab/listening.ts';
import { Decoys } from '../decoy.ts';
import { createServiceApp } from './app.ts';
import { WebSessions } from './sessions.ts';
import type { Web } from './web.ts';

export interface DoorOptions {
  /** TCP port on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number | undefined;
  /** Routes of its own before the service's, and what is done to its answers; the guards of pages stand before them. */
  readonly furnish: (own: Hono, web: Web) => void;
  readonly onDefect: (error: unknown) => void;
}

export interface Door {
  /** `http://api-xxxxxxxx.duo.localhost:PORT`, without a slash at its end. */
  readonly url: string;
  /** Once is enough; more does no harm. */
  close(): Promise<void>;
}

/** Listens on loopback. What people do there is the service's; their sessions are the door's own. */
export async function openDoor(service: Web, options: DoorOptions): Promise<Door> {
  const server = createServer();
  await listen(server, options.port ?? 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const { tenant } = service;
  const { hostname } = new URL(tenant.origin);
  const { origin, host } = new URL(`http://${hostname}:${port}`);
  const web: Web = {
    ...service,
    ...{ port, tls: false, loopback: true, tenant: { ...tenant, origin, host }, decoys: new Decoys() },
    people: new WebSessions(tenant.now),
    administrators: new WebSessions(tenant.now),
  };
  const app = createServiceApp(web, [], options.onDefect, (own) => options.furnish(own, web));
  server.on('request', getRequestListener(app.fetch));
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= closeServer(server);
    return closed;
  };
  return { url: origin, close };
}
