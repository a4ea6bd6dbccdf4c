/** A key on the table and a bare platform to talk to it with: requests as tables, answers as status and map. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
} from '../../../ctap/commands/authenticator-config.ts';
import {
  type BioEnrollmentParams,
  bioEnrollmentAuthMessage,
  bioEnrollmentParams,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
  FINGERPRINT_MODALITY,
} from '../../../ctap/commands/bio-enrollment.ts';
import { ClientPinSubcommand, clientPinRequest, clientPinResponse } from '../../../ctap/commands/client-pin.ts';
import {
  type GetAssertionRequest,
  getAssertionRequest,
  getAssertionResponse,
} from '../../../ctap/commands/get-assertion.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { type LargeBlobsRequest, largeBlobsRequest, largeBlobsResponse } from '../../../ctap/commands/large-blobs.ts';
import {
  type MakeCredentialRequest,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../../ctap/commands/make-credential.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { type PinUvAuthProtocol, pinUvAuthProtocol } from '../../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../../ctap/status.ts';
import type { AttestationAuthority } from '../../../emulator/attestation/authority.ts';
import { manualClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type {
  Clock,
  Environment,
  FingerprintReader,
  Random,
  Store,
  UserPresence,
} from '../../../emulator/environment.ts';
import type { CarryingTransport } from '../../../emulator/exchange.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { defaultModel, type Model } from '../../../emulator/models/index.ts';
import { autoPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';

export const START = Date.UTC(2026, 0, 1);
export const RP_ID = 'example.com';
export const CLIENT_DATA_HASH = nodeCrypto.sha256(utf8('client data'));

export interface KeyOptions {
  readonly presence?: UserPresence | ((clock: Clock) => UserPresence);
  readonly model?: Partial<Model>;
  readonly store?: Store;
  readonly authority?: AttestationAuthority;
  readonly fingerprints?: FingerprintReader;
  /** Of the key and of the platform. */
  readonly random?: Random;
}

/** A platform before a fresh key, with a clock that only moves when told. */
export class Platform {
  readonly key: VirtualKey;
  readonly clock: ReturnType<typeof manualClock>;
  readonly defects: unknown[];
  /** What carries the commands; undefined: the key is in this process. */
  transport: CarryingTransport | undefined;
  readonly #random: Random;
  #sharedSecret: { protocol: PinUvAuthProtocol; secret: Uint8Array; publicKey: Uint8Array } | undefined;

  private constructor(key: VirtualKey, clock: ReturnType<typeof manualClock>, defects: unknown[]) {
    this.key = key;
    this.clock = clock;
    this.defects = defects;
    this.#random = key.environment.random;
  }

  static async open({
    presence = autoPresence,
    model = {},
    store = memoryStore(),
    authority,
    fingerprints,
    random = systemRandom,
  }: KeyOptions = {}): Promise<Platform> {
    const clock = manualClock(START);
    const defects: unknown[] = [];
    const environment: Environment = {
      clock,
      random,
      crypto: nodeCrypto,
      store,
      fingerprints,
      presence: typeof presence === 'function' ? presence(clock) : presence,
    };
    const key = await VirtualKey.open({
      environment,
      model: { ...defaultModel, ...model },
      authority,
      onDefect: (error) => defects.push(error),
    });
    return new Platform(key, clock, defects);
  }

  /** Sends one command; resolves to its answer's map. @throws CtapError with the status that came */
  async call(command: number, parameters?: CborValue, signal = new AbortController().signal): Promise<CborMap> {
    const request =
      parameters === undefined ? Uint8Array.of(command) : concat(Uint8Array.of(command), encodeCbor(parameters));
    const { transport } = this;
    const answer = await this.key.cbor(request, { ...(transport && { transport }), signal, keepalive: () => {} });
    if (answer[0] !== 0) throw new CtapError(answer[0]!);
    return answer.length > 1 ? (decodeCbor(answer.subarray(1)) as CborMap) : new Map();
  }

  async getInfo() {
    return getInfoResponse.decode(await this.call(Command.authenticatorGetInfo), 'getInfo');
  }

  async makeCredential(changes: Partial<MakeCredentialRequest> = {}) {
    const request = makeCredentialRequest.encode({
      clientDataHash: CLIENT_DATA_HASH,
      rp: { id: RP_ID, name: 'Example' },
      user: { id: utf8('user'), name: 'user@example.com', displayName: 'User' },
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      ...changes,
    });
    return makeCredentialResponse.decode(
      await this.call(Command.authenticatorMakeCredential, request),
      'makeCredential',
    );
  }

  getAssertion(changes: Partial<GetAssertionRequest> = {}) {
    return this.getAssertionWith(changes, new AbortController().signal);
  }

  /** An assertion that can be called off. */
  async getAssertionWith(changes: Partial<GetAssertionRequest>, signal: AbortSignal) {
    const request = getAssertionRequest.encode({ rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH, ...changes });
    const answer = await this.call(Command.authenticatorGetAssertion, request, signal);
    return getAssertionResponse.decode(answer, 'getAssertion');
  }

  async largeBlobs(parameters: LargeBlobsRequest) {
    const request = largeBlobsRequest.encode(parameters);
    return largeBlobsResponse.decode(await this.call(Command.authenticatorLargeBlobs, request), 'largeBlobs');
  }

  /** authenticatorConfig; with a token, its pinUvAuthParam is made. */
  async configure(subCommand: number, params?: CborMap, token?: Uint8Array) {
    const message = authenticatorConfigAuthMessage(subCommand, params);
    const request = authenticatorConfigRequest.encode({
      subCommand,
      subCommandParams: params,
      ...(token ? { pinUvAuthProtocol: 2, pinUvAuthParam: authenticate(token, message) } : {}),
    });
    await this.call(Command.authenticatorConfig, request);
  }

  /** authenticatorBioEnrollment for fingers; with a token, its pinUvAuthParam is made. */
  async bioEnrollment(
    subCommand: number,
    params?: BioEnrollmentParams,
    token?: Uint8Array,
    command: number = Command.authenticatorBioEnrollment,
  ) {
    const subCommandParams = params && bioEnrollmentParams.encode(params);
    const message = bioEnrollmentAuthMessage(FINGERPRINT_MODALITY, subCommand, subCommandParams);
    const request = bioEnrollmentRequest.encode({
      modality: FINGERPRINT_MODALITY,
      subCommand,
      subCommandParams,
      ...(token ? { pinUvAuthProtocol: 2, pinUvAuthParam: authenticate(token, message) } : {}),
    });
    return bioEnrollmentResponse.decode(await this.call(command, request), 'bioEnrollment');
  }

  async getNextAssertion() {
    return getAssertionResponse.decode(await this.call(Command.authenticatorGetNextAssertion), 'getNextAssertion');
  }

  async clientPin(parameters: Parameters<typeof clientPinRequest.encode>[0]) {
    return clientPinResponse.decode(
      await this.call(Command.authenticatorClientPIN, clientPinRequest.encode(parameters)),
      'clientPIN',
    );
  }

  /** Agrees on a shared secret; kept until {@link forgetSharedSecret}. */
  async agree(version: 1 | 2 = 2) {
    if (this.#sharedSecret?.protocol.version === version) return this.#sharedSecret;
    const protocol = pinUvAuthProtocol(version, nodeCrypto);
    const { keyAgreement } = await this.clientPin({
      subCommand: ClientPinSubcommand.getKeyAgreement,
      pinUvAuthProtocol: version,
    });
    const pair = nodeCrypto.generateEcdhKeyPair((length) => this.#random.bytes(length));
    const secret = protocol.kdf(nodeCrypto.ecdh(pair.privateKey, decodeCoseKey(keyAgreement!).publicKey));
    this.#sharedSecret = { protocol, secret, publicKey: pair.publicKey };
    return this.#sharedSecret;
  }

  forgetSharedSecret(): void {
    this.#sharedSecret = undefined;
  }

  encrypt(protocol: PinUvAuthProtocol, secret: Uint8Array, data: Uint8Array): Uint8Array {
    return protocol.encrypt(secret, data, (length) => this.#random.bytes(length));
  }

  async setPin(pin: string | Uint8Array, version: 1 | 2 = 2): Promise<void> {
    const { protocol, secret, publicKey } = await this.agree(version);
    const newPinEnc = this.encrypt(protocol, secret, padPin(pin));
    await this.clientPin({
      subCommand: ClientPinSubcommand.setPIN,
      pinUvAuthProtocol: version,
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      newPinEnc,
      pinUvAuthParam: protocol.authenticate(secret, newPinEnc),
    });
  }

  async changePin(current: string, next: string, version: 1 | 2 = 2): Promise<void> {
    const { protocol, secret, publicKey } = await this.agree(version);
    const newPinEnc = this.encrypt(protocol, secret, padPin(next));
    const pinHashEnc = this.encrypt(protocol, secret, pinHash(current));
    await this.clientPin({
      subCommand: ClientPinSubcommand.changePIN,
      pinUvAuthProtocol: version,
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      newPinEnc,
      pinHashEnc,
      pinUvAuthParam: protocol.authenticate(secret, concat(newPinEnc, pinHashEnc)),
    });
  }

  /** A pinUvAuthToken by the sensor. */
  async getUvToken(options: { permissions: number; rpId?: string; version?: 1 | 2 }): Promise<Uint8Array> {
    const version = options.version ?? 2;
    const { protocol, secret, publicKey } = await this.agree(version);
    const { pinUvAuthToken } = await this.clientPin({
      subCommand: ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions,
      pinUvAuthProtocol: version,
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      permissions: options.permissions,
      rpId: options.rpId,
    });
    return protocol.decrypt(secret, pinUvAuthToken!)!;
  }

  /** A pinUvAuthToken by PIN. Without permissions: the superseded getPinToken. */
  async getToken(
    pin: string,
    options: { permissions?: number; rpId?: string; version?: 1 | 2 } = {},
  ): Promise<Uint8Array> {
    const version = options.version ?? 2;
    const { protocol, secret, publicKey } = await this.agree(version);
    const { pinUvAuthToken } = await this.clientPin({
      subCommand:
        options.permissions === undefined
          ? ClientPinSubcommand.getPinToken
          : ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
      pinUvAuthProtocol: version,
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      pinHashEnc: this.encrypt(protocol, secret, pinHash(pin)),
      permissions: options.permissions,
      rpId: options.rpId,
    });
    return protocol.decrypt(secret, pinUvAuthToken!)!;
  }
}

export function padPin(pin: string | Uint8Array): Uint8Array {
  const padded = new Uint8Array(64);
  padded.set(typeof pin === 'string' ? utf8(pin) : pin);
  return padded;
}

export function pinHash(pin: string): Uint8Array {
  return nodeCrypto.sha256(utf8(pin)).slice(0, 16);
}

/** pinUvAuthParam of a token over the client data hash. */
export function authenticate(
  token: Uint8Array,
  message: Uint8Array = CLIENT_DATA_HASH,
  version: 1 | 2 = 2,
): Uint8Array {
  return pinUvAuthProtocol(version, nodeCrypto).authenticate(token, message);
}

/** The status name that an action fails with, or CTAP2_OK. */
export async function statusOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'CTAP2_OK';
  } catch (error) {
    if (error instanceof CtapError) return error.statusName;
    throw error;
  }
}
