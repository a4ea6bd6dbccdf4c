/** Keys for tests of web applications. */
export * from './browserless.ts';
export {
  type CdpSession,
  ChromiumAuthenticator,
  type ChromiumAuthenticatorOptions,
  withPortableCredentials,
} from './cdp.ts';
export type {
  ChosenKey,
  KeyChoice,
  WithDeviceKeyOptions,
  WithHeldKeyOptions,
  WithLabKeyOptions,
  WithSecurityKeyOptions,
} from './choose-key.ts';
export { type CtaplabTasks, type CypressKeyOptions, ctaplabTasks, type InstallInPage } from './cypress.ts';
export { withDebuggedChromium } from './debugged-chromium.ts';
export * from './fixtures.ts';
export { HeldKey, type PickPasskey, type UserPin } from './held-key.ts';
export { DeviceKey, type DeviceKeyOptions, type LabKeyOptions, LabSecurityKey } from './outside-key.ts';
export type { CeremonyAnswer, CeremonyRequest, RequestListener } from './page-requests.ts';
export { type PlaywrightContext, type PlaywrightPage, withSecurityKey } from './playwright.ts';
export { type PuppeteerPage, withPuppeteerSecurityKey } from './puppeteer.ts';
export * from './security-key.ts';
export * from './webdriver/index.ts';
