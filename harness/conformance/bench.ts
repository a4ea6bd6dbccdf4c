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

export interface Bench {
  /** DEVICE name, for reports. */
  readonly device: string;
  /** A virtual key is touched and replugged by itself. */
  readonly virtual: boolean;
  readonly carrier: 'hid' | 'card';
  readonly crypto: Crypto;
  /** The PIN that is set in a state with one. */
  readonly pin: string;
  /** Milliseconds of silence after which a request has failed. */
  readonly silence: number;
  /**
   * Brings the key into a state, plugged in and with power fresh.
   * @param spoiled true: it was changed in ways that only a reset undoes
   */
  begin(state: KeyState, spoiled: boolean): Promise<void>;
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
  close(): Promise<void>;
}
