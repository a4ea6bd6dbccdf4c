/** `ctaplab fault`: deliberate misbehaviour of a key of a running lab. */
import type { Command } from 'commander';
import { faults } from '../../emulator/faults/index.ts';
import { requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

interface FaultOptions {
  readonly json?: boolean;
  readonly list?: boolean;
  readonly off?: boolean;
  readonly key?: string;
}

export function command(): Command {
  return verb('fault', 'let a key of a running lab misbehave, or behave again', [
    'fault --list',
    'fault slow-keepalive',
    'fault slow-keepalive --off --key 2',
    'start --fault slow-keepalive',
    'conformance virtual --fault truncated-cbor',
  ])
    .argument('[fault]', 'which one')
    .option('--off', 'turn it off again')
    .option('--key <id>', 'the key in the lab; can be left out where only one exists')
    .option('--list', 'show all faults')
    .action(fault);
}

async function fault(id: string | undefined, options: FaultOptions): Promise<void> {
  const output = new Output(options);
  if (options.list) {
    const all = Array.from(faults.values(), ({ id: name, summary }) => ({ id: name, summary }));
    output.table(all.map(({ id: name, summary }) => [name, summary]));
    output.document(all);
    return;
  }
  if (id === undefined) throw new Failure('usage', 'expected a fault, got none', `See: ${PROGRAM} fault --list`);
  if (!faults.has(id))
    throw new Failure('usage', `there is no fault ${JSON.stringify(id)}`, `See: ${PROGRAM} fault --list`);
  const lab = requireLab();
  const key = options.key ?? (await onlyKey(lab));
  const active = await lab.setFault(key, id, options.off !== true);
  output.line(active.length === 0 ? `key ${key} behaves` : `key ${key} misbehaves: ${active.join(', ')}`);
  output.document({ key, active });
}
