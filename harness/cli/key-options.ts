/** The options that say which virtual keys a verb makes; the same for start and exec. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LabOptions } from '../../emulator/lab/lab.ts';
import { parseTouchPolicy, type TouchPolicy } from '../../emulator/lab/touch-policy.ts';
import { defaultTransport, parseTransport, type TransportChoice } from '../../emulator/lab/transport.ts';
import { defaultModel, findModel, type Model } from '../../emulator/models/index.ts';
import { PROGRAM } from './program-name.ts';

export interface KeyOptions {
  readonly model: Model;
  readonly keys: number;
  readonly transport?: readonly TransportChoice[];
  readonly touch?: TouchPolicy;
  readonly state?: string;
  readonly seed?: string;
  readonly typingInterval?: number;
  readonly fault?: readonly string[];
}

/** A parser whose RangeError commander tells as a fault of its option. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): (text: string) => number {
  return argument((text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new RangeError(`expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`);
  });
}

function parseSeed(text: string): string {
  if (/^([0-9a-fA-F]{2}){1,64}$/.test(text)) return text.toLowerCase();
  throw new RangeError(`expected 1 to 64 bytes in hexadecimal, got ${JSON.stringify(text)}`);
}

const parseTransportArgument = argument(parseTransport);

export function touchOption(defaultsTo: string): Option {
  return new Option('--touch <how>', `auto, manual, deny or after=MS (default: ${defaultsTo})`).argParser(
    argument(parseTouchPolicy),
  );
}

export function modelOption(): Option {
  return new Option('--model <name>', 'the kind of key')
    .default(defaultModel, defaultModel.name)
    .argParser(argument(findModel));
}

export function seedOption(): Option {
  return new Option('--seed <hex>', 'makes the keys reproducible to the byte; for tests alone').argParser(
    argument(parseSeed),
  );
}

/** Each use adds one. They are looked up once some are named: the list of all takes its time to load. */
export function addFaultOption(command: Command, whose: string): Command {
  const description = `deliberate misbehaviour ${whose}; can be given again (${PROGRAM} fault --list shows all)`;
  const option = new Option('--fault <id>', description).argParser((text: string, before: string[] | undefined) => [
    ...(before ?? []),
    text,
  ]);
  return command.addOption(option).hook('preAction', async (_, action) => {
    const { fault: ids = [] } = action.opts<{ fault?: readonly string[] }>();
    if (ids.length === 0) return;
    const { findFault } = await import('../../emulator/faults/index.ts');
    for (const id of ids) {
      try {
        findFault(id);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        // as commander tells of an argument that it finds wrong itself
        const message = `error: option '${option.flags}' argument '${id}' is invalid. ${error.message}`;
        action.error(message, { code: 'commander.invalidArgument' });
      }
    }
  });
}

/** Each use adds one. */
export function transportOption(defaultsTo: string): Option {
  return new Option(
    '--transport <t>',
    `uhid, udp[:PORT] or vpcd[:PORT]; can be given again (default: ${defaultsTo})`,
  ).argParser((text: string, before: TransportChoice[] | undefined) => [
    ...(before ?? []),
    parseTransportArgument(text),
  ]);
}

export function addKeyOptions(command: Command, defaultTouch: string): Command {
  command
    .addOption(modelOption())
    .addOption(new Option('--keys <n>', 'how many keys').default(1).argParser(integer(1, 1000)))
    .addOption(transportOption('uhid where /dev/uhid can be written, else udp'))
    .addOption(touchOption(defaultTouch))
    .option('--state <dir>', 'folder that keeps the keys from one run to the next')
    .addOption(
      new Option(
        '--typing-interval <ms>',
        'between two reports of the keyboard on which a touch types (default: 8)',
      ).argParser(integer(1, 1000)),
    );
  return addFaultOption(command, 'of the keys').addOption(seedOption());
}

/** What the lab needs, from what the user said. */
export function labOptions(options: KeyOptions, defaultTouch: TouchPolicy): LabOptions {
  const { model, typingInterval: reportInterval } = options;
  return {
    model: reportInterval === undefined ? model : { ...model, otp: { ...model.otp, reportInterval } },
    keys: options.keys,
    touch: options.touch ?? defaultTouch,
    transports: options.transport ?? [defaultTransport()],
    state: options.state,
    seed: options.seed,
    faults: options.fault,
  };
}
