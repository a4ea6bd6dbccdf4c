/** What the lab's own models have in common: they stand for a version of the specification, not for a product. */
import { Algorithm } from '../../ctap/crypto.ts';
import type { Model, UsbIdentity } from './model.ts';

/** pid.codes keeps these numbers free for private tests. */
export const LAB_USB: UsbIdentity = {
  vendorId: 0x1209,
  productId: 0x0001,
  version: 0x0100,
  manufacturer: 'ctaplab',
  product: 'Virtual Security Key',
};

/** The least that a CTAP 2.0 key has. */
export const labKey = {
  usb: LAB_USB,
  firmwareVersion: 0x010000,
  applets: ['fido2'],
  transports: ['usb'],
  extensions: ['hmac-secret'],
  algorithms: [Algorithm.ES256],
  configCommands: [],
  pinUvAuthProtocols: [1],
  minPINLength: 4,
  maxPINLength: 63,
  maxMsgSize: 1200,
  maxCredentialCountInList: 8,
  maxCredentialIdLength: 128,
  maxDiscoverableCredentials: 100,
  maxSerializedLargeBlobArray: 0,
  maxCredBlobLength: 0,
  maxRPIDsForSetMinPINLength: 0,
  attestation: 'batch',
  attestationFormats: ['packed'],
  assumed: [],
} satisfies Partial<Model>;
