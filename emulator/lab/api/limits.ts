/** How much the control API takes: requests in a time, bytes and depth of a body. */
import { Problem } from '../problem.ts';

/** Bytes of a body. */
export const MAX_BODY = 256 * 1024;
/** Bytes of a body that holds whole keys. */
export const MAX_SNAPSHOT = 64 * 1024 * 1024;
/** Objects and arrays within each other. */
export const MAX_DEPTH = 32;

export interface RateLimitOptions {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Milliseconds that only grow. Default: performance.now. */
  readonly now?: () => number;
}

/** A bucket of tokens that fills by itself. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  constructor({ burst, perSecond, now = () => performance.now() }: RateLimitOptions) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#filledAt = now();
  }

  /** Takes one. @throws Problem 429 where there is none */
  take(): void {
    const now = this.#now();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#left < 1) {
      const seconds = Math.ceil((1 - this.#left) / this.#perSecond);
      const detail = `expected at most ${this.#perSecond} requests a second; come again in ${seconds} s`;
      throw new Problem(429, 'too_many_requests', detail, { 'Retry-After': String(seconds) });
    }
    this.#left -= 1;
  }
}

/** Counts brackets in JSON text without reading it. @throws Problem 400 where it is too deep */
export function checkDepth(text: string, most: number = MAX_DEPTH): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (quoted) {
      if (char === '\\') index += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > most) throw new Problem(400, 'too_deep', `expected at most ${most} levels of JSON, got more`);
    } else if (char === '}' || char === ']') depth -= 1;
  }
}
