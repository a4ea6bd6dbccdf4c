/** What every key in the hand of a test has, whether it is virtual, in a lab elsewhere or on a desk. */
import { toBase64Url, toHex } from '../../ctap/bytes.ts';
import type { CtapDevice } from '../client/device.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { CredentialChoice, PinRequest, WebAuthnUi } from '../webauthn/ui.ts';
import type { Signal } from './in-page/messages.ts';
import { PageRequests } from './page-requests.ts';

/** A PIN that the user knows, or how he comes by one; undefined cancels the browser's dialog. */
export type UserPin = string | ((request: PinRequest) => Promise<string | undefined> | string | undefined);

/** Which of several passkeys the user picks: its id (base64url) or the name of its user. */
export type PickPasskey = string;

export abstract class HeldKey extends PageRequests {
  /** What the user types when the browser asks for a PIN. */
  pin: UserPin | undefined;
  /** Whom the user picks where several accounts could sign in. Default: the newest. */
  pick: PickPasskey | undefined;
  readonly #closing: (() => void)[] = [];

  /** Writes down what pages ask, and what goes over the wire for it. */
  readonly recorder: Recorder | undefined;

  constructor(pin: UserPin | undefined, recorder?: Recorder) {
    super();
    this.pin = pin;
    this.recorder = recorder;
  }

  /** The key for a ceremony: at once where it is in, else when it is plugged in. @throws the signal's reason */
  abstract devices(signal: AbortSignal): Promise<readonly CtapDevice[]> | readonly CtapDevice[];

  /** True where it is part of the device that shows the page, and can verify its user. A security key is not. */
  get isUserVerifyingPlatformAuthenticator(): boolean {
    return false;
  }

  /** News of its credentials, of an RP ID that the page may claim. A security key does nothing with them. */
  async heed(_signal: Signal): Promise<void> {}

  /** Gives up what the key holds; called by {@link close}. */
  protected abstract release(): Promise<void>;

  /** What the browser's own dialogs are answered with. */
  get ui(): WebAuthnUi {
    return {
      pin: (request) => (typeof this.pin === 'function' ? this.pin(request) : this.pin),
      selectCredential: (choices) => this.#choose(choices),
    };
  }

  /** Calls `listener` before the key is closed. */
  onClose(listener: () => void): void {
    this.#closing.push(listener);
  }

  /** Ends what pages ask of the key, and gives it up. */
  async close(): Promise<void> {
    for (const listener of this.#closing.splice(0)) listener();
    await this.release();
  }

  #choose(choices: readonly CredentialChoice[]): CredentialChoice | undefined {
    const { pick } = this;
    if (pick === undefined) return choices[0];
    const found = choices.find(({ id, user }) => toBase64Url(id) === pick || user.name === pick);
    if (found !== undefined) return found;
    const names = choices.map(({ id, user }) => user.name ?? toHex(id)).join(', ');
    throw new Error(`expected the passkey ${JSON.stringify(pick)} among ${names}`);
  }
}
