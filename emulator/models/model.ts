/** What makes one kind of key different from another: identity, limits, defaults. One file per model. */

/** How a key is seen on USB. */
export interface UsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice. */
  readonly version: number;
  readonly manufacturer: string;
  readonly product: string;
}

export interface Model {
  /** The name that --model takes. */
  readonly name: string;
  readonly description: string;
  readonly usb: UsbIdentity;
  /** First digits of the serial number; the rest is drawn for each key. */
  readonly serialPrefix: string;
  /** 16 bytes. */
  readonly aaguid: Uint8Array;
  /** authenticatorGetInfo versions, in its order. */
  readonly versions: readonly string[];
  readonly transports: readonly string[];
  readonly firmwareVersion: number;
  /** COSE algorithms, preferred first. */
  readonly algorithms: readonly number[];
  readonly pinUvAuthProtocols: readonly (1 | 2)[];
  readonly minPINLength: number;
  readonly maxMsgSize: number;
  readonly maxCredentialCountInList: number;
  readonly maxCredentialIdLength: number;
  readonly maxDiscoverableCredentials: number;
  /** True where a non-discoverable credential can be made without user verification though a PIN is set (§6.4 makeCredUvNotRqd). */
  readonly makeCredUvNotRqd: boolean;
  /** `batch`: packed with a certificate chain; `self`: packed self attestation; `none`. */
  readonly attestation: 'batch' | 'self' | 'none';
  /** Members whose real value is not public, and so are this project's guess. */
  readonly assumed: readonly string[];
}
