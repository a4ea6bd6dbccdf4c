/** vendorPrototype (CTAP 2.3 §6.11.7): the configuration commands of this key's vendor. */
import type { CborMap } from '../../ctap/cbor.ts';
import { vendorPrototypeParams } from '../../ctap/commands/authenticator-config.ts';
import { array, message, required, text } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';

const MAX_ENTERPRISE_RP_IDS = 16;

export const VendorCommand = {
  /** Sets the RP IDs of vendor-facilitated enterprise attestation; those that the model brings stay. */
  setEnterpriseRpIds: 0x6374_6170_6c61_6201n,
} as const;

/** Parameters of setEnterpriseRpIds, beside vendorCommandId (0x01). */
export const setEnterpriseRpIdsParams = message('setEnterpriseRpIds', {
  rpIds: required(0x02, array(text)),
});

const commands = new Map<bigint, (authenticator: Authenticator, params: CborMap) => Promise<void>>([
  [VendorCommand.setEnterpriseRpIds, setEnterpriseRpIds],
]);

/** vendorCommandIds, as getInfo tells them. */
export const vendorCommandIds: readonly bigint[] = [...commands.keys()];

export async function vendorPrototype(authenticator: Authenticator, params: CborMap): Promise<void> {
  const { vendorCommandId } = vendorPrototypeParams.decode(params, 'vendorPrototype');
  const command = commands.get(vendorCommandId);
  if (!command) {
    const detail = `vendorCommandId: expected one of ${vendorCommandIds.join(', ')}, got ${vendorCommandId}`;
    throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', detail);
  }
  await command(authenticator, params);
}

async function setEnterpriseRpIds({ config }: Authenticator, params: CborMap): Promise<void> {
  const { rpIds } = setEnterpriseRpIdsParams.decode(params, 'setEnterpriseRpIds');
  if (rpIds.length > MAX_ENTERPRISE_RP_IDS) {
    const detail = `rpIds: expected at most ${MAX_ENTERPRISE_RP_IDS}, got ${rpIds.length}`;
    throw new CtapError('CTAP2_ERR_KEY_STORE_FULL', detail);
  }
  await config.set({ enterpriseRpIds: rpIds });
}
