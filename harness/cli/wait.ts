/** `ctaplab wait`: until a key of a running lab asks for a touch, or is done. */
import { Argument, type Command } from 'commander';
import { requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { Output, printable } from './output.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

interface WaitOptions {
  readonly json?: boolean;
  readonly timeout: number;
}

export function command(): Command {
  return verb('wait', 'wait until a key of a running lab asks for a touch, or is done', [
    'wait pending && ctaplab touch',
    'wait idle 2 --timeout 5000',
  ])
    .addArgument(
      new Argument('<what>', 'pending: it asks for a touch; idle: it neither works nor asks').choices([
        'pending',
        'idle',
      ]),
    )
    .argument('[key]', 'the key in the lab; can be left out where only one exists or waits')
    .option('--timeout <ms>', 'give up after that long (at most 60000)', integer(0, 60_000), 30_000)
    .addHelpText('after', '\nThe exit code is 5 where it did not happen in time.')
    .action(wait);
}

async function wait(what: 'pending' | 'idle', id: string | undefined, options: WaitOptions): Promise<void> {
  const output = new Output(options);
  const { timeout } = options;
  const lab = requireLab();
  const key = id ?? (await onlyKey(lab));
  if (what === 'idle') {
    if (!(await lab.idle(key, timeout))) throw new Failure('timed-out', `key ${key} was not idle within ${timeout} ms`);
    output.line(`key ${key} is idle`);
    output.document({ key, idle: true });
    return;
  }
  const pending = await lab.pending(key, timeout);
  const [first] = pending;
  if (first === undefined) throw new Failure('timed-out', `key ${key} asked for no touch within ${timeout} ms`);
  const words = [first.operation, first.rpId, first.userName].filter((word) => word !== undefined);
  output.line(`key ${key} asks: ${words.map(printable).join(' ')}`);
  output.document({ key, pending });
}
