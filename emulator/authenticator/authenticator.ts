/** The CTAP2 authenticator: its state, and from request bytes to answer bytes. */
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { Command, commandName } from '../../ctap/commands/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { AttestationIdentity } from '../attestation/identity.ts';
import type { Environment, PresenceRequest } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';
import type { Model } from '../models/model.ts';
import { clientPin, KeyAgreement } from './client-pin.ts';
import { credentialManagement, type RememberedEnumeration } from './credential-management.ts';
import { Credentials } from './credentials.ts';
import { getAssertion, getNextAssertion, type RememberedAssertions } from './get-assertion.ts';
import { getInfo } from './get-info.ts';
import { makeCredential } from './make-credential.ts';
import { PinState } from './pin-state.ts';
import { reset } from './reset.ts';
import { openSecrets } from './secrets.ts';
import { selection } from './selection.ts';
import { TokenState } from './token-state.ts';

const COUNTER_PATH = 'signCount';

/** A handler gets the decoded parameters and answers with the CBOR map of its response, or nothing. */
type Handler = (
  authenticator: Authenticator,
  parameters: CborValue,
  exchange: Exchange,
) => Promise<CborMap | undefined> | CborMap | undefined;

interface CommandEntry {
  readonly handler: Handler;
  readonly hasParameters: boolean;
  /** The version of the specification that a model must name to know the command. */
  readonly version?: string;
}

const credentialManagementCommands: ReadonlySet<number> = new Set([
  Command.authenticatorCredentialManagement,
  Command.prototypeAuthenticatorCredentialManagement,
]);

const commands = new Map<number, CommandEntry>([
  [Command.authenticatorMakeCredential, { handler: makeCredential, hasParameters: true }],
  [Command.authenticatorGetAssertion, { handler: getAssertion, hasParameters: true }],
  [Command.authenticatorGetNextAssertion, { handler: getNextAssertion, hasParameters: false }],
  [Command.authenticatorGetInfo, { handler: getInfo, hasParameters: false }],
  [Command.authenticatorClientPIN, { handler: clientPin, hasParameters: true }],
  [Command.authenticatorCredentialManagement, { handler: credentialManagement, hasParameters: true }],
  [
    Command.prototypeAuthenticatorCredentialManagement,
    { handler: credentialManagement, hasParameters: true, version: 'FIDO_2_1_PRE' },
  ],
  [Command.authenticatorReset, { handler: reset, hasParameters: false }],
  [Command.authenticatorSelection, { handler: selection, hasParameters: false }],
]);

export class Authenticator {
  readonly environment: Environment;
  readonly model: Model;
  readonly attestation: AttestationIdentity;
  readonly credentials: Credentials;
  readonly pin: PinState;
  readonly token: TokenState;
  readonly keyAgreement: KeyAgreement;
  /** What authenticatorGetNextAssertion goes on with. */
  remembered: RememberedAssertions | undefined;
  /** What the enumerations of authenticatorCredentialManagement go on with. */
  enumeration: RememberedEnumeration | undefined;
  /** Clock time of the last power-up, in milliseconds. */
  poweredUpAt: number;

  private constructor(
    environment: Environment,
    model: Model,
    attestation: AttestationIdentity,
    credentials: Credentials,
  ) {
    this.environment = environment;
    this.model = model;
    this.attestation = attestation;
    this.credentials = credentials;
    this.pin = new PinState(environment.store);
    this.token = new TokenState(environment);
    this.keyAgreement = new KeyAgreement(environment);
    this.poweredUpAt = environment.clock.now();
  }

  /** Powers an authenticator up over its store; a fresh store gets its secret. */
  static async open(environment: Environment, model: Model, attestation: AttestationIdentity): Promise<Authenticator> {
    const secrets = await openSecrets(environment);
    return new Authenticator(environment, model, attestation, new Credentials(environment, secrets));
  }

  /**
   * Answers one request: command byte and parameters in, response map out.
   * @throws CtapError with the status to answer; whatever else is a defect
   */
  handle(request: Uint8Array, exchange: Exchange): Promise<CborMap | undefined> | CborMap | undefined {
    if (request.length > this.model.maxMsgSize) {
      const detail = `expected at most ${this.model.maxMsgSize} bytes, got ${request.length}`;
      throw new CtapError('CTAP2_ERR_REQUEST_TOO_LARGE', detail);
    }
    const [command] = request;
    if (command === undefined) throw new CtapError('CTAP1_ERR_INVALID_LENGTH', 'expected a command byte, got nothing');
    const entry = commands.get(command);
    if (!entry || (entry.version !== undefined && !this.model.versions.includes(entry.version))) {
      throw new CtapError('CTAP1_ERR_INVALID_COMMAND', commandName(command));
    }
    // §6.3: the state for getNextAssertion ends with any other command
    if (command !== Command.authenticatorGetNextAssertion) this.remembered = undefined;
    if (!credentialManagementCommands.has(command)) this.enumeration = undefined;
    if (entry.hasParameters) return entry.handler(this, decodeCbor(request.subarray(1)), exchange);
    if (request.length > 1) {
      throw new CtapError(
        'CTAP1_ERR_INVALID_LENGTH',
        `${commandName(command)} has no parameters, got ${request.length - 1} bytes`,
      );
    }
    return entry.handler(this, null, exchange);
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

  /** The signature counter after the next signature, and the change that stores it. */
  nextSignCount(): { signCount: number; change: { path: string; value: Uint8Array } } {
    const stored = this.environment.store.get(COUNTER_PATH);
    const current = stored ? new DataView(stored.buffer, stored.byteOffset).getUint32(0) : 0;
    const value = new Uint8Array(4);
    const signCount = (current + 1) >>> 0;
    new DataView(value.buffer).setUint32(0, signCount);
    return { signCount, change: { path: COUNTER_PATH, value } };
  }

  /** What a power cycle ends: tokens, key agreement keys, remembered assertions, the three-mismatches lock. */
  powerCycle(): void {
    this.poweredUpAt = this.environment.clock.now();
    this.token.stop();
    this.keyAgreement.renew();
    this.remembered = undefined;
    this.enumeration = undefined;
    this.pin.powerCycle();
  }
}

/** The answer's bytes: status CTAP2_OK, then the map if there is one. */
export function successBytes(response: CborMap | undefined): Uint8Array {
  if (!response) return Uint8Array.of(0);
  const body = encodeCbor(response);
  const bytes = new Uint8Array(1 + body.length);
  bytes.set(body, 1);
  return bytes;
}
