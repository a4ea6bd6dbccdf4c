/** What the verbs share that manage a key: its opening, its PIN, and its owner's consent. */
import type { Command } from 'commander';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import { consent } from './consent.ts';
import { type OpenedDevice, openDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { readSecrets } from './secret-input.ts';
import { verb } from './verb.ts';

export { consent };

export interface ManagementOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly pinFile?: string;
}

/** A command that acts on a key with its user's PIN. Its own arguments come before the device. */
export function managing(name: string, summary: string, examples: readonly string[]): Command {
  return verb(name, summary, examples)
    .option('--pin-file <file>', 'file whose first line is the PIN (default: asked for, or a line of stdin)')
    .option('--yes', 'do it on a physical key without asking');
}

/** Adds the last argument: which key is meant. */
export function onDevice(command: Command): Command {
  return command.argument('[device]', DEVICE_HELP);
}

export type Act<O> = (opened: OpenedDevice, options: O, output: Output) => Promise<void>;

/** Opens the key, acts on it, and closes it whatever happened. */
export async function withDevice<O extends ManagementOptions>(
  name: string | undefined,
  options: O,
  act: Act<O>,
): Promise<void> {
  const opened = await openDevice(name);
  try {
    await act(opened, options, new Output(options));
  } finally {
    await opened.close();
  }
}

/** The key's product and its DEVICE name. */
export function called({ device, name }: OpenedDevice): string {
  return device.name === name ? name : `${device.name} (${name})`;
}

/**
 * A token for the user's PIN; undefined on a key without a PIN, which asks for none. A wrong PIN costs an attempt, so
 * one that nobody types by hand goes to a physical key only with --yes.
 * @throws Failure "refused" where the PIN has to be changed first
 */
export async function userToken(
  opened: OpenedDevice,
  options: ManagementOptions,
  permissions: number,
): Promise<PinUvAuthToken | undefined> {
  const { options: able, forcePINChange } = await opened.ctap2.getInfo();
  if (able?.clientPin !== true) return undefined;
  if (forcePINChange === true) {
    const next = `Change it: ${PROGRAM} pin change ${opened.name}`;
    throw new Failure('refused', `the PIN of ${called(opened)} has to be changed before anything else`, next);
  }
  const isTyped = options.pinFile === undefined && process.stdin.isTTY;
  if (!isTyped) {
    const question = `Use the PIN of ${called(opened)}? A wrong one costs an attempt.`;
    await consent(opened, options, question, `a wrong PIN would cost ${called(opened)} an attempt`);
  }
  const [pin] = await readSecrets([{ name: `PIN of ${called(opened)}`, file: options.pinFile, fresh: false }]);
  return opened.pin.getPinUvAuthToken({ pin: pin!, permissions });
}

/** As {@link userToken}, for what a key does with a token alone. @throws Failure "refused" where no PIN is set */
export async function requireUserToken(
  opened: OpenedDevice,
  options: ManagementOptions,
  permissions: number,
): Promise<PinUvAuthToken> {
  const token = await userToken(opened, options, permissions);
  if (token !== undefined) return token;
  const next = `Set one first: ${PROGRAM} pin set ${opened.name}`;
  throw new Failure('refused', `no PIN is set on ${called(opened)}, and this takes one`, next);
}
