/** Values by name that live for a while, in memory; the oldest go when there are too many. */
export class Expiring<T> {
  readonly #now: () => number;
  readonly #maximum: number;
  readonly #entries = new Map<string, { readonly value: T; readonly expiresAt: number }>();

  constructor(now: () => number, maximum = 100_000) {
    this.#now = now;
    this.#maximum = maximum;
  }

  /** Keeps a value until a time (milliseconds since 1970); false where there is a living one of that name. */
  add(name: string, value: T, expiresAt: number): boolean {
    this.#sweep();
    if (this.#live(name) !== undefined) return false;
    this.#entries.set(name, { value, expiresAt });
    return true;
  }

  get(name: string): T | undefined {
    return this.#live(name);
  }

  /** The value of a name, once: it is gone then. */
  take(name: string): T | undefined {
    const value = this.#live(name);
    this.#entries.delete(name);
    return value;
  }

  #live(name: string): T | undefined {
    const entry = this.#entries.get(name);
    return entry !== undefined && this.#now() < entry.expiresAt ? entry.value : undefined;
  }

  #sweep(): void {
    for (const [name, { expiresAt }] of this.#entries) {
      if (this.#now() < expiresAt && this.#entries.size < this.#maximum) break;
      this.#entries.delete(name);
    }
  }
}
