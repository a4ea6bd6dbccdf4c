import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { closeServer, listen } from '../../../emulator/lab/listening.ts';
import { createApp } from './app.ts';
import { Decoys } from './decoy.ts';
import { isLoopback } from './guards.ts';
import { Sessions } from './sessions.ts';
import type { Site, SiteEvent, SitePolicy } from './site.ts';
import { type DuoStore, MemoryStore } from './store.ts';

// The profile that reference captures of Duo's requests suggest; its creation options are not public.
const DEFAULT_POLICY: SitePolicy = {
  userVerification: 'discouraged',
  attestation: 'none',
  residentKey: 'discouraged',
  algorithms: [-7, -257],
  timeout: 60_000,
};

/** How to run the site. Everything has a default. */
export interface DuoSiteOptions extends Partial<SitePolicy> {
  /** TCP port; 0 (default) takes a free one. */
  port?: number;
  /** Listen address, default 127.0.0.1. */
  host?: string;
  /** Allows a listen address that other machines can reach; without it such an address is refused. */
  allowRemote?: boolean;
  /** RP ID, default `localhost`. */
  rpId?: string;
  /** Host name in the site's URL: the RP ID (default) or a name under it. */
  hostname?: string;
  /** Name that browsers show beside the RP ID. */
  rpName?: string;
  store?: DuoStore;
  /** Milliseconds since 1970; default Date.now. */
  now?: () => number;
  /** Told of every ceremony that ended. */
  onEvent?: (event: SiteEvent) => void;
}

/** A site that is listening. */
export interface DuoSite {
  /** `http://localhost:PORT`, without a slash at its end. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  readonly rpId: string;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

/** Starts the relying party. Rejects when the options contradict themselves or the port is taken. */
export async function startDuoSite(options: DuoSiteOptions = {}): Promise<DuoSite> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new Error(`The site listens on loopback addresses only, not ${host}; allowRemote lifts this.`);
  }
  const rpId = options.rpId ?? 'localhost';
  const hostname = options.hostname ?? rpId;
  if (hostname !== rpId && !hostname.endsWith(`.${rpId}`)) {
    throw new Error(`The host name must be the RP ID ${rpId} or end in .${rpId}, but it is ${hostname}.`);
  }

  const server = createServer();
  await listen(server, options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;
  const { origin } = new URL(`http://${hostname}:${port}`);
  const site: Site = createSite(options, rpId, origin, port);
  server.on('request', getRequestListener(createApp(site).fetch));
  return { url: origin, origin, port, rpId, close: () => closeServer(server) };
}

function createSite(options: DuoSiteOptions, rpId: string, origin: string, port: number): Site {
  const now = options.now ?? Date.now;
  return {
    rpId,
    rpName: options.rpName ?? 'ctaplab Access',
    origin,
    port,
    policy: {
      userVerification: options.userVerification ?? DEFAULT_POLICY.userVerification,
      attestation: options.attestation ?? DEFAULT_POLICY.attestation,
      residentKey: options.residentKey ?? DEFAULT_POLICY.residentKey,
      algorithms: options.algorithms ?? DEFAULT_POLICY.algorithms,
      timeout: options.timeout ?? DEFAULT_POLICY.timeout,
    },
    store: options.store ?? new MemoryStore(),
    sessions: new Sessions(now),
    decoys: new Decoys(),
    now,
    report: options.onEvent ?? (() => {}),
  };
}
