/** A key of CTAP 2.1 with all that needs no sensor: tokens with permissions, management, large blobs, enterprise attestation. */
import { fromHex } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { labKey } from './lab-key.ts';
import type { Model } from './model.ts';

export const ctap21: Model = {
  ...labKey,
  name: 'ctap2.1',
  description: 'a key of CTAP 2.1',
  serialPrefix: '00021',
  aaguid: fromHex('c7a91ab0000040008000000000000021'),
  applets: ['fido2', 'u2f'],
  versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1'],
  lastInfoMember: 0x15,
  options: [
    'plat',
    'rk',
    'up',
    'clientPin',
    'pinUvAuthToken',
    'credMgmt',
    'authnrCfg',
    'ep',
    'largeBlobs',
    'setMinPINLength',
    'alwaysUv',
    'makeCredUvNotRqd',
  ],
  extensions: ['credBlob', 'credProtect', 'hmac-secret', 'largeBlobKey', 'minPinLength'],
  algorithms: [Algorithm.ES256, Algorithm.EdDSA],
  configCommands: [0x01, 0x02, 0x03],
  pinUvAuthProtocols: [2, 1],
  maxMsgSize: 2048,
  maxSerializedLargeBlobArray: 4096,
  maxCredBlobLength: 32,
  maxRPIDsForSetMinPINLength: 8,
  enterpriseRpIds: ['enterprise.example'],
};
