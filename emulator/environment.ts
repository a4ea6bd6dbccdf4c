/** All that a key needs of the world. With a seeded Random and a set Clock a key is reproducible to the byte. */
import type { EnrollFeedbackName } from '../ctap/commands/bio-enrollment.ts';
import type { Crypto } from '../ctap/crypto.ts';

export type { Crypto };

/** A timer that has been set; `cancel` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch; never goes back but when set so. */
  now(): number;
  /** Calls `action` once, after `milliseconds` of this clock. */
  after(milliseconds: number, action: () => void): Timer;
}

export interface Random {
  /** Fresh random bytes. */
  bytes(length: number): Uint8Array;
}

/** One change of a {@link Store}: a value to put, or undefined to delete. */
export interface StoreChange {
  readonly path: string;
  readonly value: Uint8Array | undefined;
}

/**
 * Named records of bytes. Paths are segments of [A-Za-z0-9_-] joined by '/', at most 400 characters,
 * as "credential/<rpIdHash>/<id>". Reads are synchronous and see every commit that was begun before.
 */
export interface Store {
  get(path: string): Uint8Array | undefined;
  /** Records whose path begins with `prefix` (which ends in '/', or is empty for all), in the order of their paths. Cost grows with the matches, not with the store. */
  list(prefix: string): Iterable<readonly [path: string, value: Uint8Array]>;
  /** How many records begin with `prefix`. */
  count(prefix: string): number;
  /** Puts and deletes all changes or none. When the promise resolves (or void returns) they survive kill -9. */
  commit(changes: readonly StoreChange[]): Promise<void> | void;
  close(): Promise<void> | void;
}

/** Why the key asks for a touch; what a panel can show a person. */
export interface PresenceRequest {
  readonly operation:
    | 'makeCredential'
    | 'getAssertion'
    | 'selection'
    | 'reset'
    | 'u2fRegister'
    | 'u2fAuthenticate'
    | 'excluded'
    | 'verifyFingerprint'
    | 'enrollFingerprint'
    | 'otpCode'
    | 'otpErase';
  readonly rpId?: string;
  readonly userName?: string;
  /** True where a short touch is not enough: the key wants to be held for five seconds. */
  readonly longTouch?: boolean;
}

export type PresenceAnswer = 'touched' | 'denied' | 'timeout';

export interface UserPresence {
  /**
   * Waits for the user. Rejects with the signal's reason when aborted (CANCEL, another INIT, unplugging).
   * 'timeout' after the key's own limit, which the implementation measures with the key's Clock.
   */
  request(request: PresenceRequest, abort: Abortable): Promise<PresenceAnswer> | PresenceAnswer;
}

/** Something that may be called off; its signal is made when somebody looks, for signals are dear. */
export interface Abortable {
  readonly signal: AbortSignal;
}

/** What a fingerprint sensor is read for. */
export interface CaptureRequest {
  readonly purpose: 'enroll' | 'verify';
  /** The fingers that the key knows already, the oldest first. */
  readonly enrolled: readonly string[];
  /** The finger that this enrolment has begun with; undefined for its first sample. */
  readonly enrolling?: string | undefined;
  readonly rpId?: string | undefined;
  readonly userName?: string | undefined;
  /** How long the platform wants the key to wait; the key's own patience where it says nothing. */
  readonly timeoutMilliseconds?: number | undefined;
}

/** One touch of the sensor. */
export interface FingerprintSample {
  /** Names the finger: equal names are the same finger. */
  readonly finger: string;
  /** How the sample turned out: FP_GOOD or what is wrong with it (CTAP 2.3 §6.7.2). */
  readonly feedback: EnrollFeedbackName;
}

/** A simulated fingerprint sensor: fingers are names. */
export interface FingerprintReader {
  /** Waits for a finger. Rejects with the signal's reason when aborted; 'timeout' where none came. */
  capture(request: CaptureRequest, abort: Abortable): Promise<FingerprintSample | 'timeout'>;
}

export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly store: Store;
  readonly presence: UserPresence;
  /** For models with a sensor. Left out: whoever touches the key touches the sensor, with a finger that fits. */
  readonly fingerprints?: FingerprintReader | undefined;
}
