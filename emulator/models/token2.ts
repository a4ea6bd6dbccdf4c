/** What the releases of Token2's keys have in common. Facts are from the public metadata and serial-number lists; the rest is assumed. */
import { fromHex } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import type { Model, UsbIdentity } from './model.ts';

/** FIDO metadata: "TOKEN2 FIDO2 Security Key". */
export const TOKEN2_AAGUID = fromHex('ab32f0c62239afbbc470d2ef4e254db7');
/** FIDO metadata: "TOKEN2 PIN Plus Security Key Series". */
export const PIN_PLUS_AAGUID = fromHex('eabb46cce24180bfae9e96fa6d2975cf');

export const TOKEN2_USB: UsbIdentity = {
  vendorId: 0x349e,
  productId: 0x0022,
  version: 0x0100,
  manufacturer: 'TOKEN2',
  product: 'FIDO2 Security Key',
};

/** A FIDO 2.1 release with USB and NFC. */
export const token2Fido21 = {
  usb: TOKEN2_USB,
  aaguid: TOKEN2_AAGUID,
  applets: ['fido2', 'u2f', 'token2-otp'],
  transports: ['nfc', 'usb'],
  versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'],
  lastInfoMember: 0x15,
  options: [
    'rk',
    'up',
    'plat',
    'clientPin',
    'pinUvAuthToken',
    'credMgmt',
    'credentialMgmtPreview',
    'authnrCfg',
    'largeBlobs',
    'setMinPINLength',
    'alwaysUv',
    'makeCredUvNotRqd',
  ],
  extensions: ['credBlob', 'credProtect', 'hmac-secret', 'largeBlobKey', 'minPinLength'],
  algorithms: [Algorithm.ES256, Algorithm.EdDSA],
  configCommands: [0x02, 0x03],
  pinUvAuthProtocols: [2, 1],
  minPINLength: 4,
  maxPINLength: 63,
  maxMsgSize: 2048,
  maxCredentialCountInList: 8,
  maxCredentialIdLength: 128,
  maxDiscoverableCredentials: 300,
  maxSerializedLargeBlobArray: 2048,
  maxCredBlobLength: 32,
  maxRPIDsForSetMinPINLength: 8,
  attestation: 'batch',
  attestationFormats: ['packed'],
} satisfies Partial<Model>;

/** What is not public of every release. */
export const TOKEN2_ASSUMED: readonly string[] = [
  'usb.version',
  'serialNumber.checkDigit',
  'firmwareVersion',
  'transports',
  'versions',
  'lastInfoMember',
  'options',
  'extensions',
  'algorithms',
  'configCommands',
  'pinUvAuthProtocols',
  'maxPINLength',
  'maxMsgSize',
  'maxCredentialCountInList',
  'maxCredentialIdLength',
  'maxDiscoverableCredentials',
  'maxSerializedLargeBlobArray',
  'maxCredBlobLength',
  'maxRPIDsForSetMinPINLength',
  'attestationFormats',
];

/** The same of a release that has the one-time password applet. */
export const TOKEN2_OTP_ASSUMED: readonly string[] = [
  ...TOKEN2_ASSUMED,
  'otp.maxEntries',
  'otp.appearance',
  'otp.reportInterval',
];
