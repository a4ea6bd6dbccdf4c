/** What checks of authenticatorConfig do over and again. */
import type { CborMap } from '../../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  type SetMinPINLengthParams,
  AuthenticatorConfigSubcommand as Subcommand,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import type { AuthenticatorOption } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { Answer } from '../answer.ts';
import { paramsOf } from '../ceremony.ts';
import type { Needs } from '../check.ts';
import type { Subject } from '../subject.ts';

export const command = Command.authenticatorConfig;

export async function parametersOf(key: Subject, subCommand: number, subCommandParams?: CborMap): Promise<CborMap> {
  const message = authenticatorConfigAuthMessage(subCommand, subCommandParams);
  const authorization = key.state.pin ? paramsOf(await key.token(Permission.authenticatorConfiguration), message) : {};
  return authenticatorConfigRequest.encode({ subCommand, subCommandParams, ...authorization });
}

export async function send(key: Subject, subCommand: number, subCommandParams?: CborMap): Promise<Answer> {
  return key.request(command, await parametersOf(key, subCommand, subCommandParams));
}

export function setMinPINLength(key: Subject, params: SetMinPINLengthParams): Promise<Answer> {
  return send(key, Subcommand.setMinPINLength, setMinPINLengthParams.encode(params));
}

export const info = (key: Subject) => key.ctap2.getInfo();

export const least = async (key: Subject) => (await info(key)).minPINLength ?? 4;

export function needing(options: readonly AuthenticatorOption[], more: Needs = {}): Needs {
  return { pin: true, options: ['authnrCfg', 'pinUvAuthToken', ...options], ...more };
}

export const MIN_PIN = needing(['setMinPINLength']);

export const section = 'CTAP 2.3 §6.11.4';

export function rpIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}.example`);
}
