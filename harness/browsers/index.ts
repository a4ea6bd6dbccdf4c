/** Keys for tests of web applications. */
export * from './browserless.ts';
export {
  type PlaywrightContext,
  type PlaywrightPage,
  type WithSecurityKeyOptions,
  withSecurityKey,
} from './playwright.ts';
export { type PuppeteerPage, withPuppeteerSecurityKey } from './puppeteer.ts';
export * from './security-key.ts';
