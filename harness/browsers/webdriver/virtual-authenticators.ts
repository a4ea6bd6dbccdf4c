/** The virtual authenticators of a WebDriver session: what its commands act on, and what its pages are served by. */
import { randomUUID } from 'node:crypto';
import { equalBytes, toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import type { PortableCredentials } from '../../../emulator/portable-credentials.ts';
import type { CtapDevice } from '../../client/device.ts';
import { HeldKey } from '../held-key.ts';
import type { Signal } from '../in-page/messages.ts';
import { systemWorld } from '../virtual-key.ts';
import { parseAuthenticatorConfiguration } from './authenticator-configuration.ts';
import { type CredentialParameters, credentialParameters, parseCredentialParameters } from './credential-parameters.ts';
import { expected, type WebDriverError } from './error.ts';
import { decodeBytes, Parameters } from './parameters.ts';
import { VirtualAuthenticator } from './virtual-authenticator.ts';

/** Of the RP ID for which clients register with a U2F key where they want a touch and nothing else. */
const NOBODY = systemWorld.crypto.sha256(utf8('.dummy'));

/** Of requests to them, in milliseconds. As Chromium does with its own: no timeout is too short. */
export const TIMEOUT_RANGE = [0, 600_000] as const;

/** Errors of all commands are WebDriverError: invalid argument, or unsupported operation for an extension. */
export class VirtualAuthenticators extends HeldKey {
  readonly #authenticators = new Map<string, VirtualAuthenticator>();

  constructor() {
    super(undefined);
  }

  /** Add Virtual Authenticator (WebAuthn Level 3 §11.3); resolves to its id. */
  async add(parameters: unknown): Promise<string> {
    const authenticator = await VirtualAuthenticator.open(parseAuthenticatorConfiguration(parameters));
    const id = randomUUID();
    this.#authenticators.set(id, authenticator);
    return id;
  }

  /** Remove Virtual Authenticator (§11.4). */
  async remove(id: string): Promise<void> {
    const authenticator = this.#find(id);
    this.#authenticators.delete(id);
    await authenticator.close();
  }

  /** Add Credential (§11.5). */
  async addCredential(id: string, parameters: unknown): Promise<void> {
    const { configuration, credentials } = this.#find(id);
    await credentials.add(parseCredentialParameters(parameters, configuration));
  }

  /** Get Credentials (§11.6). */
  async getCredentials(id: string): Promise<CredentialParameters[]> {
    const credentials = await this.#find(id).credentials.list();
    return credentials.filter(({ rpIdHash }) => !equalBytes(rpIdHash, NOBODY)).map(credentialParameters);
  }

  /** Remove Credential (§11.7). */
  async removeCredential(id: string, credentialId: string): Promise<void> {
    const removed = await this.#find(id).credentials.remove(decodeBytes(credentialId, 'credentialId'));
    if (!removed) throw noCredential(credentialId);
  }

  /** Remove All Credentials (§11.8). */
  async removeAllCredentials(id: string): Promise<void> {
    await this.#find(id).credentials.removeAll();
  }

  /** Set User Verified (§11.9). */
  async setUserVerified(id: string, parameters: unknown): Promise<void> {
    const authenticator = this.#find(id);
    authenticator.isUserVerified = new Parameters(parameters).bool('isUserVerified');
  }

  /** Set Credential Properties (§11.10). */
  async setCredentialProperties(id: string, credentialId: string, parameters: unknown): Promise<void> {
    const { credentials } = this.#find(id);
    const members = new Parameters(parameters);
    const changed = await credentials.update(decodeBytes(credentialId, 'credentialId'), {
      ...(members.has('backupEligibility') ? { backupEligible: members.bool('backupEligibility') } : {}),
      ...(members.has('backupState') ? { backupState: members.bool('backupState') } : {}),
    });
    if (!changed) throw noCredential(credentialId);
  }

  /** True where one of them is part of the device and can verify its user. */
  override get isUserVerifyingPlatformAuthenticator(): boolean {
    return [...this.#authenticators.values()].some(
      ({ configuration }) => configuration.transport === 'internal' && configuration.hasUserVerification,
    );
  }

  override async heed(signal: Signal): Promise<void> {
    for (const { credentials } of this.#authenticators.values()) await heed(credentials, signal);
  }

  override async devices(): Promise<readonly CtapDevice[]> {
    return [...this.#authenticators.values()].map(({ device }) => device);
  }

  /** Nobody has to pick in a field: a conditional request is answered as soon as there is a passkey for it. */
  override async waitForAutofill(): Promise<void> {}

  protected override async release(): Promise<void> {
    const authenticators = [...this.#authenticators.values()];
    this.#authenticators.clear();
    await Promise.all(authenticators.map((authenticator) => authenticator.close()));
  }

  #find(id: string): VirtualAuthenticator {
    const found = this.#authenticators.get(id);
    if (found !== undefined) return found;
    throw expected('the id of a virtual authenticator', id);
  }
}

/** As a passkey provider does: what the relying party no longer takes goes, and names follow (§5.1.10). */
async function heed(credentials: PortableCredentials, signal: Signal): Promise<void> {
  const known = (await credentials.list()).filter(({ rpId }) => rpId === signal.rpId);
  const { method } = signal;
  if (method === 'signalUnknownCredential') {
    const id = decodeBytes(signal.credentialId, 'credentialId');
    if (known.some((credential) => equalBytes(credential.id, id))) await credentials.remove(id);
    return;
  }
  const userId = decodeBytes(signal.userId, 'userId');
  for (const { id, userHandle } of known) {
    if (userHandle === undefined || !equalBytes(userHandle, userId)) continue;
    if (method === 'signalCurrentUserDetails') {
      await credentials.update(id, { userName: signal.name, userDisplayName: signal.displayName });
    } else if (!signal.allAcceptedCredentialIds.includes(toBase64Url(id))) {
      await credentials.remove(id);
    }
  }
}

function noCredential(id: string): WebDriverError {
  return expected('the id of a credential of that authenticator', id);
}
