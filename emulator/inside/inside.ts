/** A key as the bench that it lies on sees it: facts and secrets that no host is told. For labs and tests. */
import type { Authenticator } from '../authenticator/authenticator.ts';

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
  readonly #authenticator: Authenticator;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
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

  /** How many discoverable credentials it holds. */
  get passkeyCount(): number {
    return this.#authenticator.credentials.count;
  }
}
