/** `ctaplab token start`: a virtual programmable token in vsmartcard's virtual reader. */
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  findProgrammableToken,
  type ProgrammableTokenModel,
  programmableTokenModels,
} from '../../ctap/token2/models.ts';
import { closing } from './closing.ts';
import { argument, integer } from './key-options.ts';
import { Output } from './output.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface StartOptions {
  readonly json?: boolean;
  readonly model: ProgrammableTokenModel;
  readonly drift: number;
  readonly timeSync?: 'restricted' | 'unrestricted';
  readonly port: number;
  readonly state?: string;
}

const FIRST_READER = 35963;
const MAX_DRIFT = 100_000;

export function command(): Command {
  return verb('start', 'run a virtual token in the foreground; each line of stdin shows its code', [
    'token start --model c302-i --drift 50',
  ])
    .addOption(
      new Option('--model <name>', programmableTokenModels.map(({ name }) => name).join(', '))
        .default(findProgrammableToken('c302-i'), 'c302-i')
        .argParser(argument(findProgrammableToken)),
    )
    .option('--drift <ppm>', 'parts per million by which its clock runs fast; negative for slow', drift, 0)
    .addOption(new Option('--time-sync <how>', 'default: as the model').choices(['restricted', 'unrestricted']))
    .option('--port <p>', 'where the virtual reader (vpcd) listens', integer(1, 65_535), FIRST_READER)
    .option('--state <dir>', 'folder that keeps the token from one run to the next')
    .addHelpText('after', '\nA line "N" of stdin shows the code of profile N, "press" presses the button.')
    .action(start);
}

function drift(text: string): number {
  const value = /^-?\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= MAX_DRIFT) return value;
  throw new InvalidArgumentError(
    `expected parts per million from -${MAX_DRIFT} to ${MAX_DRIFT}, got ${JSON.stringify(text)}`,
  );
}

function start(options: StartOptions): Promise<void> {
  return closing(async (onClose) => {
    const output = new Output(options);
    const stop = new StopRequest();
    onClose(() => stop.close());
    const [{ ProgrammableToken }, { nodeSm4 }, { systemClock }, { systemRandom }, { attachVpcd }] = await Promise.all([
      import('../../emulator/programmable-token.ts'),
      import('../../emulator/sm4-node.ts'),
      import('../../emulator/clock.ts'),
      import('../../emulator/random.ts'),
      import('../../emulator/transports/pcsc-vpcd.ts'),
    ]);
    const store = await openStore(options.state);
    onClose(() => store.close());
    const token = await ProgrammableToken.open({
      environment: { clock: systemClock, random: systemRandom, store },
      sm4: nodeSm4(),
      model: options.model,
      driftPpm: options.drift,
      timeSync: options.timeSync,
    });
    const attachment = await attachVpcd(token, { port: options.port });
    onClose(() => attachment.detach());
    output.document({ serial: token.serial, model: token.model.name, device: attachment.device });
    output.line(`ready  token ${token.serial} (${token.model.name})  ${attachment.device}`);
    onClose(
      readLines(async (line) => {
        if (line === 'press') {
          const confirmed = await token.press();
          output.line(confirmed ? 'confirmed' : 'nothing waits for the button');
          output.document({ confirmed });
          return;
        }
        const profile = line === '' ? 0 : Number(line);
        const code = token.code(profile) ?? null;
        output.line(code ?? 'no seed');
        output.document({ profile, code });
      }),
    );
    await stop.requested;
  });
}

async function openStore(state: string | undefined) {
  if (state === undefined) return (await import('../../emulator/store/memory.ts')).memoryStore();
  const { openLmdbStore } = await import('../../emulator/store/lmdb.ts');
  return openLmdbStore(join(state, 'token'), { namespace: 'token' });
}

/** Hands on each line of stdin; returns how to stop that. */
function readLines(onLine: (line: string) => Promise<void>): () => void {
  let pending = '';
  let turn = Promise.resolve();
  const onData = (data: Buffer) => {
    const lines = (pending + data.toString()).split(/\r?\n/);
    pending = lines.pop() ?? '';
    for (const line of lines) {
      turn = turn
        .then(() => onLine(line.trim()))
        .catch((error: unknown) => {
          process.stderr.write(`ctaplab: ${error instanceof Error ? error.message : String(error)}\n`);
        });
    }
  };
  process.stdin.on('data', onData);
  return () => {
    process.stdin.off('data', onData);
    process.stdin.pause();
  };
}
