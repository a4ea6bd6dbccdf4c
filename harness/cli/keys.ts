/** `ctaplab keys`: the keys that a lab keeps in its folder, out to a file and in again. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isStateFolder, keyNumbers, withKeyStore } from '../../emulator/lab/state-folder.ts';
import { exportKey, importKey, type KeyExport } from '../../emulator/store/export.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { writeSecretFile } from './secret-file.ts';
import { verb } from './verb.ts';

interface KeysOptions {
  readonly json?: boolean;
  readonly state: string;
}

interface ExportKeyOptions extends KeysOptions {
  readonly privateKeys?: boolean;
  readonly out?: string;
}

const STATE = ['--state <dir>', 'folder that the lab keeps its keys in, while it does not run'] as const;

export function command(): Command {
  const keys = verb('keys', 'list, export and import the keys that a lab keeps in its folder', [
    'keys list --state ./keys',
    'keys export 1 --state ./keys --private-keys --out key.json',
  ]);
  keys.addCommand(
    verb('list', 'show the keys in the folder', ['keys list --state ./keys'])
      .requiredOption(...STATE)
      .action(list),
  );
  keys.addCommand(
    verb('export', 'describe a key in JSON; with --private-keys it can be imported elsewhere', [
      'keys export 1 --state ./keys',
      'keys export 1 --state ./keys --private-keys --out key.json',
    ])
      .argument('[number]', 'the key, as the lab numbers them', integer(1, 1000), 1)
      .requiredOption(...STATE)
      .option('--private-keys', 'with all that makes the key; who has the file has the key')
      .option('--out <file>', 'write there, with mode 0600 (default: stdout, but never private keys)')
      .action(exportTo),
  );
  keys.addCommand(
    verb('import', 'put an exported key into the folder, as its next key', ['keys import key.json --state ./keys'])
      .argument('<file>', 'what "keys export --private-keys" wrote')
      .requiredOption(...STATE)
      .addHelpText('after', '\nThe key keeps its certificate: it is attested under the root of the lab that made it.')
      .action(importFrom),
  );
  return keys;
}

async function list(options: KeysOptions): Promise<void> {
  const output = new Output(options);
  assertState(options.state);
  const keys: (KeyExport & { number: number })[] = [];
  for (const number of await keyNumbers(options.state)) {
    keys.push({ number, ...(await describeKey(options.state, number, false)) });
  }
  output.document({
    keys: keys.map(({ number, model, serialNumber, credentials, signCount }) => ({
      number,
      model,
      serialNumber,
      passkeys: credentials.length,
      signCount,
    })),
  });
  if (keys.length === 0) output.line('The folder has no keys.');
  output.table(
    keys.map(({ number, model, serialNumber, credentials }) => [
      String(number),
      model,
      serialNumber,
      `${credentials.length} ${credentials.length === 1 ? 'passkey' : 'passkeys'}`,
    ]),
  );
}

async function exportTo(number: number, options: ExportKeyOptions): Promise<void> {
  const output = new Output(options);
  const { state, out, privateKeys = false } = options;
  if (privateKeys && out === undefined) {
    throw new Failure('usage', 'expected --out FILE with --private-keys, got none', 'Private keys are not printed.');
  }
  assertState(state);
  const numbers = await keyNumbers(state);
  if (!numbers.includes(number)) {
    const message = `there is no key ${number} in ${state}, it has ${numbers.join(', ')}`;
    throw new Failure('no-device', message, `See: ${PROGRAM} keys list --state ${state}`);
  }
  const exported = await describeKey(state, number, privateKeys);
  if (out === undefined) {
    output.document(exported);
    output.line(JSON.stringify(exported, null, 2));
    return;
  }
  writeSecretFile(out, `${JSON.stringify(exported, null, 2)}\n`);
  output.document({ number, serialNumber: exported.serialNumber, privateKeys, file: out });
  output.line(`Wrote key ${number} (${exported.serialNumber}) to ${out}.`);
  if (privateKeys) output.line('Whoever has this file has the key.');
}

async function importFrom(file: string, options: KeysOptions): Promise<void> {
  const output = new Output(options);
  const { state } = options;
  const exported = parse(readFileSync(file, 'utf8'), file);
  const number = Math.max(0, ...(await keyNumbers(state))) + 1;
  const model = await withKeyStore(state, number, (store) => importKey(store, exported));
  const { serialNumber } = await describeKey(state, number, false);
  output.document({ number, model, serialNumber });
  output.line(`Imported ${serialNumber} as key ${number}.`);
  output.line(`Plug it in: ${PROGRAM} start --state ${state} --model ${model} --keys ${number}`);
}

function describeKey(state: string, number: number, privateKeys: boolean): Promise<KeyExport> {
  return withKeyStore(state, number, (store) => exportKey(store, { privateKeys, now: Date.now() }));
}

/** A folder that is not there is not made either. */
function assertState(state: string): void {
  if (isStateFolder(state)) return;
  throw new Failure(
    'no-device',
    `no lab has kept its keys in ${state}`,
    `Make some: ${PROGRAM} start --state ${state}`,
  );
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure('failed', `${file}: expected JSON, got something else`, undefined, { cause });
  }
}
