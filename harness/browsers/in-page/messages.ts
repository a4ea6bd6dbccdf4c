/** What a page and the process that holds the key say to each other: plain data. */

export interface PageRequest {
  /** `platform` asks whether there is a user-verifying platform authenticator; it has no options. */
  readonly type: 'create' | 'get' | 'platform';
  /** Names the request within its document. */
  readonly id: string;
  /** Names the document. */
  readonly document: string;
  /** PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON, as text. */
  readonly options: string;
  readonly mediation?: string | undefined;
  /** What the page says its origin is; believed of frames alone whose address does not tell. */
  readonly origin: string;
}

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
  /** `name` of a DOMException, or TypeError. */
  | { readonly error: { readonly name: string; readonly message: string } };

export type PageCall = (message: PageRequest | PageAbort) => Promise<PageVerdict | undefined>;
