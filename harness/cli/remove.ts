/** `ctaplab remove`: pulls a key of a running lab out. */
import type { Command } from 'commander';
import { requireLab } from '../lab/lab-client.ts';
import { Output } from './output.ts';
import { onlyKey } from './touch.ts';
import { verb } from './verb.ts';

export function command(): Command {
  return verb('remove', 'pull a key of a running lab out, whatever it does', ['remove', 'remove 2'])
    .argument('[key]', 'the key in the lab; can be left out where only one exists or waits')
    .action(remove);
}

async function remove(id: string | undefined, options: { readonly json?: boolean }): Promise<void> {
  const output = new Output(options);
  const lab = requireLab();
  const key = id ?? (await onlyKey(lab));
  await lab.remove(key);
  output.line(`key ${key} is pulled out`);
  output.document({ key: await lab.key(key) });
}
