/** What a client extension is to a ceremony: WebAuthn Level 3 §9. One file an extension; index.ts lists them. */
import type { AuthenticatorData } from '../../../ctap/authenticator-data.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import type { SharedSecret } from '../../client/pin.ts';
import type { AuthenticationExtensionsClientOutputsJSON } from '../json.ts';
import type { Dictionary } from '../webidl.ts';

export type ClientOutputs = AuthenticationExtensionsClientOutputsJSON;

/** What an extension may ask of the authenticator before it is sent anything. */
export interface ExtensionAuthenticator {
  /** True where getInfo lists the extension; never for a U2F key. */
  supports(extension: string): boolean;
  /** Agrees on a secret, good until somebody enters a wrong PIN. */
  sharedSecret(): Promise<SharedSecret>;
}

export interface CreatedCredential {
  readonly authData: AuthenticatorData;
  /** Whether a discoverable credential was asked for and made. */
  readonly discoverable: boolean;
}

export interface GivenAssertion {
  readonly authData: AuthenticatorData;
  /** Whether the credential answered for the AppID, not for the RP ID. */
  readonly usedAppId: boolean;
}

type Inputs = Readonly<Record<string, CborValue>>;

/** One extension's part in one exchange with one authenticator. */
export interface ExtensionExchange<Result> {
  /** Authenticator extension inputs by identifier; made anew for each time that the request is sent. */
  inputs?(): Inputs | Promise<Inputs>;
  /** Client extension outputs; called once the authenticator has answered. */
  outputs?(result: Result): ClientOutputs;
}

/** Begins the part of an extension in create() with one authenticator. @throws Unsuitable where that must not serve it */
export type BeginCreation = (authenticator: ExtensionAuthenticator) => ExtensionExchange<CreatedCredential>;

/** Begins the part of an extension in get(); `credentialId` is undefined where any discoverable credential will do. */
export type BeginAssertion = (
  authenticator: ExtensionAuthenticator,
  credentialId: Uint8Array | undefined,
) => ExtensionExchange<GivenAssertion>;

/** Reads an extension's members of `publicKey.extensions`. */
export type ReadInputs<Inputs> = (members: Dictionary) => Inputs;
