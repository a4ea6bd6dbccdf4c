/** `ctaplab pin`: set or change a PIN, or see its state. */
import type { Command } from 'commander';
import { type OpenedDevice, openDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { Output } from './output.ts';
import { confirm, readSecrets } from './secret-input.ts';
import { verb } from './verb.ts';

interface PinOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly pinFile?: string;
  readonly newPinFile?: string;
}

export function command(): Command {
  const pin = verb('pin', 'set or change a PIN, or see its state', ['pin status', 'pin set hidraw:/dev/hidraw0']);
  pin.addCommand(
    verb('status', 'tell whether a PIN is set, and how many attempts are left', ['pin status lab:1 --json'])
      .argument('[device]', DEVICE_HELP)
      .action((device: string | undefined, options: PinOptions) => withDevice(device, options, status)),
  );
  pin.addCommand(
    verb('set', 'set the first PIN', ['pin set lab:1', 'printf 1234 | ctaplab pin set lab:1'])
      .argument('[device]', DEVICE_HELP)
      .option('--new-pin-file <file>', 'file whose first line is the PIN (default: asked for, or a line of stdin)')
      .action((device: string | undefined, options: PinOptions) => withDevice(device, options, set)),
  );
  pin.addCommand(
    verb('change', 'change the PIN', ['pin change lab:1', 'pin change --pin-file old --new-pin-file new --yes'])
      .argument('[device]', DEVICE_HELP)
      .option('--pin-file <file>', 'file whose first line is the current PIN (default: asked for, or a line of stdin)')
      .option('--new-pin-file <file>', 'file whose first line is the new PIN (default: likewise, the next line)')
      .option('--yes', 'spend a PIN attempt of a physical key without asking')
      .action((device: string | undefined, options: PinOptions) => withDevice(device, options, change)),
  );
  return pin;
}

type Act = (opened: OpenedDevice, options: PinOptions, output: Output) => Promise<void>;

async function withDevice(name: string | undefined, options: PinOptions, act: Act): Promise<void> {
  const opened = await openDevice(name);
  try {
    await act(opened, options, new Output(options));
  } finally {
    await opened.close();
  }
}

async function status({ ctap2, pin, name }: OpenedDevice, _: PinOptions, output: Output): Promise<void> {
  const { options, forcePINChange } = await ctap2.getInfo();
  const supported = options?.clientPin !== undefined;
  const set = options?.clientPin === true;
  const { retries, powerCycleNeeded } = set ? await pin.getPinRetries() : {};
  output.document({
    device: name,
    supported,
    set,
    retries: retries ?? null,
    powerCycleNeeded: powerCycleNeeded ?? false,
    forceChange: forcePINChange ?? false,
  });
  output.line(
    !supported ? 'This key takes no PIN.' : set ? `A PIN is set; ${retries} attempts are left.` : 'No PIN is set.',
  );
  if (powerCycleNeeded) output.line('Unplug the key and plug it in again before the next attempt.');
  if (forcePINChange) output.line('The PIN must be changed before it is good for anything else.');
}

async function set({ pin, name }: OpenedDevice, options: PinOptions, output: Output): Promise<void> {
  const [fresh] = await readSecrets([{ name: 'new PIN', file: options.newPinFile, fresh: true }]);
  await pin.setPin(fresh!);
  output.document({ device: name, set: true });
  output.line(`The PIN of ${name} is set.`);
}

async function change(opened: OpenedDevice, options: PinOptions, output: Output): Promise<void> {
  const { pin, name } = opened;
  if (opened.physical && options.yes !== true) await consent(opened);
  const [current, fresh] = await readSecrets([
    { name: 'current PIN', file: options.pinFile, fresh: false },
    { name: 'new PIN', file: options.newPinFile, fresh: true },
  ]);
  await pin.changePin(current!, fresh!);
  output.document({ device: name, changed: true });
  output.line(`The PIN of ${name} is changed.`);
}

/** A wrong PIN takes one of few attempts from a key that somebody may need. */
async function consent({ device, name }: OpenedDevice): Promise<void> {
  const what = `${device.name} (${name})`;
  const refusal = new Failure(
    'refused',
    `a wrong PIN would cost ${what} an attempt`,
    'Say so with --yes, or answer on a terminal.',
  );
  if (!process.stdin.isTTY) throw refusal;
  if (!(await confirm(`Change the PIN of ${what}? A wrong current PIN costs an attempt.`))) throw refusal;
}
