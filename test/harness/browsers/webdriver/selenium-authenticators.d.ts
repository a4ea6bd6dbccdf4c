/** What Selenium has for virtual authenticators, and its published types lack. */
import 'selenium-webdriver';
import type { Credential, VirtualAuthenticatorOptions } from 'selenium-webdriver/lib/virtual_authenticator.js';

declare module 'selenium-webdriver' {
  interface WebDriver {
    addVirtualAuthenticator(options: VirtualAuthenticatorOptions): Promise<void>;
    removeVirtualAuthenticator(): Promise<void>;
    addCredential(credential: Credential): Promise<void>;
    getCredentials(): Promise<Credential[]>;
    removeCredential(id: string | Uint8Array): Promise<void>;
    removeAllCredentials(): Promise<void>;
    setUserVerified(verified: boolean): Promise<void>;
  }
}
