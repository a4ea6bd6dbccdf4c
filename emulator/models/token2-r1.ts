/** Token2 T2F2-NFC, release 1: FIDO 2.0 with the first draft of credential management. */
import { Algorithm } from '../../ctap/crypto.ts';
import type { Model } from './model.ts';
import { TOKEN2_ASSUMED, TOKEN2_USB, token2Fido21 } from './token2.ts';

export const token2R1: Model = {
  ...token2Fido21,
  name: 'token2-r1',
  description: 'Token2 T2F2-NFC, release 1 (FIDO 2.0, USB-A, NFC)',
  usb: { ...TOKEN2_USB, productId: 0x0014 },
  serialPrefix: '86105',
  firmwareVersion: 0x010000,
  applets: ['fido2', 'u2f'],
  versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE'],
  lastInfoMember: 0x0a,
  options: ['rk', 'up', 'plat', 'clientPin', 'credentialMgmtPreview'],
  extensions: ['credProtect', 'hmac-secret'],
  algorithms: [Algorithm.ES256],
  configCommands: [],
  pinUvAuthProtocols: [1],
  maxMsgSize: 1200,
  maxDiscoverableCredentials: 50,
  maxSerializedLargeBlobArray: 0,
  maxCredBlobLength: 0,
  maxRPIDsForSetMinPINLength: 0,
  assumed: ['usb.productId', ...TOKEN2_ASSUMED],
};
