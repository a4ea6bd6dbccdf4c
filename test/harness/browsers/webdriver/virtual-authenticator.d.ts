declare module 'selenium-webdriver/lib/virtual_authenticator.js' {
  export class VirtualAuthenticatorOptions {
    setProtocol(protocol: 'ctap2' | 'ctap1/u2f'): void;
    setTransport(transport: 'usb' | 'nfc' | 'ble' | 'internal'): void;
    setHasResidentKey(value: boolean): void;
    setHasUserVerification(value: boolean): void;
    setIsUserConsenting(value: boolean): void;
    setIsUserVerified(value: boolean): void;
  }

  export class Credential {
    static createResidentCredential(
      id: Uint8Array,
      rpId: string,
      userHandle: Uint8Array,
      privateKey: string,
      signCount: number,
    ): Credential;
    static createNonResidentCredential(id: Uint8Array, rpId: string, privateKey: string, signCount: number): Credential;
    id(): string;
    isResidentCredential(): boolean;
    rpId(): string;
    userHandle(): string | null;
    privateKey(): string;
    signCount(): number;
  }
}
