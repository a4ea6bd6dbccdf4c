/** What a client extension is to a ceremony: WebAuthn Level 3 §9. One file an extension; index.ts lists them. */
import type { AuthenticatorData } from '../../../ctap/authenticator-data.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import type { LargeBlobsClient } from '../../client/large-blobs.ts';
import type { SharedSecret } from '../../client/pin.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import type { AuthenticationExtensionsClientOutputsJSON } from '../json.ts';
import type { Dictionary } from '../webidl.ts';

export type ClientOutputs = AuthenticationExtensionsClientOutputsJSON;

/** What an extension may ask of the authenticator. */
export interface ExtensionAuthenticator {
  /** True where getInfo lists the extension; never for a U2F key. */
  supports(extension: string): boolean;
  /** Bytes; 0 where the authenticator keeps none. */
  readonly maxCredBlobLength: number;
  /** Agrees on a secret, good until somebody enters a wrong PIN. */
  sharedSecret(): Promise<SharedSecret>;
  /** The large blobs on it; writing needs a token where the user is verified. @throws TypeError on a U2F key */
  largeBlobs(token?: PinUvAuthToken): LargeBlobsClient;
}

export interface CreatedCredential {
  readonly authData: AuthenticatorData;
  /** Whether a discoverable credential was asked for and made; undefined where nobody can tell. */
  readonly discoverable: boolean | undefined;
  readonly largeBlobKey?: Uint8Array | undefined;
  readonly unsignedExtensionOutputs?: Inputs | undefined;
}

export interface GivenAssertion {
  readonly authData: AuthenticatorData;
  /** Whether the credential answered for the AppID, not for the RP ID. */
  readonly usedAppId: boolean;
  readonly largeBlobKey?: Uint8Array | undefined;
  readonly unsignedExtensionOutputs?: Inputs | undefined;
  /** What the assertion was authorized with, if a token. */
  readonly token?: PinUvAuthToken | undefined;
}

type Inputs = Readonly<Record<string, CborValue>>;

/** One extension's part in one exchange with one authenticator. */
export interface ExtensionExchange<Result> {
  /** Authenticator extension inputs by identifier; made anew for each time that the request is sent. */
  inputs?(): Inputs | Promise<Inputs>;
  /** Client extension outputs; called once the authenticator has answered. */
  outputs?(result: Result): ClientOutputs | Promise<ClientOutputs>;
}

/**
 * Begins the part of an extension in create() with one authenticator; `discoverable` tells what credential is asked for.
 * @throws Unsuitable where that authenticator must not serve it
 */
export type BeginCreation = (
  authenticator: ExtensionAuthenticator,
  discoverable: boolean,
) => ExtensionExchange<CreatedCredential>;

/** The part of an extension in get(). */
export interface AssertionExtension {
  /** Bits of Permission that it needs beyond that to give the assertion; the user is verified for them. */
  permissions?(authenticator: ExtensionAuthenticator): number;
  /** Begins with one authenticator; `credentialId` is undefined where any discoverable credential will do. */
  begin(authenticator: ExtensionAuthenticator, credentialId: Uint8Array | undefined): ExtensionExchange<GivenAssertion>;
}

/** Reads an extension's members of `publicKey.extensions`. */
export type ReadInputs<Inputs> = (members: Dictionary) => Inputs;
