/** The WebAuthn client: what a browser does between a page and a key. */
export * from './client.ts';
export type { WebAuthnErrorName } from './errors.ts';
export * from './json.ts';
export {
  type AttestationConveyancePreference,
  type PublicKeyCredentialCreationOptions,
  type PublicKeyCredentialRequestOptions,
  parseCreationOptionsFromJSON,
  parseRequestOptionsFromJSON,
  type ResidentKeyRequirement,
  type UserVerificationRequirement,
} from './options.ts';
export { pickDevice } from './pick-device.ts';
export { type FetchRelatedOrigins, fetchRelatedOrigins } from './related-origins.ts';
export type { CredentialChoice, PinRequest, WebAuthnUi } from './ui.ts';
