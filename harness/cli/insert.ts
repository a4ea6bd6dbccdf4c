/** `ctaplab insert`: plugs a key of a running lab in. */
import type { Command } from 'commander';
import { requireLab } from '../lab/lab-client.ts';
import { Output } from './output.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

export function command(): Command {
  return verb('insert', 'plug a key of a running lab in: its power-up', ['insert', 'insert 2'])
    .argument('[key]', 'the key in the lab; can be left out where only one exists')
    .action(insert);
}

async function insert(id: string | undefined, options: { readonly json?: boolean }): Promise<void> {
  const output = new Output(options);
  const lab = requireLab();
  const key = await lab.insert(id ?? (await onlyKey(lab)));
  output.line(`key ${key.id} is plugged in: ${key.devices.join(', ') || 'by nothing'}`);
  output.document({ key });
}
