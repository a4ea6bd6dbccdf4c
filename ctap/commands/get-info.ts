/** authenticatorGetInfo (0x04): CTAP 2.3 §6.4. The request has no parameters. */
import { array, bool, bytes, type Infer, message, optional, record, required, text, uint, uint64 } from '../schema.ts';
import { publicKeyCredentialParameters } from './entities.ts';

export const getInfoResponse = message('authenticatorGetInfo response', {
  versions: required(0x01, array(text)),
  extensions: optional(0x02, array(text)),
  aaguid: required(0x03, bytes(16)),
  options: optional(0x04, record(bool)),
  maxMsgSize: optional(0x05, uint),
  pinUvAuthProtocols: optional(0x06, array(uint)),
  maxCredentialCountInList: optional(0x07, uint),
  maxCredentialIdLength: optional(0x08, uint),
  transports: optional(0x09, array(text)),
  algorithms: optional(0x0a, array(publicKeyCredentialParameters)),
  maxSerializedLargeBlobArray: optional(0x0b, uint),
  forcePINChange: optional(0x0c, bool),
  minPINLength: optional(0x0d, uint),
  firmwareVersion: optional(0x0e, uint),
  maxCredBlobLength: optional(0x0f, uint),
  maxRPIDsForSetMinPINLength: optional(0x10, uint),
  preferredPlatformUvAttempts: optional(0x11, uint),
  uvModality: optional(0x12, uint),
  certifications: optional(0x13, record(uint)),
  remainingDiscoverableCredentials: optional(0x14, uint),
  vendorPrototypeConfigCommands: optional(0x15, array(uint64)),
  attestationFormats: optional(0x16, array(text)),
  uvCountSinceLastPinEntry: optional(0x17, uint),
  longTouchForReset: optional(0x18, bool),
  encIdentifier: optional(0x19, bytes()),
  transportsForReset: optional(0x1a, array(text)),
  pinComplexityPolicy: optional(0x1b, bool),
  pinComplexityPolicyURL: optional(0x1c, bytes()),
  maxPINLength: optional(0x1d, uint),
  encCredStoreState: optional(0x1e, bytes()),
  authenticatorConfigCommands: optional(0x1f, array(uint)),
});
export type GetInfoResponse = Infer<typeof getInfoResponse>;

/** Names of the `options` member (CTAP 2.3 §6.4). */
export type AuthenticatorOption =
  | 'plat'
  | 'rk'
  | 'clientPin'
  | 'up'
  | 'uv'
  | 'pinUvAuthToken'
  | 'noMcGaPermissionsWithClientPin'
  | 'largeBlobs'
  | 'ep'
  | 'bioEnroll'
  | 'userVerificationMgmtPreview'
  | 'uvBioEnroll'
  | 'authnrCfg'
  | 'uvAcfg'
  | 'credMgmt'
  | 'perCredMgmtRO'
  | 'credentialMgmtPreview'
  | 'setMinPINLength'
  | 'makeCredUvNotRqd'
  | 'alwaysUv';
