import { randomBytes } from 'node:crypto';

/** How long a user has to answer a challenge. */
const LIFETIME_MS = 60_000;
const MAXIMUM_CHALLENGES = 10_000;

interface Challenge {
  readonly username: string;
  readonly client: string;
  readonly expiresAt: number;
}

/** Challenges that wait for their passcode: the State attribute names one (RFC 2865 §5.24), once. */
export class Challenges {
  readonly #now: () => number;
  readonly #open = new Map<string, Challenge>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins a challenge for a user whose password `client` has brought; its State is 16 random bytes. */
  begin(username: string, client: string): Uint8Array {
    const now = this.#now();
    for (const [old, { expiresAt }] of this.#open) {
      if (now < expiresAt && this.#open.size < MAXIMUM_CHALLENGES) break;
      this.#open.delete(old);
    }
    const state = randomBytes(16);
    this.#open.set(state.toString('hex'), { username, client, expiresAt: now + LIFETIME_MS });
    return state;
  }

  /** Whether `state` is an open challenge of this user at this client. Whatever the outcome, it is spent. */
  take(state: Uint8Array, username: string, client: string): boolean {
    const key = Buffer.from(state).toString('hex');
    const challenge = this.#open.get(key);
    this.#open.delete(key);
    return (
      challenge !== undefined &&
      this.#now() < challenge.expiresAt &&
      challenge.username === username &&
      challenge.client === client
    );
  }
}
