/** `ctaplab otp slot`: the HOTP that a touch types. */
import { type Command, Option } from 'commander';
import { DisabledInterface } from '../../ctap/token2/otp-applet.ts';
import type { Token2OtpClient } from '../client/token2.ts';
import { consentTo } from './consent.ts';
import type { DeviceWay } from './device-way.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { asUsage, type Common, type OpenedKey, withKey } from './otp-key.ts';
import { addSecretOptions, readOtpSecret, type SecretOptions } from './otp-secret.ts';
import type { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface SlotOptions extends Common, SecretOptions {
  readonly write?: boolean;
  readonly delete?: boolean;
  readonly digits: '6' | '8';
  readonly enter?: boolean;
  readonly press?: 'short' | 'long';
  readonly keys?: 'top-row' | 'keypad';
}

export function slotCommand(): Command {
  return addSecretOptions(
    verb('slot', 'show or set up the HOTP that a touch types', [
      'otp slot lab:1',
      'otp slot --write --secret-file secret.txt --digits 8',
      'otp slot --press long --no-enter --keys keypad',
    ])
      .argument('[device]', DEVICE_HELP)
      .option('--write', 'program a new secret, from counter 0')
      .addOption(new Option('--digits <n>', 'of the codes').choices(['6', '8']).default('6'))
      .option('--delete', 'delete the secret')
      .option('--enter', 'type Enter after the code')
      .option('--no-enter', 'type the code alone')
      .addOption(new Option('--press <press>', 'the touch that types').choices(['short', 'long']))
      .addOption(new Option('--keys <keys>', 'the keys that are typed on').choices(['top-row', 'keypad']))
      .option('--yes', 'do not ask before changing a physical key'),
  ).action((device: string | undefined, options: SlotOptions) => withKey(device, options, slot));
}

async function slot({ client, way, options, output }: OpenedKey<SlotOptions>): Promise<void> {
  if (options.write && options.delete) throw new Failure('usage', '--write and --delete contradict each other');
  const settings = {
    ...(options.enter === undefined ? {} : { noEnter: !options.enter }),
    ...(options.press === undefined ? {} : { longTouch: options.press === 'long' }),
    ...(options.keys === undefined ? {} : { keypad: options.keys === 'keypad' }),
  };
  const secret = options.write ? (await readOtpSecret(options)).secret : undefined;
  if (options.write || options.delete || Object.keys(settings).length > 0) {
    await consentTo(options.delete ? 'delete the HOTP secret' : 'change the HOTP that a touch types', way, options);
  }
  if (secret !== undefined) {
    await client.writeButtonSeed({ digits: options.digits === '8' ? 8 : 6, seed: secret }).catch(asUsage);
  }
  if (options.delete) await client.writeButtonSeed(undefined);
  await client.configureButton(settings);
  await showSlot(client, way, output);
}

async function showSlot(client: Token2OtpClient, way: DeviceWay, output: Output): Promise<void> {
  const { disabledInterfaces, details } = await client.deviceInfo();
  if (details === undefined) {
    throw new Failure('failed', 'the key tells its interfaces alone over this reader', 'Ask it over HID.');
  }
  const keyboard = (disabledInterfaces & DisabledInterface.KEYBOARD) === 0;
  const { buttonSeedPresent: programmed, noEnter, longTouch, keypad } = details;
  const state = {
    programmed,
    enter: !noEnter,
    press: longTouch ? 'long' : 'short',
    keys: keypad ? 'keypad' : 'top-row',
  };
  output.document({ device: way.name, ...state, keyboard });
  output.line(
    programmed
      ? `A ${state.press} touch types the next HOTP on the ${state.keys.replace('-', ' ')}${noEnter ? '' : ', then Enter'}.`
      : 'No HOTP is programmed.',
  );
  if (!keyboard) output.line(`The keyboard is switched off: ${PROGRAM} otp interfaces --on keyboard`);
}
