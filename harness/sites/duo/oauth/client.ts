/** What the endpoints of the Universal Prompt (OpenID Connect) need of the service. */

/** An application that signs people in here. */
export interface OauthClient {
  /** client_id, 20 characters. */
  readonly key: string;
  /** client_secret, 40 characters. */
  readonly secret: string;
  readonly name: string;
  /** Where the application may have people sent back to; an empty list leaves that to the signed request, as Duo does. */
  readonly redirectUris: readonly string[];
}

/** A request for authentication, once its signature and its members are found right. */
export interface Authorization {
  readonly clientId: string;
  /** duo_uname, as the application wrote it. */
  readonly username: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | undefined;
  /** Whether the code comes back as `duo_code`, which leaves `code` to the application's own sign-in. */
  readonly useDuoCodeAttribute: boolean;
}

/** How the prompt ended with a sign-in. */
export interface Authentication {
  /** UUID. */
  readonly txid: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Undefined for a user that only the application knows. */
  readonly userKey: string | undefined;
  readonly email: string | undefined;
  readonly groups: readonly string[];
  /** Such as `security_key`, `hardware_token`, `remembered_device`. */
  readonly factor: string;
  /** Such as `user_approved`, `valid_passcode`. */
  readonly reason: string;
  /** Name of the key or token. */
  readonly deviceName: string | undefined;
  /** Address of the browser. */
  readonly ip: string;
  readonly userAgent: string;
}

export interface OauthService {
  /** `https://{apiHost}`, port included where it is not 443. */
  readonly origin: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly findClient: (clientId: string) => OauthClient | undefined;
  /** Begins a prompt for an authorization; resolves to the URL of its page. */
  readonly beginPrompt: (client: OauthClient, authorization: Authorization) => Promise<string>;
}
