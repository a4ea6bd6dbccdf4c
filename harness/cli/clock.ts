/** `ctaplab clock`: the time that the keys and tokens of a running lab go by. */
import type { Command } from 'commander';
import { type ClockChangeJSON, requireLab } from '../lab/lab-client.ts';
import { argument, integer } from './key-options.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

const LONGEST = 999_999_999_999;

type Options = { readonly json?: boolean };

export function command(): Command {
  const clock = verb('clock', 'see and change the clock of a running lab', [
    'clock show',
    'clock advance 31000',
    'clock set 2031-02-03T04:05:06Z',
    'clock freeze',
  ]);
  clock.addCommand(verb('show', 'show it', ['clock show']).action((options: Options) => show(options)));
  clock.addCommand(
    verb('set', 'set it; timers until then fire', ['clock set 2031-02-03T04:05:06Z'])
      .argument('<moment>', 'ISO 8601', argument(moment))
      .action((set: string, options: Options) => change({ set }, options)),
  );
  clock.addCommand(
    verb('advance', 'move it on; timers until then fire', ['clock advance 31000'])
      .argument('<ms>', 'milliseconds', integer(0, LONGEST))
      .action((advance: number, options: Options) => change({ advance }, options)),
  );
  clock.addCommand(
    verb('freeze', 'stop it', ['clock freeze']).action((options: Options) => change({ frozen: true }, options)),
  );
  clock.addCommand(
    verb('run', 'let it run on', ['clock run']).action((options: Options) => change({ frozen: false }, options)),
  );
  clock.addCommand(
    verb('reset', "back to the system's time", ['clock reset']).action((options: Options) =>
      change({ system: true }, options),
    ),
  );
  return clock;
}

function moment(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new RangeError(`expected a moment as 2031-02-03T04:05:06Z, got ${JSON.stringify(text)}`);
  return new Date(time).toISOString();
}

async function show(options: Options): Promise<void> {
  tell(await requireLab().clock(), options);
}

async function change(wanted: ClockChangeJSON, options: Options): Promise<void> {
  tell(await requireLab().setClock(wanted), options);
}

function tell(
  clock: { readonly now: string; readonly frozen: boolean; readonly offset: number },
  options: Options,
): void {
  const output = new Output(options);
  const ahead = clock.offset === 0 ? '' : `, ${clock.offset} ms ahead of the system`;
  output.line(`${clock.now}${clock.frozen ? ', frozen' : ''}${ahead}`);
  output.document(clock);
}
