/** `ctaplab list`: the keys that can be reached. */
import type { Command } from 'commander';
import { reachableKeys } from './devices.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

export function command(): Command {
  return verb('list', 'show the keys that can be reached: plugged in, and in a running lab', [
    'list',
    'list --json',
  ]).action(list);
}

async function list(options: { json?: boolean }): Promise<void> {
  const output = new Output(options);
  const keys = await reachableKeys();
  output.document(keys);
  if (keys.length === 0) {
    output.line(`No key can be reached. Plug one in, or start a virtual one: ${PROGRAM} start`);
    return;
  }
  output.table(
    keys.map((key) => [key.device, key.product, key.serialNumber ?? '', key.lab === undefined ? '' : `lab:${key.lab}`]),
  );
}
