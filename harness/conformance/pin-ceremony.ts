/** Requests of authenticatorClientPIN that a key has to take: what a proper platform sends (CTAP 2.3 §6.5.5). */
import { concat, utf8 } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import {
  type ClientPinRequest,
  ClientPinSubcommand,
  clientPinRequest,
  clientPinResponse,
} from '../../ctap/commands/client-pin.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { PinClient, SharedSecret } from '../client/pin.ts';
import type { Answer } from './answer.ts';
import { RP_ID } from './ceremony.ts';
import { expect } from './expect.ts';
import type { Subject } from './subject.ts';

/** PINs that every policy allows, and that are not the one of the bench. */
export const NEW_PIN = 'k9T#wE5r';
export const WRONG_PIN = 'x4Z?nB8s';
const PADDED_PIN_LENGTH = 64;
const PIN_HASH_LENGTH = 16;

/** Whose protocol is used, and members in place of the proper ones. */
export interface PinRequestOptions {
  /** Default: by the protocol that the key prefers. */
  readonly client?: PinClient;
  readonly given?: Partial<ClientPinRequest>;
}

export function random(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/** A PIN as it is before it is encrypted: 64 bytes, zeros at the end. */
export function padded(pin: string | Uint8Array, length = PADDED_PIN_LENGTH): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(typeof pin === 'string' ? utf8(pin) : pin);
  return bytes;
}

function pinHash(key: Subject, pin: string): Uint8Array {
  return key.bench.crypto.sha256(utf8(pin)).slice(0, PIN_HASH_LENGTH);
}

/** Parameters of setPIN. @param plain the PIN, or bytes in place of a padded one */
export async function setPinParameters(
  key: Subject,
  plain: string | Uint8Array,
  { client = key.pin, given = {} }: PinRequestOptions = {},
): Promise<CborMap> {
  const { protocol, keyAgreement, sharedSecret } = await client.sharedSecret();
  const newPinEnc =
    given.newPinEnc ?? protocol.encrypt(sharedSecret, typeof plain === 'string' ? padded(plain) : plain, random);
  return clientPinRequest.encode({
    pinUvAuthProtocol: protocol.version,
    subCommand: ClientPinSubcommand.setPIN,
    keyAgreement,
    newPinEnc,
    pinUvAuthParam: protocol.authenticate(sharedSecret, newPinEnc),
    ...given,
  });
}

/** Parameters of changePIN from the PIN of the bench, or from another. */
export async function changePinParameters(
  key: Subject,
  plain: string | Uint8Array,
  { client = key.pin, given = {}, current = key.bench.pin }: PinRequestOptions & { readonly current?: string } = {},
): Promise<CborMap> {
  const { protocol, keyAgreement, sharedSecret } = await client.sharedSecret();
  const newPinEnc =
    given.newPinEnc ?? protocol.encrypt(sharedSecret, typeof plain === 'string' ? padded(plain) : plain, random);
  const pinHashEnc = protocol.encrypt(sharedSecret, pinHash(key, current), random);
  return clientPinRequest.encode({
    pinUvAuthProtocol: protocol.version,
    subCommand: ClientPinSubcommand.changePIN,
    keyAgreement,
    newPinEnc,
    pinHashEnc,
    pinUvAuthParam: protocol.authenticate(sharedSecret, concat(newPinEnc, pinHashEnc)),
    ...given,
  });
}

/** The ways to a token. */
export const tokenSubcommands = {
  getPinToken: ClientPinSubcommand.getPinToken,
  getPinUvAuthTokenUsingPinWithPermissions: ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
  getPinUvAuthTokenUsingUvWithPermissions: ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions,
} as const;
export type TokenSubcommand = keyof typeof tokenSubcommands;

export interface TokenParametersOptions extends PinRequestOptions {
  /** Default: the one of the bench. */
  readonly pin?: string;
}

/** Parameters that ask for a token, with the permissions mc and ga for {@link RP_ID} where it has any. */
export async function tokenParameters(
  key: Subject,
  subcommand: TokenSubcommand,
  { client = key.pin, given = {}, pin = key.bench.pin }: TokenParametersOptions = {},
): Promise<{ readonly parameters: CborMap; readonly secret: SharedSecret }> {
  const secret = await client.sharedSecret();
  const { protocol, keyAgreement, sharedSecret } = secret;
  const byUv = subcommand === 'getPinUvAuthTokenUsingUvWithPermissions';
  const parameters = clientPinRequest.encode({
    pinUvAuthProtocol: protocol.version,
    subCommand: tokenSubcommands[subcommand],
    keyAgreement,
    ...(byUv ? {} : { pinHashEnc: protocol.encrypt(sharedSecret, pinHash(key, pin), random) }),
    ...(subcommand === 'getPinToken'
      ? {}
      : { permissions: Permission.makeCredential | Permission.getAssertion, rpId: RP_ID }),
    ...given,
  });
  return { parameters, secret };
}

/** The best way to a token by PIN that a key has. */
export async function pinSubcommand(key: Subject): Promise<TokenSubcommand> {
  const { options } = await key.info();
  return options?.pinUvAuthToken === true ? 'getPinUvAuthTokenUsingPinWithPermissions' : 'getPinToken';
}

/** Asks for a token by a PIN; the answer, whatever it is. */
export async function enterPin(key: Subject, pin: string, subcommand?: TokenSubcommand): Promise<Answer> {
  const { parameters } = await tokenParameters(key, subcommand ?? (await pinSubcommand(key)), { pin });
  return key.request(Command.authenticatorClientPIN, parameters);
}

/** Enters a wrong PIN so many times; the last answer. */
export async function enterWrongPin(key: Subject, times = 1): Promise<Answer> {
  for (let time = 1; time < times; time++) await enterPin(key, WRONG_PIN);
  return enterPin(key, WRONG_PIN);
}

/** Asks for a token; as it came, encrypted, and decrypted. */
export async function sealedToken(
  key: Subject,
  subcommand: TokenSubcommand,
  options: TokenParametersOptions = {},
): Promise<{ readonly sealed: Uint8Array; readonly token: Uint8Array }> {
  const { parameters, secret } = await tokenParameters(key, subcommand, options);
  const answer = await key.accepted(Command.authenticatorClientPIN, parameters);
  const { pinUvAuthToken } = clientPinResponse.decode(answer, 'authenticatorClientPIN response');
  expect(pinUvAuthToken !== undefined, 'a pinUvAuthToken', 'none');
  const token = secret.protocol.decrypt(secret.sharedSecret, pinUvAuthToken);
  expect(token !== undefined, 'a pinUvAuthToken in whole blocks', pinUvAuthToken);
  return { sealed: pinUvAuthToken, token };
}

/** pinRetries and powerCycleState. */
export async function pinRetries(key: Subject): Promise<{ retries: number | undefined; powerCycle: boolean }> {
  const parameters = clientPinRequest.encode({ subCommand: ClientPinSubcommand.getPINRetries });
  const answer = await key.accepted(Command.authenticatorClientPIN, parameters);
  const { pinRetries: retries, powerCycleState } = clientPinResponse.decode(answer, 'authenticatorClientPIN response');
  return { retries, powerCycle: powerCycleState === true };
}

/** Why a check of CTAP 2.1 does not apply: the key is of CTAP 2.0. */
export function unlessCtap21({ versions }: GetInfoResponse): string | undefined {
  return versions.some((version) => version.startsWith('FIDO_2_') && !['FIDO_2_0', 'FIDO_2_1_PRE'].includes(version))
    ? undefined
    : 'versions has none from FIDO_2_1 on';
}
