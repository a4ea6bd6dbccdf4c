/** What a check is: one rule of a specification, and how to see whether a key keeps it. */
import type { AuthenticatorOption, GetInfoResponse } from '../../ctap/commands/get-info.ts';
import type { UserBehaviour } from './bench.ts';
import type { Subject } from './subject.ts';

/** `error`: the specification says MUST. `warning`: SHOULD, or what platforms rely on without a sentence for it. */
export type Severity = 'error' | 'warning';

/** What a check asks of the key and of whoever holds it. All of it must be there. */
export interface Needs {
  /** Default `any`. `hid` and `card`: the check is about that carrier. */
  readonly carrier?: 'any' | 'hid' | 'card';
  /** Default true: the key speaks CTAP2. */
  readonly ctap2?: boolean;
  readonly u2f?: boolean;
  /** The key has Token2's OTP applet. */
  readonly token2?: boolean;
  /** One of these stands among getInfo's versions. */
  readonly versions?: readonly string[];
  /** Options that getInfo shows, true or false. */
  readonly options?: readonly AuthenticatorOption[];
  readonly extensions?: readonly string[];
  /** COSE algorithms. */
  readonly algorithms?: readonly number[];
  /** PIN/UV auth protocols. */
  readonly protocols?: readonly (1 | 2)[];
  /** A PIN is set, or none is. Default: as it is; a virtual key has none then. */
  readonly pin?: boolean;
  /** A finger is enrolled; this asks for a PIN too. */
  readonly finger?: boolean;
  /** Default `touches`. */
  readonly user?: UserBehaviour;
  /** Touches that it takes, for the estimate. Default 0. */
  readonly touches?: number;
  /** Wrong PINs that it spends. Default 0. */
  readonly attempts?: number;
  /** The key is not as it was afterwards: it has to be reset. */
  readonly spoils?: boolean;
  /** It begins with what a key does only soon after its power-up, as a reset. */
  readonly powerUp?: boolean;
  /** It leaves discoverable credentials behind, a few that all checks share; wants the option rk. */
  readonly discoverable?: boolean;
  /** It makes passkeys until the key has no room; wants the option rk, and {@link spoils}. */
  readonly fills?: boolean;
  /** Seconds that it waits. Default 0. */
  readonly seconds?: number;
  /** Why it does not apply to this key, where that shows in getInfo. */
  readonly unless?: (info: GetInfoResponse) => string | undefined;
}

export interface Check {
  /** `makeCredential.clientDataHash.missing`: what is checked, in the specification's names. */
  readonly id: string;
  /** The specification and its section, as `CTAP 2.3 §6.1.2`. */
  readonly section: string;
  /** What must hold, in one sentence of our own. */
  readonly statement: string;
  /** Default `error`. */
  readonly severity?: Severity;
  readonly needs?: Needs;
  /** Deliberate faults each of which makes this check fail, and no other. */
  readonly faults: readonly string[];
  /**
   * Holds where it ends; throws a {@link CheckFailure}, or what the key's misbehaviour makes the client throw. Where only
   * asking shows that the key has not what is judged, throws a NotApplicable.
   */
  readonly run: (key: Subject) => Promise<void>;
}

/** A group of checks: one file of checks/. */
export interface CheckGroup {
  /** The command or the layer, as `authenticatorMakeCredential`. */
  readonly name: string;
  readonly checks: readonly Check[];
}
