/** authenticatorClientPIN: CTAP 2.3 §6.5.5; here the subcommands that only tell, and the way to the others. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  type ClientPinRequest,
  type ClientPinResponse,
  ClientPinSubcommand,
  clientPinRequest,
  clientPinResponse,
} from '../../ctap/commands/client-pin.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';
import { need } from './client-pin-parameters.ts';
import { getPinToken, getPinUvAuthTokenUsingPin, getPinUvAuthTokenUsingUv } from './issue-token.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';
import { changePin, setPin } from './set-pin.ts';

type Subcommand = (
  authenticator: Authenticator,
  request: ClientPinRequest,
  exchange: Exchange,
) => Promise<ClientPinResponse> | ClientPinResponse;

const subcommands = new Map<number, Subcommand>([
  [ClientPinSubcommand.getPINRetries, getPinRetries],
  [ClientPinSubcommand.getKeyAgreement, getKeyAgreement],
  [ClientPinSubcommand.setPIN, setPin],
  [ClientPinSubcommand.changePIN, changePin],
  [ClientPinSubcommand.getPinToken, getPinToken],
  [ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions, getPinUvAuthTokenUsingUv],
  [ClientPinSubcommand.getUVRetries, getUvRetries],
  [ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions, getPinUvAuthTokenUsingPin],
]);

/** Subcommands of CTAP 2.1, which a model without the option pinUvAuthToken does not know. */
const withPermissions: ReadonlySet<number> = new Set([
  ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions,
  ClientPinSubcommand.getUVRetries,
  ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
]);

export async function clientPin(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
): Promise<CborMap | undefined> {
  const request = clientPinRequest.decode(value, 'authenticatorClientPIN');
  const { subCommand } = request;
  const subcommand = subcommands.get(subCommand);
  if (!subcommand || (withPermissions.has(subCommand) && !authenticator.supports('pinUvAuthToken'))) {
    throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', `authenticatorClientPIN has no subcommand ${subCommand}`);
  }
  const response = clientPinResponse.encode(await subcommand(authenticator, request, exchange));
  return response.size > 0 ? response : undefined;
}

function getPinRetries({ pin }: Authenticator): ClientPinResponse {
  return { pinRetries: pin.retries, powerCycleState: pin.needsPowerCycle };
}

function getUvRetries({ model, uv }: Authenticator): ClientPinResponse {
  if (!model.fingerprints) throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'this key has no built-in user verification');
  return { uvRetries: uv.retries };
}

function getKeyAgreement(authenticator: Authenticator, request: ClientPinRequest): ClientPinResponse {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  return { keyAgreement: authenticator.keyAgreement.publicKey(protocol) };
}
