/** What a page and the process that holds the key say to each other: plain data. */

export interface PageRequest {
  /** `platform` asks whether there is a user-verifying platform authenticator; `signal` tells news of credentials. */
  readonly type: 'create' | 'get' | 'platform' | 'signal';
  /** Names the request within its document. */
  readonly id: string;
  /** Names the document. */
  readonly document: string;
  /** PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON or Signal, as text. */
  readonly options: string;
  readonly mediation?: string | undefined;
  /** What the page says its origin is; believed of frames alone whose address does not tell. */
  readonly origin: string;
}

/** The news of §5.1.10, by the name of the static method; ids are base64url. */
export type Signal = { readonly rpId: string } & (
  | { readonly method: 'signalUnknownCredential'; readonly credentialId: string }
  | {
      readonly method: 'signalAllAcceptedCredentials';
      readonly userId: string;
      readonly allAcceptedCredentialIds: readonly string[];
    }
  | {
      readonly method: 'signalCurrentUserDetails';
      readonly userId: string;
      readonly name: string;
      readonly displayName: string;
    }
);

export interface PageAbort {
  readonly type: 'abort';
  readonly id: string;
  readonly document: string;
}

export type PageVerdict =
  /** RegistrationResponseJSON or AuthenticationResponseJSON, as text. */
  | { readonly credential: string }
  /** To `platform`. */
  | { readonly available: boolean }
  /** To `signal`. */
  | { readonly taken: true }
  /** `name` of a DOMException, or TypeError. */
  | { readonly error: { readonly name: string; readonly message: string } };

export type PageCall = (message: PageRequest | PageAbort) => Promise<PageVerdict | undefined>;
