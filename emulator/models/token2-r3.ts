/** Token2 T2F2 release 3: FIDO 2.1 and U2F on USB and NFC. */
import { fromHex } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import type { Model } from './model.ts';

export const token2R3: Model = {
  name: 'token2-r3',
  description: 'Token2 FIDO2 Security Key, release 3 (USB, NFC)',
  usb: { vendorId: 0x349e, productId: 0x0022, version: 0x0100, manufacturer: 'TOKEN2', product: 'FIDO2 Security Key' },
  serialPrefix: '76104',
  aaguid: fromHex('ab32f0c62239afbbc470d2ef4e254db7'),
  versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'],
  transports: ['nfc', 'usb'],
  firmwareVersion: 0x030000,
  algorithms: [Algorithm.ES256, Algorithm.EdDSA],
  pinUvAuthProtocols: [2, 1],
  minPINLength: 4,
  maxMsgSize: 2048,
  maxCredentialCountInList: 8,
  maxCredentialIdLength: 128,
  maxDiscoverableCredentials: 300,
  makeCredUvNotRqd: true,
  attestation: 'batch',
  assumed: [
    'usb.version',
    'versions',
    'transports',
    'firmwareVersion',
    'algorithms',
    'pinUvAuthProtocols',
    'maxMsgSize',
    'maxCredentialCountInList',
    'maxCredentialIdLength',
    'maxDiscoverableCredentials',
    'makeCredUvNotRqd',
  ],
};
