/**
 * What relying parties ask of a key, as data: with which WebAuthn options they enrol and sign in, and what they refuse.
 * Each field says where it is from and how certain it is, for not all of them publish it.
 */

/** `documented`: in the vendor's documents or source; `observed`: seen in captures; `assumed`: no public source. */
export type Certainty = 'documented' | 'observed' | 'assumed';

export interface Fact<T> {
  readonly value: T;
  readonly certainty: Certainty;
  readonly source: string;
}

/** `policy` leaves it to the administrator. */
export interface SiteProfile {
  readonly name: SiteProfileName;
  readonly title: string;
  /** The RP ID of the real service; ours has its own, for a browser refuses a foreign one. */
  readonly realRpId: Fact<string | undefined>;
  /** COSE algorithms in order of preference. */
  readonly algorithms: Fact<readonly number[]>;
  readonly attestation: Fact<'none' | 'direct' | 'policy'>;
  readonly attachment: Fact<'cross-platform' | undefined>;
  readonly residentKey: Fact<'discouraged' | 'preferred' | 'required'>;
  readonly userVerification: Fact<'discouraged' | 'preferred' | 'required' | 'policy'>;
  /** Milliseconds. */
  readonly timeout: Fact<number>;
  /** Whether registration asks for hmac-secret and refuses a key without. */
  readonly hmacSecret: Fact<boolean>;
  /** credProtect policy asked for. */
  readonly credentialProtection: Fact<'userVerificationOptional' | undefined>;
  /** Whether the browser refuses a key that does not keep to that policy. */
  readonly enforceCredentialProtection: Fact<boolean>;
  /** Whether sign-in carries the U2F application id of the origin. */
  readonly appId: Fact<boolean>;
  /** Whether sign-in lists the user's credentials, or leaves the choice to the key. */
  readonly allowCredentials: Fact<boolean>;
}

export const SITE_PROFILE_NAMES = ['duo', 'entra', 'okta', 'github', 'google'] as const;
export type SiteProfileName = (typeof SITE_PROFILE_NAMES)[number];

const documented = <T>(value: T, source: string): Fact<T> => ({ value, certainty: 'documented', source });
const observed = <T>(value: T, source: string): Fact<T> => ({ value, certainty: 'observed', source });
const assumed = <T>(value: T, source = 'no public source'): Fact<T> => ({ value, certainty: 'assumed', source });

const DUO_CAPTURES = 'three independent captures of the prompt';
const DUO_LABS = 'teaching sample of Duo Labs (webauthn.guide), not the product';
const ENTRA_GRAPH = 'Microsoft Graph, fido2AuthenticationMethod creationOptions';
const ENTRA_VENDOR = 'Microsoft Learn, "Become a FIDO2 security key vendor"';
const OKTA_WIDGET = 'okta-signin-widget, playground mocks authenticator-enroll-webauthn';
const GITHUB_PAGE = 'page markup of github.com, data-webauthn-register-request';

/** Duo: its requests are known, its creation options are not public. */
const DUO: SiteProfile = {
  name: 'duo',
  title: 'Cisco Duo',
  realRpId: observed('duosecurity.com', DUO_CAPTURES),
  algorithms: assumed([-7, -257], DUO_LABS),
  attestation: assumed('policy', DUO_LABS),
  attachment: assumed('cross-platform', 'the "Security key" choice of the wizard'),
  residentKey: assumed('discouraged', 'sign-in lists credentials'),
  userVerification: observed('policy', `${DUO_CAPTURES}: discouraged by default; an organisation may require it`),
  timeout: observed(60_000, DUO_CAPTURES),
  hmacSecret: assumed(false),
  credentialProtection: assumed(undefined),
  enforceCredentialProtection: assumed(false),
  appId: observed(true, DUO_CAPTURES),
  allowCredentials: observed(true, DUO_CAPTURES),
};

const ENTRA: SiteProfile = {
  name: 'entra',
  title: 'Microsoft Entra ID',
  realRpId: documented('login.microsoft.com', ENTRA_GRAPH),
  algorithms: documented([-7, -257], ENTRA_GRAPH),
  attestation: documented('direct', ENTRA_GRAPH),
  attachment: documented('cross-platform', ENTRA_GRAPH),
  residentKey: documented('required', ENTRA_GRAPH),
  userVerification: documented('required', ENTRA_GRAPH),
  timeout: documented(60_000, ENTRA_GRAPH),
  hmacSecret: documented(true, ENTRA_VENDOR),
  credentialProtection: documented('userVerificationOptional', ENTRA_GRAPH),
  enforceCredentialProtection: assumed(
    false,
    `${ENTRA_GRAPH} says true, for programs; Chromium answers that with NotSupportedError, and Entra ID enrols keys in it`,
  ),
  appId: assumed(false),
  allowCredentials: assumed(false, 'sign-in without a username'),
};

const OKTA: SiteProfile = {
  name: 'okta',
  title: 'Okta Identity Engine',
  realRpId: assumed(undefined, 'the tenant’s own domain'),
  algorithms: observed([-7, -257], OKTA_WIDGET),
  attestation: observed('direct', OKTA_WIDGET),
  attachment: assumed(undefined, 'an organisation’s setting'),
  residentKey: assumed('discouraged'),
  userVerification: observed('discouraged', OKTA_WIDGET),
  timeout: assumed(60_000),
  hmacSecret: assumed(false),
  credentialProtection: assumed(undefined),
  enforceCredentialProtection: assumed(false),
  appId: observed(true, `${OKTA_WIDGET}: u2fParams.appid`),
  allowCredentials: observed(true, OKTA_WIDGET),
};

const GITHUB: SiteProfile = {
  name: 'github',
  title: 'GitHub',
  realRpId: observed('github.com', GITHUB_PAGE),
  algorithms: assumed([-7, -257]),
  attestation: assumed('none'),
  attachment: assumed('cross-platform', 'the "Security keys" choice of two-factor settings'),
  residentKey: assumed('discouraged', 'as a second factor; a passkey requires it'),
  userVerification: assumed('discouraged', 'as a second factor; a passkey requires it'),
  timeout: assumed(60_000),
  hmacSecret: assumed(false),
  credentialProtection: assumed(undefined),
  enforceCredentialProtection: assumed(false),
  appId: assumed(true, 'keys from the years of U2F go on working'),
  allowCredentials: assumed(true),
};

const GOOGLE: SiteProfile = {
  name: 'google',
  title: 'Google Account',
  realRpId: assumed('google.com'),
  algorithms: assumed([-7, -257]),
  attestation: assumed('direct'),
  attachment: assumed('cross-platform'),
  residentKey: assumed('discouraged', 'as a security key; a passkey requires it'),
  userVerification: assumed('preferred'),
  timeout: assumed(60_000),
  hmacSecret: assumed(false),
  credentialProtection: assumed(undefined),
  enforceCredentialProtection: assumed(false),
  appId: assumed(true, 'keys from the years of U2F go on working'),
  allowCredentials: assumed(true),
};

export const SITE_PROFILES: Readonly<Record<SiteProfileName, SiteProfile>> = {
  duo: DUO,
  entra: ENTRA,
  okta: OKTA,
  github: GITHUB,
  google: GOOGLE,
};
