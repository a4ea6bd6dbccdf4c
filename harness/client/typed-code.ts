/** The code that a key types, out of the reports of its keyboard. */
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { readStrokes } from '../../ctap/otp/keyboard-usages.ts';
import type { KeyboardConnection } from '../transports/usb.ts';

/** Milliseconds without a key after which a code without Enter is at its end. */
const PAUSE = 500;
/** The same after Enter: the release of its key, and of NumLock where a keypad is typed on. */
const AFTER_ENTER = 150;

export interface TypedCodeOptions {
  /** Milliseconds to wait for the first key. Default 30,000. */
  readonly timeout?: number | undefined;
}

/**
 * Waits for a touch: resolves to what is typed until Enter, or until nothing more comes.
 * @throws DOMException TimeoutError where nothing is typed; the connection's error where the keyboard goes
 */
export function typedCode(keyboard: KeyboardConnection, { timeout = 30_000 }: TypedCodeOptions = {}): Promise<string> {
  const layout = findKeyboardLayout('us'); // keys by their place: digits and modhex are meant so
  const reports: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    const text = () => readWithLayout(readStrokes(reports), layout);
    const ended = () => {
      if (reports.length > 0) resolve(text().trim());
      else
        reject(
          new DOMException(`expected the key to type within ${timeout / 1000} s, it typed nothing`, 'TimeoutError'),
        );
    };
    let timer = setTimeout(ended, timeout);
    keyboard.onReport((report) => {
      reports.push(report);
      clearTimeout(timer);
      timer = setTimeout(ended, text().includes('\n') ? AFTER_ENTER : PAUSE);
    });
    keyboard.onGone((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
