/** What a USB keyboard sends: usages of page 0x07 (HID Usage Tables §10) in boot reports (HID 1.11 appendix B.1). */

/** One key, pressed and released; with Shift held where it says so. */
export interface Stroke {
  /** Usage id of the keyboard page. */
  readonly usage: number;
  readonly shift?: boolean;
}

export const Usage = {
  A: 0x04,
  Z: 0x1d,
  DIGIT_1: 0x1e,
  DIGIT_0: 0x27,
  ENTER: 0x28,
  TAB: 0x2b,
  SPACE: 0x2c,
  NUM_LOCK: 0x53,
  KEYPAD_ENTER: 0x58,
  KEYPAD_1: 0x59,
  KEYPAD_0: 0x62,
} as const;

/** Bits of the boot keyboard's output report. */
export const Led = { NUM_LOCK: 0x01, CAPS_LOCK: 0x02, SCROLL_LOCK: 0x04, COMPOSE: 0x08, KANA: 0x10 } as const;

const LEFT_SHIFT = 0x02;
export const BOOT_REPORT_SIZE = 8;

/** The key of a decimal digit: on the top row, or on the numeric keypad. */
function digitStroke(digit: string, keypad: boolean): Stroke {
  const value = digit.length === 1 ? '1234567890'.indexOf(digit) : -1; // keys lie in this order, 0 last
  if (value < 0) throw new RangeError(`expected a decimal digit, got ${JSON.stringify(digit)}`);
  return { usage: (keypad ? Usage.KEYPAD_1 : Usage.DIGIT_1) + value };
}

/** The keys of a decimal code. @throws RangeError for anything but digits */
export function digitStrokes(code: string, { keypad = false }: { readonly keypad?: boolean } = {}): Stroke[] {
  return Array.from(code, (digit) => digitStroke(digit, keypad));
}

/** The keys of lower-case letters, as modhex has them. @throws RangeError for any other character */
export function letterStrokes(text: string): Stroke[] {
  return Array.from(text, (letter) => {
    if (!/^[a-z]$/.test(letter)) throw new RangeError(`expected a letter a to z, got ${JSON.stringify(letter)}`);
    return { usage: Usage.A + letter.charCodeAt(0) - 'a'.charCodeAt(0) };
  });
}

/** The report of a pressed key. */
export function pressReport({ usage, shift = false }: Stroke): Uint8Array {
  return Uint8Array.of(shift ? LEFT_SHIFT : 0, 0, usage, 0, 0, 0, 0, 0);
}

/** The report of a keyboard on which nothing is pressed. */
export function releaseReport(): Uint8Array {
  return new Uint8Array(BOOT_REPORT_SIZE);
}

/**
 * The strokes that a host reads from boot reports: each usage that a report has and the one before it has not.
 * @throws TypeError for a report that is not of 8 bytes
 */
export function readStrokes(reports: readonly Uint8Array[]): Stroke[] {
  const strokes: Stroke[] = [];
  let held: readonly number[] = [];
  for (const report of reports) {
    if (report.length !== BOOT_REPORT_SIZE) {
      throw new TypeError(`boot keyboard report: expected ${BOOT_REPORT_SIZE} bytes, got ${report.length}`);
    }
    const pressed = [...report.subarray(2)].filter((usage) => usage !== 0);
    const shift = (report[0]! & (LEFT_SHIFT | (LEFT_SHIFT << 4))) !== 0;
    for (const usage of pressed) if (!held.includes(usage)) strokes.push(shift ? { usage, shift } : { usage });
    held = pressed;
  }
  return strokes;
}

/** The report descriptor of the boot keyboard: HID 1.11 appendix E.6. */
export function keyboardReportDescriptor(): Uint8Array {
  return Uint8Array.from(
    [
      [0x05, 0x01], // usage page: generic desktop
      [0x09, 0x06], // usage: keyboard
      [0xa1, 0x01], // collection: application
      [0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02], // modifiers
      [0x95, 0x01, 0x75, 0x08, 0x81, 0x01], // a reserved byte
      [0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91, 0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01], // LEDs
      [0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00], // six keys
      [0xc0],
    ].flat(),
  );
}
