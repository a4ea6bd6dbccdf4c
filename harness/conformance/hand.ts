/** Whoever has the key: a person in front of a terminal, or the lab that it is plugged in to. */
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';
import type { UserBehaviour } from './bench.ts';

export interface Hand {
  readonly canRefuse: boolean;
  /** DEVICE name, which a replug may change. */
  readonly device: string;
  connect(): Promise<HidConnection>;
  connectCard(): Promise<CardConnection>;
  /** The user behaves so from now on. */
  user(behaviour: UserBehaviour): Promise<void>;
  /** The key has begun to wait for its user. */
  asked(): void;
  /** Power off and on. */
  replug(): Promise<void>;
  finger(which: 'enrolled' | 'other', feedback?: EnrollFeedbackName): Promise<void>;
  /** Takes away fingers that the key has not read, and denies what waits for a touch. */
  clear(): Promise<void>;
  /** Gives back what was changed, at the end. */
  close(): Promise<void>;
}
