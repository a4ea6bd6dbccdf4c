/** A key of CTAP 2.0: PIN protocol one with its all-embracing token, no management, six members of getInfo. */
import { fromHex } from '../../ctap/bytes.ts';
import { labKey } from './lab-key.ts';
import type { Model } from './model.ts';

export const ctap20: Model = {
  ...labKey,
  name: 'ctap2.0',
  description: 'a key of CTAP 2.0',
  serialPrefix: '00020',
  aaguid: fromHex('c7a91ab0000040008000000000000020'),
  versions: ['FIDO_2_0'],
  lastInfoMember: 0x06,
  options: ['plat', 'rk', 'clientPin', 'up'],
};
