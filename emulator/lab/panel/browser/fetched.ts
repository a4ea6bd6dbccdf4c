/// <reference lib="dom" />
/** Something of a key that its events only hint at: fetched when the key, or what the hint is made of, has changed. */

export class Fetched<T> {
  readonly #fetch: (id: string) => Promise<T | undefined>;
  readonly #onValue: (value: T, id: string) => void;
  #hint: string | undefined;
  #turn = 0;

  /** @param fetch resolves to undefined where the lab refused, which has been told */
  constructor(fetch: (id: string) => Promise<T | undefined>, onValue: (value: T, id: string) => void) {
    this.#fetch = fetch;
    this.#onValue = onValue;
  }

  /** Fetches where the key or the hint is another than the last time. */
  want(id: string, hint: string): void {
    const whole = `${id} ${hint}`;
    if (whole === this.#hint) return;
    this.#hint = whole;
    void this.again(id);
  }

  /** Fetches in any case; an answer that comes after a later question is left out. */
  async again(id: string): Promise<void> {
    const turn = ++this.#turn;
    const value = await this.#fetch(id);
    if (turn === this.#turn && value !== undefined) this.#onValue(value, id);
  }
}
