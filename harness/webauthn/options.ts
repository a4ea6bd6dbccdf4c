/** Options as a ceremony uses them, and their parsing from JSON: WebAuthn Level 3 §5.1.9, §5.1.10, §5.4, §5.5. */
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { type AuthenticationExtensionsClientInputs, parseExtensionInputs } from './extensions/inputs.ts';
import type {
  AuthenticatorAttachment,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from './json.ts';
import { base64Url, boolean, type Convert, Dictionary, known, long, sequence, text, unsignedLong } from './webidl.ts';

export type UserVerificationRequirement = 'required' | 'preferred' | 'discouraged';
export type ResidentKeyRequirement = 'required' | 'preferred' | 'discouraged';
export type AttestationConveyancePreference = 'none' | 'indirect' | 'direct' | 'enterprise';

export interface PublicKeyCredentialDescriptor {
  readonly type: typeof PUBLIC_KEY;
  readonly id: Uint8Array;
  readonly transports: readonly string[];
}

export interface PublicKeyCredentialCreationOptions {
  readonly rp: { readonly id: string | undefined; readonly name: string };
  readonly user: { readonly id: Uint8Array; readonly name: string; readonly displayName: string };
  readonly challenge: Uint8Array;
  readonly pubKeyCredParams: readonly { readonly type: string; readonly alg: number }[];
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly excludeCredentials: readonly PublicKeyCredentialDescriptor[];
  readonly authenticatorSelection: {
    readonly authenticatorAttachment: AuthenticatorAttachment | undefined;
    /** requireResidentKey is folded in. */
    readonly residentKey: ResidentKeyRequirement;
    readonly userVerification: UserVerificationRequirement;
  };
  readonly hints: readonly string[];
  readonly attestation: AttestationConveyancePreference;
  readonly attestationFormats: readonly string[];
  readonly extensions: AuthenticationExtensionsClientInputs;
}

export interface PublicKeyCredentialRequestOptions {
  readonly challenge: Uint8Array;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly rpId: string | undefined;
  /** Undefined where no list or an empty one came: any discoverable credential will do. */
  readonly allowCredentials: readonly PublicKeyCredentialDescriptor[] | undefined;
  readonly userVerification: UserVerificationRequirement;
  readonly hints: readonly string[];
  readonly extensions: AuthenticationExtensionsClientInputs;
}

const requirement = known('required', 'preferred', 'discouraged');

/** A list of descriptors; those of a type other than `public-key` are left out. */
const descriptors: Convert<PublicKeyCredentialDescriptor[]> = (value, path) => {
  const entries = sequence((entry, at) => {
    const members = new Dictionary(entry, at);
    const id = members.need('id', base64Url);
    const type = members.need('type', text);
    return { type, id, transports: members.may('transports', sequence(text)) ?? [] };
  })(value, path);
  return entries.flatMap(({ type, ...rest }) => (type === PUBLIC_KEY ? [{ type: PUBLIC_KEY, ...rest }] : []));
};

function parseSelection(value: unknown, path: string): PublicKeyCredentialCreationOptions['authenticatorSelection'] {
  const members = new Dictionary(value, path);
  const requireResidentKey = members.may('requireResidentKey', boolean) ?? false;
  return {
    authenticatorAttachment: members.may('authenticatorAttachment', known('platform', 'cross-platform')),
    residentKey: members.may('residentKey', requirement) ?? (requireResidentKey ? 'required' : 'discouraged'),
    userVerification: members.may('userVerification', requirement) ?? 'preferred',
  };
}

/**
 * `PublicKeyCredential.parseCreationOptionsFromJSON` (§5.1.9).
 * @throws TypeError for a missing member or one of the wrong type
 * @throws DOMException EncodingError for wrong base64url
 */
export function parseCreationOptionsFromJSON(
  json: PublicKeyCredentialCreationOptionsJSON,
): PublicKeyCredentialCreationOptions {
  const options = new Dictionary(json, 'publicKey');
  return {
    rp: options.need('rp', (value, path) => {
      const rp = new Dictionary(value, path);
      return { id: rp.may('id', text), name: rp.need('name', text) };
    }),
    user: options.need('user', (value, path) => {
      const user = new Dictionary(value, path);
      return {
        id: user.need('id', base64Url),
        name: user.need('name', text),
        displayName: user.need('displayName', text),
      };
    }),
    challenge: options.need('challenge', base64Url),
    pubKeyCredParams: options.need(
      'pubKeyCredParams',
      sequence((value, path) => {
        const parameters = new Dictionary(value, path);
        return { type: parameters.need('type', text), alg: parameters.need('alg', long) };
      }),
    ),
    timeout: options.may('timeout', unsignedLong),
    excludeCredentials: options.may('excludeCredentials', descriptors) ?? [],
    authenticatorSelection:
      options.may('authenticatorSelection', parseSelection) ?? parseSelection({}, 'publicKey.authenticatorSelection'),
    hints: options.may('hints', sequence(text)) ?? [],
    attestation: options.may('attestation', known('none', 'indirect', 'direct', 'enterprise')) ?? 'none',
    attestationFormats: options.may('attestationFormats', sequence(text)) ?? [],
    extensions: options.may('extensions', parseExtensionInputs) ?? {},
  };
}

/**
 * `PublicKeyCredential.parseRequestOptionsFromJSON` (§5.1.10).
 * @throws TypeError for a missing member or one of the wrong type
 * @throws DOMException EncodingError for wrong base64url
 */
export function parseRequestOptionsFromJSON(
  json: PublicKeyCredentialRequestOptionsJSON,
): PublicKeyCredentialRequestOptions {
  const options = new Dictionary(json, 'publicKey');
  return {
    challenge: options.need('challenge', base64Url),
    timeout: options.may('timeout', unsignedLong),
    rpId: options.may('rpId', text),
    allowCredentials: options.may('allowCredentials', (value, path) => {
      const named = descriptors(value, path);
      // a list of nothing but unknown types names credentials all the same: none of them exists
      return Array.isArray(value) && value.length === 0 ? undefined : named;
    }),
    userVerification: options.may('userVerification', requirement) ?? 'preferred',
    hints: options.may('hints', sequence(text)) ?? [],
    extensions: options.may('extensions', parseExtensionInputs) ?? {},
  };
}
