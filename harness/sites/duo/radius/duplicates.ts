/** How long an answer is kept for a request that comes again (RFC 5080 §2.2.2 speaks of 5 to 30 seconds). */
const LIFETIME_MS = 20_000;
const MAXIMUM_ENTRIES = 10_000;

interface Entry {
  readonly answer: Promise<Uint8Array>;
  readonly expiresAt: number;
}

/**
 * The requests of the last seconds and what they were answered, by sender, identifier and authenticator:
 * a client that asks again over a lossy line gets the same answer, and its passcode is not taken twice.
 */
export class Duplicates {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The answer to a request: the one under way or given lately, otherwise that of `handle`. */
  answer(key: string, handle: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const now = this.#now();
    for (const [old, { expiresAt }] of this.#entries) {
      if (now < expiresAt && this.#entries.size < MAXIMUM_ENTRIES) break;
      this.#entries.delete(old);
    }
    const known = this.#entries.get(key);
    if (known !== undefined) return known.answer;
    const answer = handle();
    const entry = { answer, expiresAt: now + LIFETIME_MS };
    this.#entries.set(key, entry);
    // A request that could not be answered may be asked again.
    answer.catch(() => this.#entries.get(key) === entry && this.#entries.delete(key));
    return answer;
  }
}
