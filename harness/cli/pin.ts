/** `ctaplab pin`: set or change a PIN, or see its state. */
import type { Command } from 'commander';
import { forcePinChange } from './config.ts';
import type { OpenedDevice } from './devices.ts';
import { DEVICE_HELP } from './info.ts';
import { called, consent, type ManagementOptions, withDevice } from './management.ts';
import type { Output } from './output.ts';
import { readSecrets } from './secret-input.ts';
import { verb } from './verb.ts';

interface PinOptions extends ManagementOptions {
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
  pin.addCommand(forcePinChange('force-change', 'pin force-change lab:1'));
  return pin;
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
  const what = called(opened);
  const question = `Change the PIN of ${what}? A wrong current PIN costs an attempt.`;
  await consent(opened, options, question, `a wrong PIN would cost ${what} an attempt`);
  const [current, fresh] = await readSecrets([
    { name: 'current PIN', file: options.pinFile, fresh: false },
    { name: 'new PIN', file: options.newPinFile, fresh: true },
  ]);
  await pin.changePin(current!, fresh!);
  output.document({ device: name, changed: true });
  output.line(`The PIN of ${name} is changed.`);
}
