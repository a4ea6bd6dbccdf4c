/** A deliberate misbehaviour of a virtual key: what it is called, and where it takes hold. */
import type { AuthenticatorData } from '../../ctap/authenticator-data.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Clock, Crypto, PresenceRequest, Random } from '../environment.ts';

/** What a fault may use of the key that it spoils. */
export interface FaultContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  /** What the key knows, for faults that depend on it. They look at it, and leave it as it is. */
  readonly authenticator: Authenticator;
  /** Moves the clock that the authenticator sees, in milliseconds; 0 puts it right. */
  shiftClock(milliseconds: number): void;
}

/** `power-up`: it was put into a reader. */
export type CardResetCause = 'power-up' | 'reset';

/** Where a fault takes hold. Each hook has the real key behind `next`, and may call it, or not, or twice. */
export interface FaultHooks {
  /** A CTAP2 request (command byte, CBOR) to its answer (status byte, CBOR). */
  readonly cbor?: (request: Uint8Array, next: (request: Uint8Array) => Promise<Uint8Array>) => Promise<Uint8Array>;
  /** A raw U2F request to its answer with the status word. */
  readonly msg?: (request: Uint8Array, next: (request: Uint8Array) => Promise<Uint8Array>) => Promise<Uint8Array>;
  /** The authenticator data of a CTAP2 command, before it is signed. */
  readonly authData?: (data: AuthenticatorData, command: number) => AuthenticatorData;
  /** Whether the key takes the user for present without asking: false, or undefined, and it asks. */
  readonly present?: (request: PresenceRequest) => boolean;
  /** A report from the host. */
  readonly received?: (report: Uint8Array, next: (report: Uint8Array) => void) => void;
  /** A report to the host. */
  readonly sent?: (report: Uint8Array, next: (report: Uint8Array) => void) => void;
  /** A command APDU of a card reader, or of the OTP applet over HID, to its answer. */
  readonly apdu?: (command: Uint8Array, next: (command: Uint8Array) => Promise<Uint8Array>) => Promise<Uint8Array>;
  /** The key was put into a reader, or reset there: no applet is selected. */
  readonly cardReset?: (by: CardResetCause) => void;
}

export interface Fault {
  /** In kebab-case; what `--fault` takes. */
  readonly id: string;
  /** What the key does wrong, in one sentence. */
  readonly summary: string;
  /**
   * Command bytes of the CTAP2 requests that the hooks `cbor` and `authData` see; others pass by them. Absent: the fault
   * has no such hooks.
   */
  readonly commands?: readonly number[];
  /** CTAPHID commands in whose transactions the other hooks take hold. Absent: in any. */
  readonly hidCommands?: readonly number[];
  /** True where the hooks do something about commands of Token2's OTP applet alone, and about its selection. */
  readonly token2?: boolean;
  /** False for a request (command byte, CBOR) that the fault lets by as it is. Absent: it may do something about any. */
  readonly concerns?: (request: Uint8Array) => boolean;
  /** Makes the hooks for one key: what a fault remembers, it remembers there. */
  readonly install: (context: FaultContext) => FaultHooks;
}
