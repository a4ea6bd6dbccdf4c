/** A virtual security key in the hand of a test: it is touched, refused, pulled out and asked what it knows. */
import { toBase64Url, toHex } from '../../ctap/bytes.ts';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { discoverableCredentialsOf } from '../../emulator/authenticator/credentials.ts';
import { systemClock } from '../../emulator/clock.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import type { PresenceAnswer, PresenceRequest, Store } from '../../emulator/environment.ts';
import { PresentedFingerprints } from '../../emulator/fingerprint.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { findModel, type Model } from '../../emulator/models/index.ts';
import { ManualPresence } from '../../emulator/presence.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { CtapDevice } from '../client/device.ts';
import { connectInProcess } from '../transports/in-process.ts';
import type { WebAuthnErrorName } from '../webauthn/errors.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '../webauthn/json.ts';
import { answerOf, type CredentialChoice, type PinRequest, type WebAuthnUi } from '../webauthn/ui.ts';

/** `auto` touches at once, `deny` refuses at once, `manual` waits for {@link SecurityKey.touch}. */
export type Touch = 'auto' | 'manual' | 'deny';

/** A PIN that the user knows, or how he comes by one; undefined cancels the browser's dialog. */
export type UserPin = string | ((request: PinRequest) => Promise<string | undefined> | string | undefined);

export interface SecurityKeyOptions {
  /** A model or its name. Default: the default model. */
  readonly model?: Model | string | undefined;
  /** Default `auto`. */
  readonly touch?: Touch | undefined;
  /** What the user types when the browser asks for a PIN, the first one included. Default: nothing, which cancels. */
  readonly pin?: UserPin | undefined;
  /** What the key remembers. Default: nothing that outlives it. */
  readonly store?: Store | undefined;
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

/** A request of a page, before it is carried out. */
export interface CeremonyRequest {
  readonly type: 'create' | 'get';
  /** Of the page that asks. */
  readonly origin: string;
  readonly options: PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON;
  readonly mediation: string | undefined;
}

/** What the page gets in the place of the key's answer. */
export type CeremonyAnswer =
  | { readonly credential: RegistrationResponseJSON | AuthenticationResponseJSON }
  | { readonly error: WebAuthnErrorName | 'UnknownError'; readonly message?: string };

/** Looks at a request, may take its time, and may answer it; without an answer the key does. */
export type RequestListener = (
  request: CeremonyRequest,
) => Promise<CeremonyAnswer | undefined> | CeremonyAnswer | undefined;

/** Which of several passkeys the user picks: its id (base64url) or the name of its user. */
export type PickPasskey = string;

export class SecurityKey {
  /** How the next questions for a touch are answered. */
  presence: Touch;
  /** What the user types when the browser asks for a PIN. */
  pin: UserPin | undefined;
  /** Whom the user picks where several accounts could sign in. Default: the newest. */
  pick: PickPasskey | undefined;
  readonly key: VirtualKey;
  readonly #manual: ManualPresence;
  readonly #store: Store;
  readonly #fingers: PresentedFingerprints | undefined;
  #device: CtapHidDevice | undefined;
  readonly #waitingForInsertion = new Set<() => void>();
  readonly #listeners = new Set<RequestListener>();
  readonly #closing: (() => void)[] = [];
  readonly #autofills: (() => void)[] = [];
  #onAutofillWanted: (() => void) | undefined;

  private constructor(
    { touch = 'auto', pin }: SecurityKeyOptions,
    parts: { key: VirtualKey; manual: ManualPresence; store: Store; fingers: PresentedFingerprints | undefined },
  ) {
    this.presence = touch;
    this.pin = pin;
    this.key = parts.key;
    this.#manual = parts.manual;
    this.#store = parts.store;
    this.#fingers = parts.fingers;
  }

  /** A fresh key, plugged in. @throws RangeError for an unknown model */
  static async open(options: SecurityKeyOptions = {}): Promise<SecurityKey> {
    const { model: named, store = memoryStore() } = options;
    const model = typeof named === 'string' ? findModel(named) : named;
    const manual = new ManualPresence(systemClock);
    // The key is made before the hand that holds it.
    let hand: SecurityKey | undefined;
    const presence = {
      request: (request: PresenceRequest, abort: { readonly signal: AbortSignal }) =>
        answerAs(hand?.presence ?? 'manual', manual, request, abort),
    };
    const fingers = model?.fingerprints && new PresentedFingerprints(presence);
    const environment = {
      clock: systemClock,
      random: systemRandom,
      crypto: nodeCrypto,
      store,
      presence,
      fingerprints: fingers,
    };
    const key = await VirtualKey.open({ environment, model });
    hand = new SecurityKey(options, { key, manual, store, fingers });
    await hand.insert();
    return hand;
  }

  /** What waits for a touch right now. */
  get pending(): readonly PresenceRequest[] {
    return this.#manual.pending.map(({ request }) => request);
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
    this.#manual.touch();
    return request;
  }

  /** Waits until the key asks for a touch, and refuses. */
  async deny(options: { readonly signal?: AbortSignal } = {}): Promise<PresenceRequest> {
    const request = await this.waitForTouch(options);
    this.#manual.deny();
    return request;
  }

  /** Puts a finger on the sensor: for what reads it now, else for what reads it next. @throws Error for a key without a sensor */
  finger(name: string, feedback: EnrollFeedbackName = 'FP_GOOD'): void {
    if (this.#fingers === undefined) {
      throw new Error(`expected a model with a fingerprint sensor, ${this.key.model.name} has none`);
    }
    this.#fingers.present(name, feedback);
  }

  get inserted(): boolean {
    return this.#device !== undefined;
  }

  /** Plugs it in: a power-up. Nothing happens where it is in already. */
  async insert(): Promise<void> {
    if (this.#device !== undefined) return;
    this.#device = await CtapHidDevice.open(connectInProcess(this.key));
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

  /** Has each request of a page pass by `listener` first; returns how to stop that. The first answer counts. */
  onRequest(listener: RequestListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Has the next request of a page fail by that name, whatever it asks. */
  fail(error: Extract<CeremonyAnswer, { error: string }>['error'], message?: string): void {
    const stop = this.onRequest(() => {
      stop();
      return { error, ...(message === undefined ? {} : { message }) };
    });
  }

  /** What the listeners answer to a request, if anything. */
  async answerFor(request: CeremonyRequest): Promise<CeremonyAnswer | undefined> {
    for (const listener of [...this.#listeners]) {
      const answer = await listener(request);
      if (answer) return answer;
    }
    return undefined;
  }

  /** Picks the passkey that the browser offers in a field: a waiting request of conditional mediation goes on, as soon as there is one. */
  async autofill(): Promise<void> {
    if (this.#autofills.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onAutofillWanted = resolve;
      });
    }
    this.#autofills.shift()?.();
  }

  /** Resolves when the user has picked a passkey by {@link autofill}. @throws the signal's reason */
  async waitForAutofill(signal: AbortSignal): Promise<void> {
    let picked = () => {};
    try {
      await answerOf(
        () =>
          new Promise<void>((resolve) => {
            picked = resolve;
            this.#autofills.push(picked);
            this.#onAutofillWanted?.();
          }),
        signal,
      );
    } finally {
      const at = this.#autofills.indexOf(picked);
      if (at >= 0) this.#autofills.splice(at, 1);
    }
  }

  /** The passkeys on the key, whoever they belong to, in no particular order. */
  passkeys(): StoredPasskey[] {
    return discoverableCredentialsOf(this.#store).map(({ id, rp, user, alg }) => ({
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

  /** The key for a ceremony: at once where it is in, else when it is plugged in. */
  async devices(signal: AbortSignal): Promise<readonly CtapDevice[]> {
    for (;;) {
      if (this.#device !== undefined) return [this.#device];
      await answerOf(() => new Promise<void>((resolve) => this.#waitingForInsertion.add(resolve)), signal);
    }
  }

  /** What the browser's own dialogs are answered with. */
  get ui(): WebAuthnUi {
    return {
      pin: (request) => (typeof this.pin === 'function' ? this.pin(request) : this.pin),
      selectCredential: (choices) => this.#pick(choices),
    };
  }

  /** Calls `listener` before the key is closed. */
  onClose(listener: () => void): void {
    this.#closing.push(listener);
  }

  async close(): Promise<void> {
    for (const listener of this.#closing.splice(0)) listener();
    await this.remove();
    await this.key.close();
  }

  #pick(choices: readonly CredentialChoice[]): CredentialChoice | undefined {
    const { pick } = this;
    if (pick === undefined) return choices[0];
    const found = choices.find(({ id, user }) => toBase64Url(id) === pick || user.name === pick);
    if (found !== undefined) return found;
    const names = choices.map(({ id, user }) => user.name ?? toHex(id)).join(', ');
    throw new Error(`expected the passkey ${JSON.stringify(pick)} among ${names}`);
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        stop();
        signal?.removeEventListener('abort', end);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const stop = this.#manual.onChange(end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }
}

function answerAs(
  touch: Touch,
  manual: ManualPresence,
  request: PresenceRequest,
  abort: { readonly signal: AbortSignal },
): Promise<PresenceAnswer> | PresenceAnswer {
  if (touch === 'manual') return manual.request(request, abort);
  return touch === 'auto' ? 'touched' : 'denied';
}
