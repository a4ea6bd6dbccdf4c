/** Keys for tests of web applications. */
export * from './browserless.ts';
export { HeldKey, type PickPasskey, type UserPin } from './held-key.ts';
export type { CeremonyAnswer, CeremonyRequest, RequestListener } from './page-requests.ts';
export {
  type PlaywrightContext,
  type PlaywrightPage,
  type WithSecurityKeyOptions,
  withSecurityKey,
} from './playwright.ts';
export { type PuppeteerPage, withPuppeteerSecurityKey } from './puppeteer.ts';
export * from './security-key.ts';
