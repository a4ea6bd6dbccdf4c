/** authenticatorConfig (0x0D): CTAP 2.3 §6.11. */
import { concat } from '../bytes.ts';
import { type CborMap, encodeCbor } from '../cbor.ts';
import { array, bool, bytes, type Infer, map, message, optional, required, text, uint, uint64 } from '../schema.ts';
import { Command } from './index.ts';

export const AuthenticatorConfigSubcommand = {
  enableEnterpriseAttestation: 0x01,
  toggleAlwaysUv: 0x02,
  setMinPINLength: 0x03,
  enableLongTouchForReset: 0x04,
  vendorPrototype: 0xff,
} as const;

export const authenticatorConfigRequest = message('authenticatorConfig', {
  subCommand: required(0x01, uint),
  /** Left as it came: pinUvAuthParam authenticates its very bytes. */
  subCommandParams: optional(0x02, map),
  pinUvAuthProtocol: optional(0x03, uint),
  pinUvAuthParam: optional(0x04, bytes()),
});
export type AuthenticatorConfigRequest = Infer<typeof authenticatorConfigRequest>;

/** It has no members. */
export const authenticatorConfigResponse = message('authenticatorConfig response', {});
export type AuthenticatorConfigResponse = Infer<typeof authenticatorConfigResponse>;

/** subCommandParams of setMinPINLength. */
export const setMinPINLengthParams = message('setMinPINLength', {
  newMinPINLength: optional(0x01, uint),
  minPinLengthRPIDs: optional(0x02, array(text)),
  forceChangePin: optional(0x03, bool),
  pinComplexityPolicy: optional(0x04, bool),
});
export type SetMinPINLengthParams = Infer<typeof setMinPINLengthParams>;

/** subCommandParams of vendorPrototype; what follows the id is the vendor's own. */
export const vendorPrototypeParams = message('vendorPrototype', {
  vendorCommandId: required(0x01, uint64),
});
export type VendorPrototypeParams = Infer<typeof vendorPrototypeParams>;

/** What pinUvAuthParam authenticates. */
export function authenticatorConfigAuthMessage(subCommand: number, params: CborMap | undefined): Uint8Array {
  const prefix = new Uint8Array(34).fill(0xff, 0, 32);
  prefix[32] = Command.authenticatorConfig;
  prefix[33] = subCommand;
  return params ? concat(prefix, encodeCbor(params)) : prefix;
}
