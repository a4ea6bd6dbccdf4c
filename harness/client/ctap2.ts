/** The authenticator API (CTAP 2.3 §6) from the platform's side: one method a command. */
import { concat } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import {
  type AuthenticatorConfigRequest,
  authenticatorConfigRequest,
  authenticatorConfigResponse,
} from '../../ctap/commands/authenticator-config.ts';
import {
  type BioEnrollmentRequest,
  type BioEnrollmentResponse,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
} from '../../ctap/commands/bio-enrollment.ts';
import {
  type ClientPinRequest,
  type ClientPinResponse,
  clientPinRequest,
  clientPinResponse,
} from '../../ctap/commands/client-pin.ts';
import {
  type CredentialManagementRequest,
  type CredentialManagementResponse,
  credentialManagementRequest,
  credentialManagementResponse,
} from '../../ctap/commands/credential-management.ts';
import {
  type GetAssertionRequest,
  type GetAssertionResponse,
  getAssertionRequest,
  getAssertionResponse,
} from '../../ctap/commands/get-assertion.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command, commandName } from '../../ctap/commands/index.ts';
import {
  type LargeBlobsRequest,
  type LargeBlobsResponse,
  largeBlobsRequest,
  largeBlobsResponse,
} from '../../ctap/commands/large-blobs.ts';
import {
  type MakeCredentialRequest,
  type MakeCredentialResponse,
  makeCredentialRequest,
  makeCredentialResponse,
} from '../../ctap/commands/make-credential.ts';
import { resetRequest } from '../../ctap/commands/reset.ts';
import { selectionRequest } from '../../ctap/commands/selection.ts';
import type { Message } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';
import type { CtapDevice, ExchangeOptions } from './device.ts';
import { ProtocolError } from './protocol-error.ts';

export interface GetInfoOptions extends ExchangeOptions {
  /** Take what the key said before, if it did. What changes (a PIN that is set) is then as it was. */
  readonly cached?: boolean | undefined;
}

export interface PrototypedOptions extends ExchangeOptions {
  /** Command byte, for a key that has the prototype of the command alone. Default: the command's own. */
  readonly command?: number | undefined;
}

/**
 * Every method rejects with a CtapError that has the key's status where the key refuses, and with a ProtocolError
 * where its answer is malformed.
 */
export class Ctap2Client {
  readonly device: CtapDevice;
  #info: GetInfoResponse | undefined;

  constructor(device: CtapDevice) {
    this.device = device;
  }

  async getInfo(options: GetInfoOptions = {}): Promise<GetInfoResponse> {
    if (options.cached !== true || this.#info === undefined) {
      this.#info = await this.call(Command.authenticatorGetInfo, undefined, undefined, getInfoResponse, options);
    }
    return this.#info;
  }

  makeCredential(request: MakeCredentialRequest, options?: ExchangeOptions): Promise<MakeCredentialResponse> {
    const command = Command.authenticatorMakeCredential;
    return this.call(command, makeCredentialRequest, request, makeCredentialResponse, options);
  }

  getAssertion(request: GetAssertionRequest, options?: ExchangeOptions): Promise<GetAssertionResponse> {
    return this.call(Command.authenticatorGetAssertion, getAssertionRequest, request, getAssertionResponse, options);
  }

  getNextAssertion(options?: ExchangeOptions): Promise<GetAssertionResponse> {
    return this.call(Command.authenticatorGetNextAssertion, undefined, undefined, getAssertionResponse, options);
  }

  /** The assertions of all credentials that fit, the newest first (§6.3). No other command may come in between. */
  async getAllAssertions(request: GetAssertionRequest, options?: ExchangeOptions): Promise<GetAssertionResponse[]> {
    const first = await this.getAssertion(request, options);
    const assertions = [first];
    while (assertions.length < (first.numberOfCredentials ?? 1)) assertions.push(await this.getNextAssertion(options));
    return assertions;
  }

  /** Waits for a touch (§6.9). */
  async selection(options?: ExchangeOptions): Promise<void> {
    await this.device.cbor(selectionRequest, options);
  }

  /** Deletes all credentials and the PIN (§6.6). */
  async reset(options?: ExchangeOptions): Promise<void> {
    await this.device.cbor(resetRequest, options);
  }

  clientPin(request: ClientPinRequest, options?: ExchangeOptions): Promise<ClientPinResponse> {
    return this.call(Command.authenticatorClientPIN, clientPinRequest, request, clientPinResponse, options);
  }

  credentialManagement(
    request: CredentialManagementRequest,
    options: PrototypedOptions = {},
  ): Promise<CredentialManagementResponse> {
    const { command = Command.authenticatorCredentialManagement } = options;
    return this.call(command, credentialManagementRequest, request, credentialManagementResponse, options);
  }

  bioEnrollment(request: BioEnrollmentRequest, options: PrototypedOptions = {}): Promise<BioEnrollmentResponse> {
    const { command = Command.authenticatorBioEnrollment } = options;
    return this.call(command, bioEnrollmentRequest, request, bioEnrollmentResponse, options);
  }

  largeBlobs(request: LargeBlobsRequest, options?: ExchangeOptions): Promise<LargeBlobsResponse> {
    return this.call(Command.authenticatorLargeBlobs, largeBlobsRequest, request, largeBlobsResponse, options);
  }

  async authenticatorConfig(request: AuthenticatorConfigRequest, options?: ExchangeOptions): Promise<void> {
    const command = Command.authenticatorConfig;
    await this.call(command, authenticatorConfigRequest, request, authenticatorConfigResponse, options);
  }

  /** Any command: its parameters by one table (undefined: it has none), its answer by another. */
  async call<Request, Response>(
    command: number,
    requestTable: Message<Request> | undefined,
    request: Request | undefined,
    responseTable: Message<Response>,
    options?: ExchangeOptions,
  ): Promise<Response> {
    const answer = await this.device.cbor(encodeRequest(command, requestTable, request), options);
    try {
      // An answer without members may leave its map out (§8).
      return responseTable.decode(answer.length === 0 ? new Map() : decodeCbor(answer), responseTable.name);
    } catch (cause) {
      if (!(cause instanceof CtapError)) throw cause; // its status would read as the key's own
      throw new ProtocolError(`wrong answer to ${commandName(command)}: ${cause.message}`, { cause });
    }
  }
}

function encodeRequest<T>(command: number, table: Message<T> | undefined, request: T | undefined): Uint8Array {
  if (table === undefined || request === undefined) return Uint8Array.of(command);
  return concat(Uint8Array.of(command), encodeCbor(table.encode(request)));
}
