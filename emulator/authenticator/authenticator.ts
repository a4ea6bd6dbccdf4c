/** The CTAP2 authenticator's state: what is stored, what a power cycle ends. Its commands are in commands.ts. */
import type { AuthenticatorData } from '../../ctap/authenticator-data.ts';
import type { AuthenticatorOption } from '../../ctap/commands/get-info.ts';
import type { AttestationIdentity } from '../attestation/identity.ts';
import type { Environment, PresenceRequest, StoreChange } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';
import type { Model } from '../models/model.ts';
import { ConfigState } from './config-state.ts';
import { CredentialBlobs } from './credential-blobs.ts';
import { type Credential, Credentials } from './credentials.ts';
import { Fingerprints } from './fingerprints.ts';
import { KeyAgreement } from './key-agreement.ts';
import { LargeBlobArray } from './large-blob-array.ts';
import { PersistentToken } from './persistent-token.ts';
import { PinState } from './pin-state.ts';
import { openSecrets } from './secrets.ts';
import {
  type Enrollment,
  NEXT_COMMAND_LIMIT,
  type RememberedAssertions,
  type RememberedEnumeration,
  type StatefulCommand,
} from './stateful.ts';
import { TokenState } from './token-state.ts';
import { UvState } from './uv-state.ts';

const COUNTER_PATH = 'signCount';

export class Authenticator {
  readonly environment: Environment;
  readonly model: Model;
  readonly attestation: AttestationIdentity;
  readonly credentials: Credentials;
  readonly config: ConfigState;
  readonly largeBlobs: LargeBlobArray;
  readonly blobs: CredentialBlobs;
  readonly pin: PinState;
  readonly uv: UvState;
  readonly fingerprints: Fingerprints;
  readonly token: TokenState;
  readonly persistentToken: PersistentToken;
  readonly keyAgreement: KeyAgreement;
  /** What authenticatorGetNextAssertion goes on with. */
  remembered: RememberedAssertions | undefined;
  /** What the enumerations of authenticatorCredentialManagement go on with. */
  enumeration: RememberedEnumeration | undefined;
  /** The fingerprint enrolment under way. */
  enrollment: Enrollment | undefined;
  readonly #options: ReadonlySet<AuthenticatorOption>;
  readonly #extensions: ReadonlySet<string>;
  /** Clock time of the last power-up, in milliseconds. */
  poweredUpAt: number;
  /** How often it was powered up since it was opened. */
  powerUps = 0;

  /** Sees the authenticator data of a command before they are signed; a key with a fault changes them. */
  beforeSigning: (data: AuthenticatorData, command: number) => AuthenticatorData = (data) => data;

  /** Bytes of the longest request that every way it is plugged in can carry. */
  carrierLimit = Number.POSITIVE_INFINITY;

  private constructor(
    environment: Environment,
    model: Model,
    attestation: AttestationIdentity,
    credentials: Credentials,
    persistentToken: PersistentToken,
  ) {
    this.environment = environment;
    this.model = model;
    this.attestation = attestation;
    this.credentials = credentials;
    this.persistentToken = persistentToken;
    this.#options = new Set(model.options);
    this.#extensions = new Set(model.extensions);
    this.config = new ConfigState(environment.store, model);
    this.largeBlobs = new LargeBlobArray(environment.store);
    this.blobs = new CredentialBlobs(environment, model.maxDiscoverableCredentials);
    this.pin = new PinState(environment.store);
    this.uv = new UvState(environment.store);
    this.fingerprints = new Fingerprints(environment.store);
    this.token = new TokenState(environment);
    this.keyAgreement = new KeyAgreement(environment);
    this.poweredUpAt = environment.clock.now();
  }

  /** Powers an authenticator up over its store; a fresh store gets its secret. */
  static async open(environment: Environment, model: Model, attestation: AttestationIdentity): Promise<Authenticator> {
    const secrets = await openSecrets(environment);
    const persistentToken = await PersistentToken.open(environment, model.options.includes('perCredMgmtRO'));
    const credentials = new Credentials(environment, secrets, model.portableCredentials !== undefined);
    return new Authenticator(environment, model, attestation, credentials, persistentToken);
  }

  /** True where the model has the option, whatever its value is now. */
  supports(option: AuthenticatorOption): boolean {
    return this.#options.has(option);
  }

  hasExtension(name: string): boolean {
    return this.#extensions.has(name);
  }

  /** True where a PIN or a finger can verify the user: the specification's "protected by some form of user verification". */
  get isProtected(): boolean {
    return this.pin.isSet || this.hasBuiltInUv;
  }

  /** True where a finger is enrolled: the value of the option uv. */
  get hasBuiltInUv(): boolean {
    return this.model.fingerprints !== undefined && this.fingerprints.count > 0;
  }

  /** False while alwaysUv is on and no finger can verify the user, which U2F cannot ask for (§7.2.4). */
  get isU2fAllowed(): boolean {
    return !this.config.now.alwaysUv || this.hasBuiltInUv;
  }

  /**
   * Asks for a touch, with keepalives that say so.
   * @throws whatever aborted the exchange
   */
  async requestPresence(request: PresenceRequest, exchange: Exchange): Promise<'touched' | 'denied' | 'timeout'> {
    const asked = this.environment.presence.request(request, exchange);
    if (typeof asked === 'string') return asked; // the finger was there already: nobody has to be told to wait
    exchange.keepalive(KeepaliveStatus.UPNEEDED);
    const answer = await asked;
    exchange.signal.throwIfAborted();
    exchange.keepalive(KeepaliveStatus.PROCESSING);
    return answer;
  }

  /** The signature counter after the next signature, and the change that stores it. A portable credential has its own. */
  nextSignCount(credential?: Credential): { signCount: number; change: StoreChange } {
    if (credential?.signCount !== undefined) {
      const signCount = (credential.signCount + 1) >>> 0;
      return { signCount, change: this.credentials.update(credential, { signCount }) };
    }
    const stored = this.environment.store.get(COUNTER_PATH);
    const current = stored ? new DataView(stored.buffer, stored.byteOffset).getUint32(0) : 0;
    const value = new Uint8Array(4);
    const signCount = (current + 1) >>> 0;
    new DataView(value.buffer).setUint32(0, signCount);
    return { signCount, change: { path: COUNTER_PATH, value } };
  }

  /** True while the platform may go on with a stateful command: in time, and while its token is in use (§6). */
  mayContinue({ token, since }: StatefulCommand): boolean {
    if (this.environment.clock.now() - since >= NEXT_COMMAND_LIMIT) return false;
    return token === undefined || token === this.token.inUse;
  }

  /** Bytes of the longest request that the key takes now. */
  get maxMsgSize(): number {
    return Math.min(this.model.maxMsgSize, this.carrierLimit);
  }

  /** What a power cycle ends: tokens, key agreement keys, remembered assertions, the three-mismatches lock. */
  powerCycle(): void {
    this.powerUps++;
    this.poweredUpAt = this.environment.clock.now();
    this.token.stop();
    this.keyAgreement.renew();
    this.remembered = undefined;
    this.enumeration = undefined;
    this.largeBlobs.pending = undefined;
    this.enrollment = undefined;
    this.pin.powerCycle();
  }
}
