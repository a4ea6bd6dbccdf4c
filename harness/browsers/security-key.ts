/** A virtual security key in the hand of a test: it is touched, refused, pulled out and asked what it knows. */
import { toBase64Url } from '../../ctap/bytes.ts';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { discoverableCredentialsOf } from '../../emulator/authenticator/credentials.ts';
import { systemClock } from '../../emulator/clock.ts';
import type { PresenceRequest } from '../../emulator/environment.ts';
import type { VirtualKey } from '../../emulator/key.ts';
import { LabPresence, type TouchPolicy } from '../../emulator/lab/touch-policy.ts';
import type { CtapDevice } from '../client/device.ts';
import { answerOf } from '../webauthn/ui.ts';
import { HeldKey, type UserPin } from './held-key.ts';
import { type OpenedKey, openVirtualKey, plugIn, type VirtualKeyOptions } from './virtual-key.ts';

export interface SecurityKeyOptions extends VirtualKeyOptions {
  /**
   * `auto` touches at once, `deny` refuses at once, `manual` waits for {@link SecurityKey.touch}, `{ after }` touches
   * after that many milliseconds. Default `auto`.
   */
  readonly touch?: TouchPolicy | undefined;
  /** What the user types when the browser asks for a PIN, the first one included. Default: nothing, which cancels. */
  readonly pin?: UserPin | undefined;
}

/** A discoverable credential, as a test compares it. */
export interface StoredPasskey {
  /** base64url. */
  readonly id: string;
  readonly rpId: string;
  /** The user handle, base64url. */
  readonly userHandle: string;
  readonly userName: string | undefined;
  readonly displayName: string | undefined;
  /** COSE algorithm. */
  readonly alg: number;
}

export class SecurityKey extends HeldKey {
  readonly key: VirtualKey;
  readonly #presence: LabPresence;
  readonly #parts: OpenedKey;
  #device: CtapDevice | undefined;
  readonly #waitingForInsertion = new Set<() => void>();

  private constructor({ pin, recorder }: SecurityKeyOptions, presence: LabPresence, parts: OpenedKey) {
    super(pin, recorder);
    this.key = parts.key;
    this.#presence = presence;
    this.#parts = parts;
  }

  /** A fresh key, plugged in. @throws RangeError for an unknown model */
  static async open(options: SecurityKeyOptions = {}): Promise<SecurityKey> {
    const { touch = 'auto', recorder } = options;
    const presence = new LabPresence(touch, recorder?.world.clock ?? systemClock);
    const hand = new SecurityKey(options, presence, await openVirtualKey(options, presence));
    await hand.insert();
    return hand;
  }

  /** How the next questions for a touch are answered. */
  get presence(): TouchPolicy {
    return this.#presence.policy;
  }

  set presence(policy: TouchPolicy) {
    this.#presence.policy = policy;
  }

  /** What waits for a touch right now. */
  get pending(): readonly PresenceRequest[] {
    return this.#presence.manual.pending.map(({ request }) => request);
  }

  /** Resolves to what the key asks a touch for, as soon as it does. For `manual`. */
  async waitForTouch({ signal }: { readonly signal?: AbortSignal } = {}): Promise<PresenceRequest> {
    for (;;) {
      signal?.throwIfAborted();
      const [oldest] = this.pending;
      if (oldest !== undefined) return oldest;
      await this.#changed(signal);
    }
  }

  /** Waits until the key asks for a touch, and touches it. */
  async touch(options: { readonly signal?: AbortSignal } = {}): Promise<PresenceRequest> {
    const request = await this.waitForTouch(options);
    this.#presence.manual.touch();
    return request;
  }

  /** Waits until the key asks for a touch, and refuses. */
  async deny(options: { readonly signal?: AbortSignal } = {}): Promise<PresenceRequest> {
    const request = await this.waitForTouch(options);
    this.#presence.manual.deny();
    return request;
  }

  /** Puts a finger on the sensor: for what reads it now, else for what reads it next. @throws Error for a key without a sensor */
  finger(name: string, feedback: EnrollFeedbackName = 'FP_GOOD'): void {
    const { fingers } = this.#parts;
    if (fingers === undefined) {
      throw new Error(`expected a model with a fingerprint sensor, ${this.key.model.name} has none`);
    }
    fingers.present(name, feedback);
  }

  get inserted(): boolean {
    return this.#device !== undefined;
  }

  /** Plugs it in: a power-up. Nothing happens where it is in already. */
  async insert(): Promise<void> {
    if (this.#device !== undefined) return;
    this.#device = await plugIn(this.key, this.recorder);
    for (const resolve of this.#waitingForInsertion) resolve();
    this.#waitingForInsertion.clear();
  }

  /** Pulls it out, in the middle of whatever it does. */
  async remove(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    this.#device = undefined;
    await device.close();
  }

  /** The passkeys on the key, whoever they belong to, in no particular order. */
  passkeys(): StoredPasskey[] {
    return discoverableCredentialsOf(this.#parts.store).map(({ id, rp, user, alg }) => ({
      id: toBase64Url(id),
      rpId: rp.id,
      userHandle: toBase64Url(user.id),
      userName: user.name,
      displayName: user.displayName,
      alg,
    }));
  }

  /**
   * Touches the key outside any ceremony: it types the next password of its slot.
   * @returns the characters, as a host with the layout of the United States reads them; Enter is "\n"
   * @throws Error where no slot is set up for that
   */
  async typeOtp(press: 'short' | 'long' = 'short'): Promise<string> {
    const plug = this.key.keyboard?.plugIn(() => {});
    try {
      const strokes = await this.key.touch(press);
      if (strokes === undefined)
        throw new Error('expected a slot that types on touch: write one and set the keyboard on');
      return readWithLayout(strokes, findKeyboardLayout('us'));
    } finally {
      plug?.unplug();
    }
  }

  override devices(signal: AbortSignal): Promise<readonly CtapDevice[]> | readonly CtapDevice[] {
    return this.#device === undefined ? this.#pluggedIn(signal) : [this.#device];
  }

  async #pluggedIn(signal: AbortSignal): Promise<readonly CtapDevice[]> {
    for (;;) {
      if (this.#device !== undefined) return [this.#device];
      let inserted = () => {};
      try {
        await answerOf(
          () =>
            new Promise<void>((resolve) => {
              inserted = resolve;
              this.#waitingForInsertion.add(inserted);
            }),
          signal,
        );
      } finally {
        this.#waitingForInsertion.delete(inserted);
      }
    }
  }

  protected override async release(): Promise<void> {
    await this.remove();
    await this.key.close();
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        stop();
        signal?.removeEventListener('abort', end);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const stop = this.#presence.manual.onChange(end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }
}
