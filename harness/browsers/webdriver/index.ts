/** WebDriver with virtual authenticators in every browser. */
export { startWebDriverServer, type WebDriverServer, type WebDriverServerOptions } from './server.ts';
