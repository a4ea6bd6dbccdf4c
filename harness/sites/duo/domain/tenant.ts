/** One organisation of the service: all that the rules of the domain need of the world. */
import { randomBytes } from 'node:crypto';
import { Database } from '../database/database.ts';
import type { Mailer } from './mail.ts';
import { SITE_PROFILES, type SiteProfile } from './profiles.ts';
import { SecretBox } from './secrets.ts';

export interface Tenant {
  readonly database: Database;
  readonly secrets: SecretBox;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  readonly mail: Mailer;
  /** As browsers see it: `https://api-xxxxxxxx.duo.localhost:PORT`, without a slash at its end. */
  readonly origin: string;
  /** Host and port of the origin, as SDKs are given it. */
  readonly host: string;
  /** A parent domain of the host, as with Duo. */
  readonly rpId: string;
  readonly rpName: string;
  /** Whose WebAuthn options the tenant sends. */
  readonly profile: SiteProfile;
}

export type TenantOptions = Partial<Tenant>;

/**
 * A tenant with defaults for what is not given: a database in memory with a key of its own, the system's clock and
 * random numbers, and a mailer that refuses.
 */
export function createTenant(options: TenantOptions = {}): Tenant {
  const origin = options.origin ?? 'https://api-00000000.duo.localhost';
  return {
    database: options.database ?? Database.open(':memory:'),
    secrets: options.secrets ?? new SecretBox(randomBytes(32)),
    now: options.now ?? Date.now,
    random: options.random ?? ((length) => new Uint8Array(randomBytes(length))),
    mail: options.mail ?? noMail,
    origin,
    host: options.host ?? new URL(origin).host,
    rpId: options.rpId ?? 'duo.localhost',
    rpName: options.rpName ?? 'ctaplab Access',
    profile: options.profile ?? SITE_PROFILES.duo,
  };
}

const noMail: Mailer = {
  send: () => Promise.reject(new Error('expected a mail server, got none: this tenant cannot send mail')),
};
