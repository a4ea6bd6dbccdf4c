/// <reference lib="dom" />
/** How long a code is still good: a ring that empties. */
import { setAttribute, svg } from './dom.ts';

/** Seconds before its end from which on a code is about to go. */
const SOON = 5;

export class RingClock {
  readonly element: SVGSVGElement;
  readonly #left: SVGCircleElement;
  #period = 1;
  #until = Number.POSITIVE_INFINITY;

  constructor() {
    const circle = { cx: 12, cy: 12, r: 9, pathLength: 1 };
    this.#left = svg('circle', { class: 'left', ...circle });
    this.element = svg(
      'svg',
      { class: 'ring-clock', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
      svg('circle', { class: 'back', ...circle }),
      this.#left,
    );
  }

  /**
   * Begins anew.
   * @param period seconds that a code lasts
   * @param remaining seconds that this one does; null for one that does not end
   * @param now the lab's clock in milliseconds
   */
  set(period: number, remaining: number | null, now: number): void {
    this.#period = period;
    this.#until = remaining === null ? Number.POSITIVE_INFINITY : now + remaining * 1000;
    this.element.classList.toggle('is-endless', remaining === null);
    this.tick(now);
  }

  /** Draws what is left. @returns false where the code is over */
  tick(now: number): boolean {
    const left = Math.max(0, (this.#until - now) / 1000);
    if (left === Number.POSITIVE_INFINITY) return true;
    const part = Math.min(1, left / this.#period);
    setAttribute(this.#left, 'stroke-dasharray', `${part.toFixed(3)} 1`);
    setAttribute(this.element, 'data-soon', left <= SOON);
    return left > 0;
  }
}
