/** What a key types, read from Linux's input devices (Documentation/input/event-codes.rst, linux/input.h). */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { Usage } from '../../ctap/otp/keyboard-usages.ts';
import type { KeyboardConnection } from './usb.ts';

const INPUT_CLASS = '/sys/class/input';
/** struct input_event: two longs, two 16-bit numbers and one of 32 bits. */
const LONG = process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8;
const EVENT_SIZE = 2 * LONG + 8;
const EV_KEY = 1;
const EVIOCGRAB = 0x40044590;
/** Milliseconds between two looks: a read that waits would hold on to one of Node's four threads. */
const INTERVAL = 10;
const LEFT_SHIFT = 42;
const RIGHT_SHIFT = 54;
const SHIFT_BIT = 0x02;

/** Key codes of linux/input-event-codes.h, row by row from the first. */
const ROWS: readonly (readonly [first: number, usages: readonly number[]])[] = [
  [2, Array.from({ length: 10 }, (_, i) => Usage.DIGIT_1 + i)],
  [15, [Usage.TAB]],
  [16, letters('qwertyuiop')],
  [28, [Usage.ENTER]],
  [30, letters('asdfghjkl')],
  [44, letters('zxcvbnm')],
  [57, [Usage.SPACE]],
  [69, [Usage.NUM_LOCK]],
  [71, keypad(7, 8, 9)],
  [75, keypad(4, 5, 6)],
  [79, keypad(1, 2, 3, 10)],
  [96, [Usage.KEYPAD_ENTER]],
];
const usages = new Map(ROWS.flatMap(([first, row]) => row.map((usage, index) => [first + index, usage] as const)));

function letters(row: string): number[] {
  return Array.from(row, (letter) => Usage.A + letter.charCodeAt(0) - 'a'.charCodeAt(0));
}

/** Keys 1 to 9, and 0 as the tenth. */
function keypad(...keys: readonly number[]): number[] {
  return keys.map((key) => Usage.KEYPAD_1 + key - 1);
}

export interface EventKeyboard {
  /** As /dev/input/event3. */
  readonly path: string;
  readonly name: string;
  readonly vendorId: number;
  readonly productId: number;
  /** Serial number, where the driver tells it. */
  readonly unique: string;
}

/** The input devices that have keys to type digits with. */
export async function eventKeyboards(): Promise<EventKeyboard[]> {
  const found: EventKeyboard[] = [];
  for (const node of await readdir(INPUT_CLASS)) {
    if (!node.startsWith('event')) continue;
    const read = async (file: string) => (await readFile(`${INPUT_CLASS}/${node}/device/${file}`, 'utf8')).trim();
    try {
      const keys = (await read('capabilities/key')).split(' ').at(-1)!; // the lowest keys come last
      if ((BigInt(`0x${keys}`) & (1n << 2n)) === 0n) continue;
      const [vendorId, productId] = [await read('id/vendor'), await read('id/product')].map((id) =>
        Number.parseInt(id, 16),
      );
      const common = { name: await read('name'), unique: await read('uniq') };
      found.push({ path: `/dev/input/${node}`, ...common, vendorId: vendorId!, productId: productId! });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // it went while we looked
    }
  }
  return found;
}

/**
 * Opens an input device as a boot keyboard that types to us alone until it is closed.
 * @throws Error with code EACCES where the user may not read it, EBUSY where another program has it alone
 */
export async function openEvdev(path: string): Promise<KeyboardConnection> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    await grab(file, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return new EventReader(file, path);
}

/** Takes the device away from the console and the screen: a code must not land in whatever has the focus. */
async function grab({ fd }: FileHandle, path: string): Promise<void> {
  const { default: koffi } = await import('koffi'); // a native library: loaded where it is needed
  const ioctl = koffi.load('libc.so.6').func('int ioctl(int fd, unsigned long request, int value)');
  if (ioctl(fd, EVIOCGRAB, 1) !== 0) {
    throw Object.assign(new Error(`${path}: another program has this keyboard alone`), { code: 'EBUSY' });
  }
}

class EventReader implements KeyboardConnection {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #reading: Promise<void>;
  #listener: (report: Uint8Array) => void = () => {};
  #onGone: ((error: Error) => void) | undefined;
  #gone: Error | undefined;
  #closed = false;
  #shift = false;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
    this.#reading = this.#read();
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onGone(listener: (error: Error) => void): void {
    this.#onGone = listener;
    if (this.#gone !== undefined) listener(this.#gone);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reading;
    await this.#file.close(); // gives the device back
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(EVENT_SIZE * 64);
    while (!this.#closed && this.#gone === undefined) {
      try {
        const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, null);
        for (let at = 0; at + EVENT_SIZE <= bytesRead; at += EVENT_SIZE) this.#event(new DataView(buffer.buffer, at));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          await new Promise((resolve) => setTimeout(resolve, INTERVAL));
        } else {
          this.#gone = new Error(`${this.#path}: the keyboard is gone: ${(error as Error).message}`, { cause: error });
          if (!this.#closed) this.#onGone?.(this.#gone);
        }
      }
    }
  }

  /** Each press and release becomes the report that a keyboard of one key at a time would send. */
  #event(event: DataView): void {
    const [type, code, value] = [
      event.getUint16(2 * LONG, true),
      event.getUint16(2 * LONG + 2, true),
      event.getInt32(2 * LONG + 4, true),
    ];
    if (type !== EV_KEY || value > 1) return; // 2: repeats while it is held
    if (code === LEFT_SHIFT || code === RIGHT_SHIFT) {
      this.#shift = value === 1;
      return;
    }
    const usage = usages.get(code);
    if (usage !== undefined) {
      this.#listener(Uint8Array.of(this.#shift ? SHIFT_BIT : 0, 0, value === 1 ? usage : 0, 0, 0, 0, 0, 0));
    }
  }
}
