/** The Duo-like service of a tenant: HTTPS under a local authority, pages, mail and the endpoints of programs. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { closeServer, listen } from '../../../emulator/lab/listening.ts';
import { Database } from './database/database.ts';
import { Decoys } from './decoy.ts';
import { countAdministrators, createAdministrator } from './domain/administrators.ts';
import { newSecretText } from './domain/ids.ts';
import { SITE_PROFILES, type SiteProfile, type SiteProfileName } from './domain/profiles.ts';
import { PromptTransactions } from './domain/prompt-transactions.ts';
import { SecretBox } from './domain/secrets.ts';
import { readSetting, writeSetting } from './domain/settings.ts';
import { createTenant, type Tenant } from './domain/tenant.ts';
import { isLoopback } from './guards.ts';
import { Mailbox } from './mail/mailbox.ts';
import { parseMailServer, smtpMailer } from './mail/mailer.ts';
import { programRoutes, type ServiceParts } from './programs.ts';
import { startTenantRadius, type TenantRadius, type TenantRadiusOptions } from './radius/tenant-server.ts';
import { LocalAuthority } from './tls/local-authority.ts';
import { createServiceApp } from './web/app.ts';
import { type Door, type DoorOptions, openDoor } from './web/door.ts';
import { WebSessions } from './web/sessions.ts';
import type { Web } from './web/web.ts';

const DEFAULT_DOMAIN = 'duo.localhost';
const FIRST_ADMINISTRATOR = 'admin@duo.localhost';
const PASSWORD_FILE = 'administrator-password.txt';

/** How to run the service. Everything has a default. */
export interface DuoServiceOptions {
  /** TCP port; 0 (default) takes a free one. */
  readonly port?: number | undefined;
  /** Listen address, default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Allows a listen address that other machines can reach; without it such an address is refused. */
  readonly allowRemote?: boolean | undefined;
  /** Where everything is kept: database, key, authority. Default: nowhere, all ends with the process. */
  readonly folder?: string | undefined;
  /** RP ID: `localhost` or a name under it, which browsers resolve by themselves. Default `duo.localhost`. */
  readonly domain?: string | undefined;
  readonly rpName?: string | undefined;
  /** Whose WebAuthn options are sent, by name or as one of your own; default `duo`. */
  readonly profile?: SiteProfileName | SiteProfile | undefined;
  /** `smtp://host:port` that mail goes to. Default: a mailbox of the service's own, with a page. */
  readonly mailServer?: string | undefined;
  /** The first administrator, where the database has none; default: a fresh password in a file of the folder. */
  readonly administrator?: { readonly email: string; readonly password: string } | undefined;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: (() => number) | undefined;
  /** Told of errors that are nobody's refusal. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
  /** Serves RADIUS logins too. Default: no. */
  readonly radius?: TenantRadiusOptions | undefined;
}

/** A service that is listening. */
export interface DuoService extends ServiceParts {
  /** `https://api-xxxxxxxx.duo.localhost:PORT`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** PEM of the authority that clients have to trust. */
  readonly certificateAuthority: string;
  /** Where that is kept; undefined without a folder. */
  readonly certificateAuthorityFile: string | undefined;
  readonly mailbox: Mailbox | undefined;
  readonly radius: TenantRadius | undefined;
  /** The administrator that this start created, with the password in clear or the file that holds it. */
  readonly administrator: FirstAdministrator | undefined;
  /** Serves the same pages over HTTP on this machine, too; closed with the service. */
  openDoor(options: Omit<DoorOptions, 'onDefect'>): Promise<Door>;
  close(): Promise<void>;
}

export interface FirstAdministrator {
  readonly email: string;
  readonly password: string;
  readonly passwordFile: string | undefined;
}

/** Starts the service. Rejects where the options contradict themselves or the port is taken. */
export async function startDuoService(options: DuoServiceOptions = {}): Promise<DuoService> {
  const { folder, domain = DEFAULT_DOMAIN, now = Date.now, host = '127.0.0.1', profile = 'duo' } = options;
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new Error(`The service listens on loopback addresses only, not ${host}; allowRemote lifts this.`);
  }
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = Database.open(folder === undefined ? ':memory:' : join(folder, 'duo.db'));
  const closers: (() => unknown)[] = [() => database.close()];
  try {
    const authorityFolder = folder === undefined ? undefined : join(folder, 'authority');
    const authority = LocalAuthority.open(authorityFolder);
    const common = {
      database,
      now,
      ...(folder === undefined ? {} : { secrets: SecretBox.fromFile(join(folder, 'secret.key')) }),
      rpId: domain,
      profile: typeof profile === 'string' ? SITE_PROFILES[profile] : profile,
      ...(options.rpName === undefined ? {} : { rpName: options.rpName }),
    };
    const hostname = `${await hostLabel(createTenant(common))}.${domain}`;
    const server = createServer(authority.issue([hostname, domain]));
    await listen(server, options.port ?? 0, host);
    closers.push(() => closeServer(server));
    const { port } = server.address() as AddressInfo;

    const mailbox = options.mailServer === undefined ? await Mailbox.open({ now }) : undefined;
    if (mailbox !== undefined) closers.push(() => mailbox.close());
    const mailServer =
      mailbox === undefined ? parseMailServer(options.mailServer!) : { host: '127.0.0.1', port: mailbox.port };
    const mail = smtpMailer(mailServer, `"${common.rpName ?? 'ctaplab Access'}" <no-reply@${domain}>`);
    closers.push(() => mail.close());

    const tenant = createTenant({ ...common, mail, origin: new URL(`https://${hostname}:${port}`).origin });
    const administrator = await firstAdministrator(tenant, options);
    const prompts = new PromptTransactions(now);
    const web: Web = {
      ...{ tenant, port, mailbox, prompts, tls: true, loopback: isLoopback(host), decoys: new Decoys() },
      people: new WebSessions(now),
      administrators: new WebSessions(now),
      strangers: new Map(),
      onPasswordChanged: (email) => {
        // What the file holds is good for nothing any more.
        if (email === FIRST_ADMINISTRATOR && folder !== undefined) rmSync(join(folder, PASSWORD_FILE), { force: true });
      },
    };
    const programs = programRoutes({ tenant, prompts });
    const onDefect = options.onDefect ?? ((error) => console.error(error));
    const app = createServiceApp(web, programs, onDefect);
    server.on('request', getRequestListener(app.fetch));
    const radius = options.radius === undefined ? undefined : await startTenantRadius(tenant, options.radius);
    if (radius !== undefined) closers.push(() => radius.close());
    return {
      ...{ tenant, prompts, mailbox, radius, administrator, port, url: tenant.origin },
      certificateAuthority: authority.certificate,
      certificateAuthorityFile: authorityFolder === undefined ? undefined : join(authorityFolder, 'ca.pem'),
      openDoor: async (door) => {
        const opened = await openDoor(web, { ...door, onDefect });
        closers.push(() => opened.close());
        return opened;
      },
      close: () => closeAll(closers),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** `api-xxxxxxxx`: chosen once, kept in the database. */
async function hostLabel(tenant: Tenant): Promise<string> {
  const kept = readSetting(tenant, 'host-label');
  if (typeof kept === 'string') return kept;
  const label = `api-${Buffer.from(tenant.random(4)).toString('hex')}`;
  await tenant.database.write(() => writeSetting(tenant, 'host-label', label));
  return label;
}

async function firstAdministrator(tenant: Tenant, options: DuoServiceOptions): Promise<FirstAdministrator | undefined> {
  if (countAdministrators(tenant) > 0) return undefined;
  const { email, password } = options.administrator ?? {
    email: FIRST_ADMINISTRATOR,
    password: newSecretText(tenant, 20),
  };
  await createAdministrator(tenant, { email, password, name: 'Administrator' });
  const file =
    options.administrator === undefined && options.folder !== undefined
      ? join(options.folder, PASSWORD_FILE)
      : undefined;
  if (file !== undefined) writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return { email, password, passwordFile: file };
}

/** The last opened first: no request comes once the database is closed. */
async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}
