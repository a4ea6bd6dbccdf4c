/** `ctaplab exec`: any program, with keys plugged in around it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Command } from 'commander';
import type { Lab } from '../../emulator/lab/lab.ts';
import { LabClient } from '../lab/lab-client.ts';
import { closing } from './closing.ts';
import { Failure } from './failure.ts';
import { addKeyOptions, type KeyOptions, labOptions } from './key-options.ts';
import { reportFailure } from './output.ts';
import { verb } from './verb.ts';

interface ExecOptions extends KeyOptions {
  readonly json?: boolean;
  readonly config?: string;
}

export function command(): Command {
  const exec = verb('exec', 'run a command with a key plugged in', [
    'exec -- ssh-keygen -t ecdsa-sk -f id -N ""',
    'exec --transport udp --keys 2 -- env',
    'exec --config ctaplab.json -- npm test',
  ]);
  return addKeyOptions(exec, 'auto')
    .option('--config <file>', 'JSON with the keys and tokens, each with a model, transports and more of its own')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
The command finds CTAPLAB_URL and CTAPLAB_TOKEN (the lab's control API) and
CTAPLAB_DEVICE (the first key; CTAPLAB_DEVICES has them all, with blanks between)
in its environment. It begins when the lab is healthy. Its exit status is passed on:
128 + N where signal N ended it, 127 where it was not found, 126 where it could
not be run. --json changes how this program's own errors are told. The schema of the
file of --config is ctaplab.schema.json, in the package.`,
    )
    .action(execute);
}

async function execute(words: readonly [string, ...string[]], options: ExecOptions): Promise<void> {
  const [{ Lab }, { serveControlApi }] = await Promise.all([
    import('../../emulator/lab/lab.ts'),
    import('../../emulator/lab/server.ts'),
  ]);
  await closing(async (onClose) => {
    const file = options.config === undefined ? undefined : await readConfig(options.config);
    const wanted = labOptions(options, 'auto');
    const lab = await Lab.open(file === undefined ? wanted : { ...wanted, keys: 0 });
    onClose(() => lab.close());
    await file?.furnish(lab);
    const onDefect = (error: unknown) => process.stderr.write(`ctaplab: ${error}\n`);
    const server = await serveControlApi(lab, { onDefect });
    onClose(() => server.close());
    await new LabClient(server).health();
    const devices = [...lab.keys.values()].flatMap((key) => key.devices);
    const environment = {
      CTAPLAB_URL: server.url,
      CTAPLAB_TOKEN: server.token,
      CTAPLAB_DEVICE: devices[0],
      CTAPLAB_DEVICES: devices.join(' '),
    };
    process.exitCode = await runCommand(words, { ...process.env, ...environment }, options.json === true);
  });
}

async function readConfig(path: string): Promise<{ furnish(lab: Lab): Promise<void> }> {
  const { furnish, readLabConfig } = await import('./lab-config.ts');
  const config = readLabConfig(path);
  return { furnish: (lab) => furnish(lab, config) };
}

/** Runs the command on our own stdin, stdout and stderr; resolves to the status that a shell would see. */
async function runCommand(
  [file, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  json: boolean,
): Promise<number> {
  const child = spawn(file, args, { env, stdio: 'inherit' });
  const stop = passSignals(child);
  // Should this program break down, its keys go with it; nothing is left that waits for them.
  const abandon = () => child.kill('SIGTERM');
  process.once('exit', abandon);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    const notFound = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = notFound ? `there is no command ${JSON.stringify(file)}` : `${file}: ${(error as Error).message}`;
    reportFailure(new Failure('failed', message, 'Check the command after "--".'), json);
    return notFound ? 127 : 126;
  } finally {
    process.off('exit', abandon);
    stop();
  }
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals go to the command, and we stay until it ends: so the key is always unplugged. */
function passSignals(child: ChildProcess): () => void {
  const handlers = FORWARDED.map((signal) => {
    const handler = () => {
      // A terminal sends these to the command itself, which shares our process group.
      const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
      if (!fromTerminal) child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
