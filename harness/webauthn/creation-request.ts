/** One create(), as every authenticator is asked for it, and its outcome. */
import type { AttestedCredentialData } from '../../ctap/authenticator-data.ts';
import type { PublicKeyCredentialParameters } from '../../ctap/commands/entities.ts';
import type { Attestation } from './attestation.ts';
import type { BeginCreation, ClientOutputs } from './extensions/extension.ts';
import type { PublicKeyCredentialCreationOptions } from './options.ts';
import type { WebAuthnUi } from './ui.ts';

export interface CreationRequest {
  readonly rpId: string;
  /** Excluded credentials may be this AppID's too. */
  readonly appIdExclude: string | undefined;
  readonly options: PublicKeyCredentialCreationOptions;
  /** Never empty. */
  readonly pubKeyCredParams: readonly PublicKeyCredentialParameters[];
  readonly clientDataHash: Uint8Array;
  readonly extensions: readonly BeginCreation[];
  readonly ui: WebAuthnUi;
  /** Where the relying party asks for it: 1 vendor-facilitated, 2 platform-managed (CTAP 2.3 §7.1). */
  readonly enterpriseAttestation: 1 | 2;
}

export interface Created {
  /** As the authenticator gave it. */
  readonly attestation: Attestation;
  readonly credential: AttestedCredentialData;
  readonly clientExtensionResults: ClientOutputs;
}
