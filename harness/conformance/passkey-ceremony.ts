/** Discoverable credentials, and authenticatorCredentialManagement over them (CTAP 2.3 §6.8). */
import { equalBytes, utf8 } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import {
  type CredentialManagementParams,
  type CredentialManagementResponse,
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { Status } from '../../ctap/status.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { Answer } from './answer.ts';
import { paramsOf, type Registration, register } from './ceremony.ts';
import { expectOk } from './expect.ts';
import { lenientCbor } from './lenient-cbor.ts';
import type { Subject } from './subject.ts';

/** RPs of these checks: no credential of another check is in their way. */
export const RP_A = 'a.passkeys.ctaplab.example';
export const RP_B = 'b.passkeys.ctaplab.example';
/** A key that never ends its enumeration would keep the judge for ever. */
export const MAX_ANSWERS = 200;

/** The command byte: of the command, or of its prototype. */
export type ManagementCommand =
  | typeof Command.authenticatorCredentialManagement
  | typeof Command.prototypeAuthenticatorCredentialManagement;

/** Makes a discoverable credential. */
export function passkey(
  key: Subject,
  rpId: string = RP_A,
  given: Partial<MakeCredentialRequest> = {},
): Promise<Registration> {
  return register(key, { rp: { id: rpId, name: rpId }, options: { rk: true }, ...given });
}

export function user(name: string): MakeCredentialRequest['user'] {
  return { id: utf8(name), name, displayName: name };
}

export function rpIdHash(key: Subject, rpId: string): Uint8Array {
  return key.bench.crypto.sha256(utf8(rpId));
}

/** A client of one of the two commands, with one token. */
export class Management {
  readonly key: Subject;
  readonly command: number;
  readonly #token: PinUvAuthToken;

  private constructor(key: Subject, token: PinUvAuthToken, command: number) {
    this.key = key;
    this.#token = token;
    this.command = command;
  }

  static async open(
    key: Subject,
    command: number = Command.authenticatorCredentialManagement,
    { permissions = Permission.credentialManagement as number, rpId }: { permissions?: number; rpId?: string } = {},
  ): Promise<Management> {
    return new Management(key, await key.token(permissions, rpId), command);
  }

  /** Parameters of a subcommand, authorized. */
  parameters(subCommand: number, params?: CredentialManagementParams): CborMap {
    const subCommandParams = params && credentialManagementParams.encode(params);
    const message = credentialManagementAuthMessage(subCommand, subCommandParams);
    return credentialManagementRequest.encode({ subCommand, subCommandParams, ...paramsOf(this.#token, message) });
  }

  /** Any answer. */
  request(subCommand: number, params?: CredentialManagementParams): Promise<Answer> {
    return this.key.request(this.command, this.parameters(subCommand, params));
  }

  async accepted(subCommand: number, params?: CredentialManagementParams): Promise<CredentialManagementResponse> {
    const answer = await this.request(subCommand, params);
    expectOk(answer);
    return read(answer);
  }

  /** Further answers of an enumeration: they carry no authorization. */
  next(subCommand: number): Promise<Answer> {
    return this.key.request(this.command, credentialManagementRequest.encode({ subCommand }));
  }

  /** existingResidentCredentialsCount and maxPossibleRemainingResidentCredentialsCount. */
  async counts(): Promise<{ existing: number; remaining: number }> {
    const answer = await this.accepted(Subcommand.getCredsMetadata);
    return {
      existing: answer.existingResidentCredentialsCount ?? -1,
      remaining: answer.maxPossibleRemainingResidentCredentialsCount ?? -1,
    };
  }

  /** All answers of an enumeration, whatever total it tells; none where there are no credentials. */
  async #walk(begin: Answer, next: number): Promise<CredentialManagementResponse[]> {
    if (begin.status === Status.CTAP2_ERR_NO_CREDENTIALS) return [];
    expectOk(begin);
    const answers = [read(begin)];
    while (answers.length < MAX_ANSWERS) {
      const answer = await this.next(next);
      if (answer.status !== Status.CTAP2_OK || answer.body.length === 0) break;
      answers.push(read(answer));
    }
    return answers;
  }

  async rps(): Promise<CredentialManagementResponse[]> {
    return this.#walk(await this.request(Subcommand.enumerateRPsBegin), Subcommand.enumerateRPsGetNextRP);
  }

  credentials(rpId: string = RP_A): Promise<CredentialManagementResponse[]> {
    return this.#credentialsOf(rpIdHash(this.key, rpId));
  }

  /** Every discoverable credential that the key has, for checks that may spoil it. */
  async deleteAll(): Promise<void> {
    for (const { rpIDHash } of await this.rps()) {
      if (rpIDHash === undefined) continue;
      for (const { credentialId } of await this.#credentialsOf(rpIDHash)) {
        await this.accepted(Subcommand.deleteCredential, { credentialId });
      }
    }
  }

  async #credentialsOf(hash: Uint8Array): Promise<CredentialManagementResponse[]> {
    const begin = await this.request(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash });
    return this.#walk(begin, Subcommand.enumerateCredentialsGetNextCredential);
  }
}

/** What an answer says; nothing where it has no response. */
export function read({ body }: Answer): CredentialManagementResponse {
  const value = body.length === 0 ? new Map() : lenientCbor(body);
  return credentialManagementResponse.decode(value, 'authenticatorCredentialManagement response');
}

/** The entry of an RP, by its id or by the hash of it. */
export function entriesOf(
  key: Subject,
  rps: readonly CredentialManagementResponse[],
  rpId: string,
): CredentialManagementResponse[] {
  const hash = rpIdHash(key, rpId);
  return rps.filter(({ rp, rpIDHash }) => rp?.id === rpId || (rpIDHash !== undefined && equalBytes(rpIDHash, hash)));
}
