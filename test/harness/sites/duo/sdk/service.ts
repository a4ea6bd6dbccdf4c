import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '../../../../../ctap/bytes.ts';
import { hotp } from '../../../../../ctap/otp/hotp.ts';
import { assignToken, createToken } from '../../../../../harness/sites/duo/domain/hardware-tokens.ts';
import {
  createIntegration,
  type IntegrationType,
  integrationSecret,
} from '../../../../../harness/sites/duo/domain/integrations.ts';
import { createUser, type User } from '../../../../../harness/sites/duo/domain/users.ts';
import { type DuoService, startDuoService } from '../../../../../harness/sites/duo/service.ts';
import { LocalAuthority } from '../../../../../harness/sites/duo/tls/local-authority.ts';
import type { ServiceAddress } from './child.ts';

export const SEED = utf8('12345678901234567890');
export const code = (counter: number): string => hotp(SEED, counter);

export interface Keys {
  readonly key: string;
  readonly secret: string;
}

/** A service with its programs' endpoints, kept in a folder that goes with it. Its clock can be moved. */
export class ServiceBench {
  readonly service: DuoService;
  readonly address: ServiceAddress;
  /** Where it keeps everything. */
  readonly folder: string;
  readonly #clock: { ahead: number };

  private constructor(service: DuoService, folder: string, clock: { ahead: number }) {
    this.service = service;
    this.address = { ca: service.certificateAuthorityFile!, port: service.port };
    this.folder = folder;
    this.#clock = clock;
  }

  static async start(): Promise<ServiceBench> {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-duo-'));
    const clock = { ahead: 0 };
    const now = () => Date.now() + clock.ahead;
    const administrator = { email: 'admin@duo.localhost', password: 'the administrator of tests' };
    return new ServiceBench(await startDuoService({ folder, now, administrator, radius: {} }), folder, clock);
  }

  /** The authority that vouches for the service. */
  get authority(): LocalAuthority {
    return LocalAuthority.open(join(this.folder, 'authority'));
  }

  /** The tenant's host, with its port, as SDKs are given it. */
  get host(): string {
    return this.service.tenant.host;
  }

  /** Puts the service's clock that many seconds ahead of the SDKs'. */
  setAhead(seconds: number): void {
    this.#clock.ahead = seconds * 1000;
  }

  async integration(type: IntegrationType, redirectUris: readonly string[] = []): Promise<Keys> {
    const { tenant } = this.service;
    const { integrationKey: key } = await createIntegration(tenant, { type, name: `A ${type} of tests`, redirectUris });
    return { key, secret: integrationSecret(tenant, key) };
  }

  /** A user with an HOTP token of the usual seed. */
  async userWithToken(username: string): Promise<User> {
    const { tenant } = this.service;
    const user = await createUser(tenant, { username });
    const { tokenId } = await createToken(tenant, { type: 'h6', serial: `of-${username}`, secret: toHex(SEED) });
    await assignToken(tenant, tokenId, user.userId);
    return user;
  }

  async close(): Promise<void> {
    await this.service.close();
    rmSync(this.folder, { recursive: true });
  }
}
