/** The discoverable credentials on a key: authenticatorCredentialManagement, CTAP 2.3 §6.8. */
import type { CborMap } from '../../ctap/cbor.ts';
import {
  type CredentialManagementParams,
  type CredentialManagementResponse,
  credentialManagementAuthMessage,
  credentialManagementParams,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import type {
  PublicKeyCredentialDescriptor,
  PublicKeyCredentialRpEntity,
  PublicKeyCredentialUserEntity,
} from '../../ctap/commands/entities.ts';
import { Command } from '../../ctap/commands/index.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import type { Ctap2Client } from './ctap2.ts';
import type { PinUvAuthToken } from './pin-uv-auth-token.ts';
import { owed } from './protocol-error.ts';
import { credentialManagementCommand } from './prototypes.ts';

export interface PasskeysMetadata {
  /** Discoverable credentials on the key. */
  readonly existing: number;
  /** How many more may fit. */
  readonly remaining: number;
}

export interface PasskeyRp {
  readonly rp: PublicKeyCredentialRpEntity;
  readonly rpIdHash: Uint8Array;
}

export interface Passkey {
  readonly user: PublicKeyCredentialUserEntity;
  readonly credentialId: PublicKeyCredentialDescriptor;
  /** COSE key. */
  readonly publicKey: CborMap;
  /** Level 1 to 3. */
  readonly credProtect?: number | undefined;
  readonly largeBlobKey?: Uint8Array | undefined;
  readonly thirdPartyPayment?: boolean | undefined;
}

/** Needs a token with the permission cm; one that is bound to an RP reaches that RP's credentials alone. */
export class PasskeysClient {
  readonly ctap2: Ctap2Client;
  readonly #token: PinUvAuthToken;
  #command: number | undefined;

  constructor(ctap2: Ctap2Client, token: PinUvAuthToken) {
    this.ctap2 = ctap2;
    this.#token = token;
  }

  async metadata(): Promise<PasskeysMetadata> {
    const answer = await this.#authorized(Subcommand.getCredsMetadata);
    return {
      existing: owed(answer.existingResidentCredentialsCount, 'existingResidentCredentialsCount'),
      remaining: owed(
        answer.maxPossibleRemainingResidentCredentialsCount,
        'maxPossibleRemainingResidentCredentialsCount',
      ),
    };
  }

  /** The RPs that have credentials on the key. */
  async rps(): Promise<PasskeyRp[]> {
    const first = await noneAsUndefined(this.#authorized(Subcommand.enumerateRPsBegin));
    const total = first === undefined ? 0 : owed(first.totalRPs, 'totalRPs');
    const answers = await this.#rest(first, total, Subcommand.enumerateRPsGetNextRP);
    return answers.map(({ rp, rpIDHash }) => ({ rp: owed(rp, 'rp'), rpIdHash: owed(rpIDHash, 'rpIDHash') }));
  }

  /** The credentials of the RP whose id has this SHA-256 hash. */
  async credentials(rpIdHash: Uint8Array): Promise<Passkey[]> {
    const begin = this.#authorized(Subcommand.enumerateCredentialsBegin, { rpIDHash: rpIdHash });
    const first = await noneAsUndefined(begin);
    const total = first === undefined ? 0 : owed(first.totalCredentials, 'totalCredentials');
    const answers = await this.#rest(first, total, Subcommand.enumerateCredentialsGetNextCredential);
    return answers.map(({ user, credentialId, publicKey, credProtect, largeBlobKey, thirdPartyPayment }) => ({
      user: owed(user, 'user'),
      credentialId: owed(credentialId, 'credentialId'),
      publicKey: owed(publicKey, 'publicKey'),
      credProtect,
      largeBlobKey,
      thirdPartyPayment,
    }));
  }

  async delete(credentialId: PublicKeyCredentialDescriptor): Promise<void> {
    await this.#authorized(Subcommand.deleteCredential, { credentialId });
  }

  /** Replaces names of the user; `user.id` must stay. The prototype command has no such subcommand. */
  async updateUser(credentialId: PublicKeyCredentialDescriptor, user: PublicKeyCredentialUserEntity): Promise<void> {
    if ((await this.#commandByte()) === Command.prototypeAuthenticatorCredentialManagement) {
      throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', 'the prototype of credential management updates no user');
    }
    await this.#authorized(Subcommand.updateUserInformation, { credentialId, user });
  }

  async #authorized(subCommand: number, params?: CredentialManagementParams): Promise<CredentialManagementResponse> {
    const subCommandParams = params && credentialManagementParams.encode(params);
    const message = credentialManagementAuthMessage(subCommand, subCommandParams);
    const request = {
      subCommand,
      subCommandParams,
      pinUvAuthProtocol: this.#token.protocol.version,
      pinUvAuthParam: this.#token.authenticate(message),
    };
    return this.ctap2.credentialManagement(request, { command: await this.#commandByte() });
  }

  /** An enumeration's further answers carry no authorization: they go on with what was begun (§6.8.3, §6.8.4). */
  async #rest(
    first: CredentialManagementResponse | undefined,
    total: number,
    subCommand: number,
  ): Promise<CredentialManagementResponse[]> {
    if (first === undefined || total === 0) return [];
    const command = await this.#commandByte();
    const answers = [first];
    while (answers.length < total) answers.push(await this.ctap2.credentialManagement({ subCommand }, { command }));
    return answers;
  }

  async #commandByte(): Promise<number> {
    this.#command ??= await this.#chooseCommand();
    return this.#command;
  }

  async #chooseCommand(): Promise<number> {
    const command = credentialManagementCommand(await this.ctap2.getInfo({ cached: true }));
    if (command !== undefined) return command;
    throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this key offers no credential management');
  }
}

async function noneAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CtapError && error.status === Status.CTAP2_ERR_NO_CREDENTIALS) return undefined;
    throw error;
  }
}
