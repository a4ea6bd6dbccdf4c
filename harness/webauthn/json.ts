/** WebAuthn's JSON forms, as servers send and receive them: WebAuthn Level 3 §5.1, §5.4, §5.5. */

/** base64url (RFC 4648 §5) without padding. */
export type Base64URLString = string;

export type AuthenticatorAttachment = 'platform' | 'cross-platform';
export type AuthenticatorTransport = 'ble' | 'cable' | 'hybrid' | 'internal' | 'nfc' | 'smart-card' | 'usb';

export interface PublicKeyCredentialDescriptorJSON {
  /** `public-key`; entries of another type are ignored. */
  readonly type: string;
  readonly id: Base64URLString;
  readonly transports?: readonly string[] | undefined;
}

export interface AuthenticatorSelectionCriteriaJSON {
  readonly authenticatorAttachment?: string | undefined;
  readonly residentKey?: string | undefined;
  readonly requireResidentKey?: boolean | undefined;
  readonly userVerification?: string | undefined;
}

export interface PrfValuesJSON {
  readonly first: Base64URLString;
  readonly second?: Base64URLString | undefined;
}

export interface PrfInputsJSON {
  readonly eval?: PrfValuesJSON | undefined;
  /** By credential ID. */
  readonly evalByCredential?: Readonly<Record<Base64URLString, PrfValuesJSON>> | undefined;
}

export interface LargeBlobInputsJSON {
  /** In create(): `required` or `preferred`. */
  readonly support?: string | undefined;
  /** In get(). */
  readonly read?: boolean | undefined;
  /** In get(), with exactly one allowed credential. */
  readonly write?: Base64URLString | undefined;
}

/** Inputs that this client knows; others are ignored. */
export interface AuthenticationExtensionsClientInputsJSON {
  readonly appid?: string | undefined;
  readonly appidExclude?: string | undefined;
  readonly credBlob?: Base64URLString | undefined;
  readonly credProps?: boolean | undefined;
  readonly credentialProtectionPolicy?: string | undefined;
  readonly enforceCredentialProtectionPolicy?: boolean | undefined;
  readonly getCredBlob?: boolean | undefined;
  readonly hmacCreateSecret?: boolean | undefined;
  readonly largeBlob?: LargeBlobInputsJSON | undefined;
  readonly minPinLength?: boolean | undefined;
  readonly prf?: PrfInputsJSON | undefined;
}

export interface PublicKeyCredentialCreationOptionsJSON {
  readonly rp: { readonly id?: string | undefined; readonly name: string };
  readonly user: { readonly id: Base64URLString; readonly name: string; readonly displayName: string };
  readonly challenge: Base64URLString;
  readonly pubKeyCredParams: readonly { readonly type: string; readonly alg: number }[];
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly excludeCredentials?: readonly PublicKeyCredentialDescriptorJSON[] | undefined;
  readonly authenticatorSelection?: AuthenticatorSelectionCriteriaJSON | undefined;
  readonly hints?: readonly string[] | undefined;
  readonly attestation?: string | undefined;
  readonly attestationFormats?: readonly string[] | undefined;
  readonly extensions?: AuthenticationExtensionsClientInputsJSON | object | undefined;
}

export interface PublicKeyCredentialRequestOptionsJSON {
  readonly challenge: Base64URLString;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly rpId?: string | undefined;
  readonly allowCredentials?: readonly PublicKeyCredentialDescriptorJSON[] | undefined;
  readonly userVerification?: string | undefined;
  readonly hints?: readonly string[] | undefined;
  readonly extensions?: AuthenticationExtensionsClientInputsJSON | object | undefined;
}

export interface AuthenticationExtensionsClientOutputsJSON {
  appid?: boolean;
  appidExclude?: boolean;
  /** In create(): whether the key keeps it. */
  credBlob?: boolean;
  credProps?: { rk?: boolean };
  getCredBlob?: Base64URLString;
  hmacCreateSecret?: boolean;
  /** `supported` of create(), `blob` and `written` of get(). */
  largeBlob?: { supported?: boolean; blob?: Base64URLString; written?: boolean };
  prf?: { enabled?: boolean; results?: PrfValuesJSON };
}

export interface RegistrationResponseJSON {
  id: Base64URLString;
  rawId: Base64URLString;
  response: {
    clientDataJSON: Base64URLString;
    authenticatorData: Base64URLString;
    transports: AuthenticatorTransport[];
    /** SubjectPublicKeyInfo, DER; absent for an algorithm that this client does not know. */
    publicKey?: Base64URLString;
    publicKeyAlgorithm: number;
    attestationObject: Base64URLString;
  };
  authenticatorAttachment?: AuthenticatorAttachment;
  clientExtensionResults: AuthenticationExtensionsClientOutputsJSON;
  type: 'public-key';
}

export interface AuthenticationResponseJSON {
  id: Base64URLString;
  rawId: Base64URLString;
  response: {
    clientDataJSON: Base64URLString;
    authenticatorData: Base64URLString;
    signature: Base64URLString;
    userHandle?: Base64URLString;
  };
  authenticatorAttachment?: AuthenticatorAttachment;
  clientExtensionResults: AuthenticationExtensionsClientOutputsJSON;
  type: 'public-key';
}
