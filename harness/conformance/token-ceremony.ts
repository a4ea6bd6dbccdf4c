/** What checks of the life of a pinUvAuthToken do with one (CTAP 2.3 §6.5.2.1, §6.5.3). */
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../ctap/status.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { Answer } from './answer.ts';
import { CLIENT_DATA_HASH, getAssertionParameters, makeCredentialParameters, paramsOf, RP_ID } from './ceremony.ts';
import { expectOk } from './expect.ts';
import type { Subject } from './subject.ts';
import type { TokenCommand } from './token-commands.ts';

export const PIN_AUTH_INVALID = 'CTAP2_ERR_PIN_AUTH_INVALID';
export const OTHER_RP_ID = 'other.conformance.ctaplab.example';
export const MC_GA: number = Permission.makeCredential | Permission.getAssertion;
/** What a key answers to {@link silently} that has taken the token, with or without a credential. */
export const SILENTLY_TAKEN: readonly StatusName[] = ['CTAP2_OK', 'CTAP2_ERR_NO_CREDENTIALS'];

/** An assertion without user presence: a use of the token that needs no touch, no credential, and does not spend it. */
export async function silently(key: Subject, token: PinUvAuthToken, rpId: string = RP_ID): Promise<Answer> {
  const given = { rpId, options: { up: false }, ...paramsOf(token, CLIENT_DATA_HASH) };
  return key.request(Command.authenticatorGetAssertion, await getAssertionParameters(key, given));
}

/** A command with a token. */
export async function send(key: Subject, { command, request }: TokenCommand, token: PinUvAuthToken): Promise<Answer> {
  const { message, parameters } = await request(key);
  return key.request(command, await parameters(paramsOf(token, message)));
}

/** Spends the token: a makeCredential with it, which takes a touch. */
export async function spend(key: Subject, token: PinUvAuthToken): Promise<void> {
  const given = paramsOf(token, CLIENT_DATA_HASH);
  expectOk(await key.request(Command.authenticatorMakeCredential, await makeCredentialParameters(key, given)));
}
