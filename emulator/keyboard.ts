/** The boot keyboard of a key, on which it types one-time passwords: HID 1.11 appendix B. */
import { Led, pressReport, releaseReport, type Stroke, Usage } from '../ctap/otp/keyboard-usages.ts';
import type { Clock } from './environment.ts';
import type { KeyboardPlug, PluggableKeyboard } from './transports/attachment.ts';

/** Milliseconds between two reports: what a host's polling leaves a full-speed keyboard. */
export const REPORT_INTERVAL = 8;

/** The keyboard was unplugged while it typed. */
export class KeyboardGoneError extends Error {
  constructor() {
    super('the keyboard was unplugged before all was typed');
    this.name = 'KeyboardGoneError';
  }
}

export class Keyboard implements PluggableKeyboard {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #plugs = new Set<(report: Uint8Array) => void>();
  /** LEDs as the host last set them. They are off at power-up, and a host tells of those alone that are to be on. */
  #leds = 0;
  #typing: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, interval: number = REPORT_INTERVAL) {
    this.#clock = clock;
    this.#interval = interval;
  }

  get connected(): boolean {
    return this.#plugs.size > 0;
  }

  plugIn(send: (report: Uint8Array) => void): KeyboardPlug {
    // A function of our own, so that one that is plugged in twice counts twice.
    const own = (report: Uint8Array) => send(report);
    this.#plugs.add(own);
    return {
      output: (report) => {
        this.#leds = report[0] ?? 0;
      },
      unplug: () => {
        this.#plugs.delete(own);
        if (this.#plugs.size === 0) this.#leds = 0;
      },
    };
  }

  /**
   * Types, with a release after each key; resolves after the last one. Where the host has NumLock off, keypad
   * digits are typed between two taps on NumLock: more a key cannot do.
   * @throws KeyboardGoneError where nobody is left to type to
   */
  type(strokes: readonly Stroke[]): Promise<void> {
    const turn = this.#typing.then(() => this.#type(strokes));
    this.#typing = turn.catch(() => undefined); // whoever asked has the failure
    return turn;
  }

  async #type(strokes: readonly Stroke[]): Promise<void> {
    const numLockOff = (this.#leds & Led.NUM_LOCK) === 0;
    const toggle: Stroke[] = numLockOff && strokes.some(isKeypadDigit) ? [{ usage: Usage.NUM_LOCK }] : [];
    let first = true;
    for (const stroke of [...toggle, ...strokes, ...toggle]) {
      for (const report of [pressReport(stroke), releaseReport()]) {
        if (!first) await this.#pause();
        first = false;
        if (!this.connected) throw new KeyboardGoneError();
        for (const send of this.#plugs) send(report);
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(this.#interval, resolve));
  }
}

function isKeypadDigit({ usage }: Stroke): boolean {
  return usage >= Usage.KEYPAD_1 && usage <= Usage.KEYPAD_0;
}
