/** authenticatorConfig: CTAP 2.3 §6.11, one function for each subcommand. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  AuthenticatorConfigSubcommand as Subcommand,
} from '../../ctap/commands/authenticator-config.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import { requireToken } from './pin-uv-auth-param.ts';
import { setMinPINLength } from './set-min-pin-length.ts';
import { vendorPrototype } from './vendor-config.ts';

type Handler = (authenticator: Authenticator, params: CborMap) => Promise<void>;

const subcommands = new Map<number, Handler>([
  [Subcommand.enableEnterpriseAttestation, enableEnterpriseAttestation],
  [Subcommand.toggleAlwaysUv, toggleAlwaysUv],
  [Subcommand.setMinPINLength, setMinPINLength],
  [Subcommand.enableLongTouchForReset, enableLongTouchForReset],
  [Subcommand.vendorPrototype, vendorPrototype],
]);

export async function authenticatorConfig(authenticator: Authenticator, value: CborValue): Promise<undefined> {
  const request = authenticatorConfigRequest.decode(value, 'authenticatorConfig');
  const { subCommand, subCommandParams } = request;
  const handler = authenticator.model.configCommands.includes(subCommand) ? subcommands.get(subCommand) : undefined;
  if (!handler) {
    throw new CtapError(
      'CTAP1_ERR_INVALID_PARAMETER',
      `authenticatorConfig has no subcommand ${subCommand} on this key`,
    );
  }
  // without any user verification alwaysUv can be switched off, and nothing else be done until it is
  const { alwaysUv } = authenticator.config.now;
  if (authenticator.isProtected || (alwaysUv && subCommand !== Subcommand.toggleAlwaysUv)) {
    const message = authenticatorConfigAuthMessage(subCommand, subCommandParams);
    requireToken(authenticator, request, message, Permission.authenticatorConfiguration);
  }
  await handler(authenticator, subCommandParams ?? new Map());
}

/** §6.11.1 */
async function enableEnterpriseAttestation({ config }: Authenticator): Promise<void> {
  if (!config.now.enterpriseAttestation) await config.set({ enterpriseAttestation: true });
}

/** §6.11.2 */
async function toggleAlwaysUv({ config }: Authenticator): Promise<void> {
  await config.set({ alwaysUv: !config.now.alwaysUv });
}

/** §6.11.5 */
async function enableLongTouchForReset({ config }: Authenticator): Promise<void> {
  if (!config.now.longTouchForReset) await config.set({ longTouchForReset: true });
}
