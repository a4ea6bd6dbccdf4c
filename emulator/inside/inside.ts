/** A key as the bench that it lies on sees it: facts and secrets that no host is told. For labs and tests. */
import { utf8 } from '../../ctap/bytes.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Template } from '../authenticator/fingerprints.ts';
import { erase } from '../authenticator/reset.ts';
import { judgeNewPin, storePin } from '../authenticator/set-pin.ts';
import type { Exclusively } from '../portable-credentials.ts';
import { KeyPasskeys } from './passkeys.ts';

/** The state of the PIN. */
export interface PinFacts {
  readonly set: boolean;
  readonly retries: number;
  /** No retries are left: only a reset helps. */
  readonly blocked: boolean;
  /** Three wrong PINs in a row: the key takes none until it is plugged in again. */
  readonly powerCycleNeeded: boolean;
}

/** The state of the fingerprint sensor. */
export interface SensorFacts {
  /** How many fingers are enrolled. */
  readonly fingers: number;
  readonly retries: number;
  /** No retries are left: the PIN has to be entered. */
  readonly blocked: boolean;
}

export class KeyInside {
  readonly passkeys: KeyPasskeys;
  readonly #authenticator: Authenticator;
  readonly #exclusively: Exclusively;

  constructor(authenticator: Authenticator, exclusively: Exclusively) {
    this.#authenticator = authenticator;
    this.#exclusively = exclusively;
    this.passkeys = new KeyPasskeys(authenticator, exclusively);
  }

  /** Undefined where the model has no PIN. */
  get pin(): PinFacts | undefined {
    const { pin } = this.#authenticator;
    if (!this.#authenticator.supports('clientPin')) return undefined;
    const { isSet: set, retries, needsPowerCycle: powerCycleNeeded } = pin;
    return { set, retries, blocked: set && retries === 0, powerCycleNeeded };
  }

  /** Undefined where the model has no sensor. */
  get sensor(): SensorFacts | undefined {
    const { fingerprints, model, uv } = this.#authenticator;
    if (model.fingerprints === undefined) return undefined;
    return { fingers: fingerprints.count, retries: uv.retries, blocked: uv.retries === 0 };
  }

  /** The enrolled fingers, the oldest first. */
  get fingers(): readonly Template[] {
    return this.#authenticator.fingerprints.list();
  }

  /**
   * Gives the key a PIN, whatever it had: all retries are back, and every token is void.
   * @throws CtapError CTAP2_ERR_PIN_POLICY_VIOLATION
   */
  setPin(pin: string): Promise<void> {
    return this.#exclusively(() => storePin(this.#authenticator, judgeNewPin(this.#authenticator, utf8(pin))));
  }

  /** What authenticatorReset does, without its window and its touch. */
  reset(): Promise<void> {
    return this.#exclusively(() => erase(this.#authenticator));
  }
}
