/** `ctaplab list`: the keys that can be reached. */
import type { Command } from 'commander';
import { type ReachableKey, reachableKeys } from './devices.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';
import { keyChanges } from './watch-keys.ts';

interface ListOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

export function command(): Command {
  return verb('list', 'show the keys that can be reached: plugged in, and in a running lab', [
    'list',
    'list --json',
    'list --watch',
  ])
    .option('--watch', 'go on, and tell of each key that comes or goes, until Ctrl-C; with --json a line each')
    .action((options: ListOptions) => (options.watch === true ? watchKeys(options) : list(options)));
}

async function list(options: ListOptions): Promise<void> {
  const output = new Output(options);
  const keys = await reachableKeys();
  output.document(keys);
  if (keys.length === 0) {
    output.line(`No key can be reached. Plug one in, or start a virtual one: ${PROGRAM} start`);
    return;
  }
  output.table(keys.map(columns));
}

function columns(key: ReachableKey): string[] {
  return [key.device, key.product, key.serialNumber ?? '', key.lab === undefined ? '' : `lab:${key.lab}`];
}

const SIGNS = { present: ' ', added: '+', removed: '-' } as const;

async function watchKeys(options: ListOptions): Promise<void> {
  const output = new Output(options);
  const control = new AbortController();
  const stop = () => control.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  output.progress('watching ...');
  for await (const { change, key } of keyChanges(control.signal)) {
    output.clearProgress();
    output.document({ change, key });
    output.line(`${SIGNS[change]} ${columns(key).join('  ').trimEnd()}`);
  }
  output.clearProgress();
}
