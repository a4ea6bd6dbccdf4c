import { type HardwareToken, tokenName } from '../domain/hardware-tokens.ts';

/** A device as /preauth shows it. Only hardware tokens count here: the Auth API has no WebAuthn. */
export interface DeviceJSON {
  readonly device: string;
  readonly type: 'token';
  readonly name: string;
  readonly display_name: string;
  readonly capabilities: readonly string[];
}

export function deviceJSON(token: HardwareToken): DeviceJSON {
  const name = tokenName(token);
  return { device: token.tokenId, type: 'token', name: token.serial, display_name: name, capabilities: [] };
}
