/** Where a key is judged: whoever brings it into a state, touches it, pulls it out and waits. */
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';

/** What stands behind the key while a check runs: the user touches when asked, refuses, or is not there. */
export type UserBehaviour = 'touches' | 'refuses' | 'absent';

/** What the key has when a check begins. */
export interface KeyState {
  readonly pin: boolean;
  /** A finger is enrolled. */
  readonly finger: boolean;
}

/** What a check asks of the key when it begins. */
export interface WantedState {
  /** Undefined: as it is. */
  readonly pin: boolean | undefined;
  readonly finger: boolean;
  /** What came before changed the key in ways that only a reset undoes. */
  readonly spoiled: boolean;
  /** Wrong PINs that the check spends. */
  readonly attempts: number;
  /** The check begins with what a key does only soon after its power-up. */
  readonly powerUp: boolean;
  /** The check fills the key with passkeys: a virtual one has few places left when it begins. */
  readonly fills: boolean;
}

/** The key is not, and will not be, in the state that a check asks for: the check is left out, with this reason. */
export class NotReady extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotReady';
  }
}

export interface Bench {
  /** DEVICE name, for reports. */
  readonly device: string;
  /** The key is made for each check: whatever happens to it, nothing is lost. */
  readonly virtual: boolean;
  /** The user can refuse; a key of plastic has no way to. */
  readonly canRefuse: boolean;
  readonly carrier: 'hid' | 'card';
  readonly crypto: Crypto;
  /** The PIN that is set in a state with one. */
  readonly pin: string;
  /** Milliseconds of silence after which a request has failed. */
  readonly silence: number;
  /**
   * Brings the key into a state, plugged in, and with power fresh where that makes a difference.
   * @returns the state that it is in
   * @throws NotReady where that is not possible, or not allowed
   */
  begin(wanted: WantedState): Promise<KeyState>;
  /** The way to the key over HID, for a bench with that carrier. */
  connect(): Promise<HidConnection>;
  /** The way to the key as a card, for a bench with that carrier. */
  connectCard(): Promise<CardConnection>;
  /** Power off and on; connections that were open are gone. */
  replug(): Promise<void>;
  /** Lets time pass for the key, in milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** How the user behaves from now on. */
  user(behaviour: UserBehaviour): void;
  /** Puts a finger on the sensor: the enrolled one, or another. */
  finger(which: 'enrolled' | 'other', feedback?: EnrollFeedbackName): void;
  /**
   * Undoes what can be undone of what the checks have left on the key.
   * @param wrote what they may have written beside passkeys
   * @returns what stays on it, in sentences
   */
  finish?(wrote: { readonly otpEntries: boolean }): Promise<readonly string[]>;
  close(): Promise<void>;
}
