/** A way into the lab's site whose pages have a key of the lab, for browsers that see no key of their own. */
import type { LabAddress } from '../../../emulator/lab/state-file.ts';
import type { LabSecurityKey } from '../../browsers/outside-key.ts';
import type { DuoService } from '../../sites/duo/service.ts';
import { SiteError } from '../../sites/duo/site.ts';
import { rehearsalRoutes } from '../../sites/duo/web/rehearsal-routes.ts';
import { KeyRoutes } from './key-routes.ts';

const START = '/rehearsal';

export interface SiteDoorOptions {
  /** TCP port on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number | undefined;
}

export interface SiteDoor {
  /** `http://api-xxxxxxxx.duo.localhost:PORT`, without a slash at its end. */
  readonly url: string;
  /** An address that opens the site with that key, in one browser, once. */
  link(keyId: string): string;
  close(): Promise<void>;
}

/** What drives a key is loaded when the first page wants one. */
async function openLabKey(lab: LabAddress, key: string): Promise<LabSecurityKey> {
  const { LabSecurityKey } = await import('../../browsers/outside-key.ts');
  return LabSecurityKey.open({ lab, key });
}

/** Opens it; closed before the service and the lab. */
export async function openSiteDoor(
  service: DuoService,
  lab: LabAddress,
  options: SiteDoorOptions = {},
): Promise<SiteDoor> {
  const keys = new Map<string, Promise<LabSecurityKey>>();
  const openKey = (id: string) => {
    const known = keys.get(id) ?? openLabKey(lab, id);
    keys.set(id, known);
    known.catch(() => keys.delete(id)); // whoever asked has the failure; the next one tries again
    return known;
  };
  let routes: KeyRoutes | undefined;
  const door = await service.openDoor({
    port: options.port,
    furnish: (site, web) => {
      const own = new KeyRoutes({ origin: web.tenant.origin, port: web.port, openKey, start: START });
      routes = own;
      own.furnish(site);
      site.use(`${START}/*`, async (c, next) => {
        if (own.browserOf(c) !== undefined) return next();
        throw new SiteError(403, 'no_key', 'This page needs a key of the lab. Open the site from the panel.');
      });
      site.route(START, rehearsalRoutes(web));
    },
  });
  return {
    url: door.url,
    link: (keyId) => routes!.link(keyId),
    close: async () => {
      await door.close();
      for (const key of keys.values()) await (await key).close();
    },
  };
}
