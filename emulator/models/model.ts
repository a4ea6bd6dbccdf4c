/** What makes one kind of key different from another: identity, abilities, limits, defaults. One file per model. */
import type { AuthenticatorOption } from '../../ctap/commands/get-info.ts';
import type { CarryingTransport } from '../exchange.ts';
import type { OtpAbilities } from './otp-abilities.ts';

/** How a key is seen on USB. */
export interface UsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice. */
  readonly version: number;
  readonly manufacturer: string;
  readonly product: string;
}

/** What a host can select on a key, or talk to it as. */
export type Applet = 'u2f' | 'fido2' | 'token2-otp' | 'oath' | 'piv' | 'openpgp';

export type AttestationFormat = 'packed' | 'fido-u2f' | 'none';

/** A built-in fingerprint sensor (CTAP 2.3 §6.7). */
export interface FingerprintSensor {
  /** fingerprintKind. */
  readonly kind: 'touch' | 'swipe';
  readonly maxTemplates: number;
  /** maxCaptureSamplesRequiredForEnroll. */
  readonly samplesToEnroll: number;
  /** UTF-8 bytes of a template's name. */
  readonly maxTemplateFriendlyName: number;
  /** True: fingers that do not fit are not counted, and never block the sensor. */
  readonly unlimitedAttempts?: boolean;
}

/** The backup flags of new credentials (WebAuthn Level 3 §6.1.3). */
export interface PortableCredentialDefaults {
  readonly backupEligibility: boolean;
  readonly backupState: boolean;
}

/** A rule for PINs beyond their length (pinComplexityPolicy, CTAP 2.3 §7.5). */
export interface PinComplexity {
  /** The rule in words. */
  readonly description: string;
  /** False where the PIN is too simple. */
  accepts(pin: string): boolean;
  /** Where the rule is told to people. */
  readonly url?: string;
  /** True: the rule holds only once setMinPINLength has said so. */
  readonly configurable?: boolean;
}

export interface Model {
  /** The name that --model takes. */
  readonly name: string;
  readonly description: string;
  readonly usb: UsbIdentity;
  /** First five digits of the serial number; a check digit and the unit's own digits follow. */
  readonly serialPrefix: string;
  /** 16 bytes; all zero on a key that speaks U2F alone. */
  readonly aaguid: Uint8Array;
  readonly firmwareVersion: number;
  readonly applets: readonly Applet[];
  /** What of the one-time password applet differs from what the release has. */
  readonly otp?: Partial<OtpAbilities>;
  readonly transports: readonly string[];

  /** authenticatorGetInfo versions, in its order. Without one that begins with FIDO_ the key has no CTAP2 at all. */
  readonly versions: readonly string[];
  /** The highest member of getInfo that the model's version of the specification knows; higher ones are left out. */
  readonly lastInfoMember: number;
  /** Options that getInfo shows, and whose abilities the key has; others are absent. */
  readonly options: readonly AuthenticatorOption[];
  /** Extensions that getInfo shows and the key processes; others are ignored. */
  readonly extensions: readonly string[];
  /** COSE algorithms, preferred first. */
  readonly algorithms: readonly number[];
  /** Subcommands of authenticatorConfig that the key knows. */
  readonly configCommands: readonly number[];
  readonly certifications?: Readonly<Record<string, number>>;

  /** True where each relying party learns the policy of PINs, not those alone that setMinPINLength names. */
  readonly tellsPolicyToAll?: boolean;
  readonly pinUvAuthProtocols: readonly (1 | 2)[];
  /** Unicode code points of the shortest PIN, before setMinPINLength. */
  readonly minPINLength: number;
  /** Unicode code points of the longest PIN; 63 bytes hold no more. */
  readonly maxPINLength: number;
  /** Absent: any PIN of the right length is taken. */
  readonly pinComplexity?: PinComplexity;
  readonly fingerprints?: FingerprintSensor;
  /** Times that a platform may ask for built-in user verification before it falls back to the PIN. */
  readonly preferredPlatformUvAttempts?: number;

  readonly maxMsgSize: number;
  readonly maxCredentialCountInList: number;
  readonly maxCredentialIdLength: number;
  readonly maxDiscoverableCredentials: number;
  /** Bytes; 0 where the key has no large blobs, else 1024 or more (CTAP 2.3 §6.10). */
  readonly maxSerializedLargeBlobArray: number;
  /** Bytes; 0 where the key has no credBlob, else 32 or more. */
  readonly maxCredBlobLength: number;
  readonly maxRPIDsForSetMinPINLength: number;
  /**
   * Credentials can be taken out of the key and put into it, private keys included, as with the virtual authenticators of
   * browsers (WebAuthn Level 3 §11.2). Such a key keeps all of them, and counts the signatures of each. Absent: it does not.
   */
  readonly portableCredentials?: PortableCredentialDefaults;

  /** A reset wants a long touch (CTAP 2.3 §6.6); `configurable`: once authenticatorConfig has said so. */
  readonly longTouchForReset?: 'always' | 'configurable';
  /** Where a reset is taken from; absent where from everywhere. */
  readonly transportsForReset?: readonly CarryingTransport[];

  /** `batch`: a certificate that all keys of the model share; `self`: the credential's own key; `none`. */
  readonly attestation: 'batch' | 'self' | 'none';
  /** Formats that the key can attest in, the preferred one first. */
  readonly attestationFormats: readonly AttestationFormat[];
  /** True where the model's certificates come from an intermediate authority, which x5c then carries. */
  readonly intermediateAuthority?: boolean;
  /** RP IDs that the vendor lets see the enterprise attestation (CTAP 2.3 §7.1); for models with the option ep. */
  readonly enterpriseRpIds?: readonly string[];

  /**
   * Members whose real value is not public, and so are this project's guess; `usb.version` names one within. Also what
   * follows from other members: `serialNumber.checkDigit`, and `otp.maxEntries` and the like of OtpAbilities.
   */
  readonly assumed: readonly string[];
}

/** True where the model speaks CTAP2, and not U2F alone. */
export function speaksCtap2(model: Model): boolean {
  return model.versions.some((version) => version.startsWith('FIDO_'));
}
