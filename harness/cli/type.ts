/** `ctaplab type`: what a key types when it is touched, as the layout of a host reads it. */
import { type Command, Option } from 'commander';
import {
  findKeyboardLayout,
  type KeyboardLayout,
  keyboardLayouts,
  readWithLayout,
} from '../../ctap/otp/keyboard-layouts.ts';
import { digitStrokes, type Stroke, Usage } from '../../ctap/otp/keyboard-usages.ts';
import { requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { argument } from './key-options.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

interface TypeOptions {
  readonly json?: boolean;
  readonly long?: boolean;
  readonly layout?: KeyboardLayout;
  readonly code?: string;
  readonly keys: 'top-row' | 'keypad';
}

export function command(): Command {
  return verb('type', 'touch an idle key of a running lab, and show what hosts read from what it types', [
    'type',
    'type --layout fr',
    'type --code 755224 --layout cz --keys keypad',
  ])
    .argument('[key]', 'the key in the lab; can be left out where only one exists')
    .option('--long', 'a long touch')
    .addOption(
      new Option('--layout <name>', `the host's keyboard layout: ${[...keyboardLayouts.keys()].join(', ')}`).argParser(
        argument(findKeyboardLayout),
      ),
    )
    .option('--code <digits>', 'touch nothing: show what these digits would become')
    .addOption(
      new Option('--keys <keys>', 'with --code: the keys that are typed on')
        .choices(['top-row', 'keypad'])
        .default('top-row'),
    )
    .addHelpText('after', '\nWithout --layout every layout that reads something else is shown.')
    .action(type);
}

async function type(key: string | undefined, options: TypeOptions): Promise<void> {
  const output = new Output(options);
  const strokes =
    options.code === undefined ? await touch(key, options) : typed(options.code, options.keys === 'keypad');
  const meant = readWithLayout(strokes, findKeyboardLayout('us'));
  const layouts = options.layout === undefined ? [...keyboardLayouts.values()] : [options.layout];
  const readings = layouts.map((layout) => {
    const text = readWithLayout(strokes, layout);
    return { layout: layout.name, description: layout.description, text, right: text === meant };
  });
  const keypad = strokes.some(({ usage }) => usage >= Usage.KEYPAD_1 && usage <= Usage.KEYPAD_0);
  output.document({ typed: meant, keypad, strokes, readings });
  output.line(`${visible(meant)}  typed on ${keypad ? 'the keypad' : 'the top row'}`);
  tell(output, options.layout, readings, keypad);
}

interface Reading {
  readonly layout: string;
  readonly description: string;
  readonly text: string;
  readonly right: boolean;
}

function tell(output: Output, chosen: KeyboardLayout | undefined, readings: readonly Reading[], keypad: boolean): void {
  const { yellow } = output.colors;
  const wrong = readings.filter(({ right }) => !right);
  const shown = chosen === undefined ? wrong : readings;
  output.table(shown.map(({ layout, description, text }) => [layout, visible(text), description]));
  if (wrong.length > 0 && !keypad) {
    output.line(
      yellow(`warning: digits come out wrong there; a numeric keypad helps: ${PROGRAM} otp slot --keys keypad`),
    );
  }
  if (keypad) output.line('A keypad is read as digits in every layout, but only with NumLock on.');
}

/** Enter as a sign, so that it can be seen. */
function visible(text: string): string {
  return text.replaceAll('\n', '⏎');
}

function typed(code: string, keypad: boolean): readonly Stroke[] {
  try {
    return digitStrokes(code, { keypad });
  } catch (error) {
    throw new Failure('usage', `--code: ${(error as Error).message}`);
  }
}

async function touch(key: string | undefined, options: TypeOptions): Promise<readonly Stroke[]> {
  const lab = requireLab();
  const id = key ?? (await onlyKey(lab));
  const { pending } = await lab.key(id);
  if (pending.length > 0) {
    throw new Failure(
      'failed',
      `key ${id} waits for a touch of another kind, and would not type`,
      `Answer that first: ${PROGRAM} touch`,
    );
  }
  const { typed: strokes } = await lab.touch(id, options.long ? 'long' : 'short');
  if (strokes === undefined) throw new Failure('failed', `key ${id} was touched, and typed nothing`);
  return strokes;
}
