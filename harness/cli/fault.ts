/** `ctaplab fault`: the misbehaviour that virtual keys can be given. */
import type { Command } from 'commander';
import { faults } from '../../emulator/faults/index.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface FaultOptions {
  readonly json?: boolean;
  readonly list?: boolean;
}

export function command(): Command {
  return verb('fault', 'show the faults that a virtual key can be given', [
    'fault --list',
    'start --fault slow-keepalive',
    'conformance virtual --fault truncated-cbor',
  ])
    .option('--list', 'show them, each with what the key does wrong')
    .action(fault);
}

function fault(options: FaultOptions): void {
  const output = new Output(options);
  if (!options.list) throw new Failure('usage', 'expected --list, got nothing', `See them: ${PROGRAM} fault --list`);
  const all = [...faults.values()];
  output.document(all.map(({ id, summary }) => ({ id, summary })));
  output.table(all.map(({ id, summary }) => [id, summary]));
}
