/** `ctaplab otp press`: the code that a key types when it is touched. */
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import type { KeyboardConnection } from '../transports/usb.ts';
import { findDevice, findUsb } from './devices.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { integer } from './key-options.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

interface PressOptions {
  readonly json?: boolean;
  readonly from?: 'usb' | 'evdev' | 'terminal';
  readonly timeout: number;
}

const NOTES = `
evdev reads /dev/input/event* (Linux), usb the keyboard's own endpoint: while they wait, the key types to nobody else.
The terminal reads a line, so that the key has to end its code with Enter. Default: usb for a DEVICE usb:VID:PID, else
evdev where a keyboard of the key can be found, else the terminal.`;

export function pressCommand(): Command {
  return verb('press', 'show the code that a key types when it is touched', [
    'otp press',
    'otp press usb:349e:0022',
    'otp press --from terminal',
  ])
    .argument('[device]', DEVICE_HELP)
    .addOption(new Option('--from <way>', 'where to read it').choices(['usb', 'evdev', 'terminal']))
    .addOption(new Option('--timeout <s>', 'seconds to wait for the touch').default(30).argParser(integer(1, 3600)))
    .addHelpText('after', NOTES)
    .action(press);
}

async function press(name: string | undefined, options: PressOptions): Promise<void> {
  const output = new Output(options);
  const keyboard = options.from === 'terminal' ? undefined : await keyboardOf(name, options.from);
  const code = keyboard === undefined ? await fromTerminal() : await fromKeyboard(keyboard, options);
  output.document({ code });
  output.line(code);
}

async function fromKeyboard(keyboard: KeyboardConnection, { timeout }: PressOptions): Promise<string> {
  const { typedCode } = await import('../client/typed-code.ts');
  try {
    process.stderr.write('Touch the key.\n');
    return await typedCode(keyboard, { timeout: timeout * 1000 });
  } finally {
    await keyboard.close();
  }
}

/** A line that somebody, the key as a rule, types. */
async function fromTerminal(): Promise<string> {
  if (process.stdin.isTTY !== true) {
    throw new Failure(
      'usage',
      'expected a terminal for the key to type into, there is none',
      'Name the key, or another --from.',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question('Touch the key: ')).trim();
  } finally {
    lines.close();
  }
}

/** Undefined where the terminal is what is left. */
async function keyboardOf(
  name: string | undefined,
  from: PressOptions['from'],
): Promise<KeyboardConnection | undefined> {
  const isUsb = name?.startsWith('usb:') === true;
  if (from === 'usb' || (from === undefined && isUsb)) {
    if (!isUsb) throw new Failure('usage', 'expected usb:VID:PID, to read its keyboard over USB');
    const { openUsbKeyboard } = await import('../transports/usb.ts');
    return openUsbKeyboard(await findUsb(name, name.slice('usb:'.length)));
  }
  if (process.platform !== 'linux') {
    if (from === 'evdev') throw new Failure('usage', `evdev is Linux's, this is ${process.platform}`);
    return undefined;
  }
  const path = await eventNodeOf(name);
  if (path === undefined && from === undefined) return undefined;
  if (path === undefined)
    throw new Failure(
      'no-device',
      'no input device belongs to that key',
      'Is its keyboard switched on? See: ctaplab otp interfaces',
    );
  const { openEvdev } = await import('../transports/evdev.ts');
  return openEvdev(path);
}

/** The input device of the key of that name: of its ids, and of its serial number where both tell one. */
async function eventNodeOf(name: string | undefined): Promise<string | undefined> {
  const { eventKeyboards } = await import('../transports/evdev.ts');
  const { discover } = await import('../transports/discovery.ts');
  const way = await findDevice(name);
  const key = (await discover()).find(({ path }) => `hidraw:${path}` === way.name);
  if (key === undefined) return undefined;
  const { vendorId, productId, serialNumber = '' } = key;
  const keyboards = (await eventKeyboards()).filter((one) => one.vendorId === vendorId && one.productId === productId);
  const own = keyboards.filter(({ unique }) => unique === '' || serialNumber === '' || unique === serialNumber);
  if (own.length > 1) {
    throw new Failure(
      'usage',
      `several keyboards may be its: ${own.map(({ path }) => path).join(', ')}`,
      'Unplug the other keys.',
    );
  }
  return own[0]?.path;
}
