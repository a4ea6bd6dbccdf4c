/** One get(), as every authenticator is asked for it, and its outcome. */
import type { AssertionExtension, ClientOutputs } from './extensions/extension.ts';
import type { PublicKeyCredentialRequestOptions } from './options.ts';
import type { WebAuthnUi } from './ui.ts';

export interface AssertionRequest {
  readonly rpId: string;
  /** Allowed credentials may be this AppID's too. */
  readonly appId: string | undefined;
  readonly options: PublicKeyCredentialRequestOptions;
  readonly clientDataHash: Uint8Array;
  readonly extensions: readonly AssertionExtension[];
  readonly ui: WebAuthnUi;
}

export interface Given {
  readonly credentialId: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
  readonly userHandle?: Uint8Array | undefined;
  readonly clientExtensionResults: ClientOutputs;
}
