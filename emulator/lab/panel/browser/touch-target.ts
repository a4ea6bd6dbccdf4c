/// <reference lib="dom" />
/** A finger on a key: a click or a tap is short, holding it is long; the same with the space bar, and Enter is short. */

export type Press = 'short' | 'long';

/** Milliseconds until a touch is a long one. */
export const LONG_PRESS = 1000;

export interface TouchTarget {
  /** Something to show how long the finger has been there: its attribute `data-held` is set meanwhile. */
  readonly button: HTMLElement;
  touch(press: Press): void;
}

/** One finger that comes and goes. */
class Finger {
  readonly #target: TouchTarget;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(target: TouchTarget) {
    this.#target = target;
  }

  get isDown(): boolean {
    return this.#timer !== undefined;
  }

  down(): void {
    if (this.isDown) return;
    this.#target.button.dataset.held = '';
    this.#timer = setTimeout(() => this.#end('long'), LONG_PRESS);
  }

  up(): void {
    if (this.isDown) this.#end('short');
  }

  /** The finger has slipped off: no touch. */
  cancel(): void {
    this.#end(undefined);
  }

  #end(press: Press | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    delete this.#target.button.dataset.held;
    if (press !== undefined) this.#target.touch(press);
  }
}

/** Makes the button a place to touch, by mouse, finger, keyboard, or the click of an assistive program. */
export function listenForTouch(target: TouchTarget): void {
  const { button } = target;
  const finger = new Finger(target);
  let pointer = false;
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointer = true;
    finger.down();
  });
  button.addEventListener('pointerup', () => finger.up());
  button.addEventListener('pointerleave', () => finger.cancel());
  button.addEventListener('pointercancel', () => finger.cancel());
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // what holding does on a touch screen
  button.addEventListener('click', ({ detail }) => {
    // A pointer's own click comes after it went up, which has been told; Enter and assistive programs have no pointer.
    if (detail === 0 || !pointer) target.touch('short');
    pointer = false;
  });
  button.addEventListener('blur', () => finger.cancel());
  button.addEventListener('keydown', (event) => {
    if (event.key !== ' ') return;
    event.preventDefault();
    if (!event.repeat) finger.down();
  });
  button.addEventListener('keyup', (event) => {
    if (event.key !== ' ') return;
    event.preventDefault(); // else the button is clicked, too
    finger.up();
  });
}

/** The space bar anywhere on the page where it has no other meaning: `current` is the key that it touches. */
export function listenForSpaceBar(current: () => TouchTarget | undefined): void {
  let finger: Finger | undefined;
  document.addEventListener('keydown', (event) => {
    if (event.key !== ' ' || event.defaultPrevented || hasMeaning(event.target)) return;
    event.preventDefault(); // else the page scrolls
    if (event.repeat || finger !== undefined) return;
    const target = current();
    finger = target && new Finger(target);
    finger?.down();
  });
  document.addEventListener('keyup', (event) => {
    if (event.key !== ' ') return;
    finger?.up();
    finger = undefined;
  });
  window.addEventListener('blur', () => {
    finger?.cancel();
    finger = undefined;
  });
}

function hasMeaning(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('a, button, input, select, textarea, summary, [tabindex="0"]') !== null
  );
}
