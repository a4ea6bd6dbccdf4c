/** Finds the verb, loads its module alone, runs it, and turns what it throws into an exit code. */
import { Command, CommanderError } from 'commander';
import { ExitCode, Failure, toFailure } from './failure.ts';
import { reportFailure } from './output.ts';
import { endOwnTraffic, traceOwnTraffic } from './own-traffic.ts';
import { PROGRAM } from './program-name.ts';
import type { VerbModule } from './verb.ts';
import { packageVersion } from './version.ts';

interface Verb {
  readonly summary: string;
  readonly load: () => Promise<VerbModule>;
}

const verbs: Readonly<Record<string, Verb>> = {
  start: { summary: 'run a lab: keys, control API and the site', load: () => import('./start.ts') },
  demo: { summary: 'register and sign in once, headless, step by step', load: () => import('./demo.ts') },
  exec: { summary: 'run a command with a key plugged in', load: () => import('./exec.ts') },
  webdriver: { summary: 'serve WebDriver with virtual authenticators', load: () => import('./webdriver.ts') },
  attach: { summary: 'give the pages of a running Chromium a key', load: () => import('./attach.ts') },
  list: { summary: 'show the keys that can be reached', load: () => import('./list.ts') },
  info: { summary: 'show what a key says of itself', load: () => import('./info.ts') },
  pin: { summary: 'set or change a PIN, or see its state', load: () => import('./pin.ts') },
  passkeys: { summary: 'list, delete and rename the passkeys on a key', load: () => import('./passkeys.ts') },
  fingerprints: { summary: 'list, enrol, rename and delete fingers', load: () => import('./fingerprints.ts') },
  blobs: { summary: 'read, write and delete large blobs', load: () => import('./blobs.ts') },
  config: { summary: 'see and change the settings of a key', load: () => import('./config.ts') },
  reset: { summary: 'take a key back to how it was made', load: () => import('./reset.ts') },
  otp: { summary: 'one-time passwords on a Token2 key', load: () => import('./otp.ts') },
  token: { summary: "Token2's programmable tokens: info, seed, config, sync", load: () => import('./token.ts') },
  type: { summary: 'touch an idle key, and show what it types', load: () => import('./type.ts') },
  touch: { summary: 'touch a key of a running lab, or refuse', load: () => import('./touch.ts') },
  wait: { summary: 'wait until a key of a running lab asks, or is idle', load: () => import('./wait.ts') },
  insert: { summary: 'plug a key of a running lab in', load: () => import('./insert.ts') },
  remove: { summary: 'pull a key of a running lab out', load: () => import('./remove.ts') },
  clock: { summary: 'see and change the clock of a running lab', load: () => import('./clock.ts') },
  fault: { summary: 'let a key of a running lab misbehave; list the faults', load: () => import('./fault.ts') },
  mcp: { summary: 'serve a lab to programs that speak MCP, over stdio', load: () => import('./mcp.ts') },
  conformance: { summary: 'judge a key by the specifications', load: () => import('./conformance.ts') },
  probe: { summary: 'what a key is, how fast, how much it takes', load: () => import('./probe.ts') },
  keys: { summary: 'list, export and import the keys of a lab that is kept', load: () => import('./keys.ts') },
  trace: { summary: 'decode what goes over the wire, live or out of a capture', load: () => import('./trace.ts') },
  recording: { summary: 'show, replay and compare recorded ceremonies', load: () => import('./recording.ts') },
  metadata: { summary: 'describe the models for relying parties, signed', load: () => import('./metadata.ts') },
  load: { summary: 'load a relying party: many users, a key each', load: () => import('./load.ts') },
  bench: { summary: 'measure this program against bare OpenSSL and cbor-x', load: () => import('./bench.ts') },
};

const EPILOGUE = `
Exit codes:
  0  all that was asked for was done
  1  it was tried and failed
  2  the command line makes no sense
  3  no such key, or no running lab
  4  the key or its user said no
  5  nobody touched the key in time, or it did not answer

Examples:
  $ ctaplab start                     a key and a site to try it on, until Ctrl-C
  $ ctaplab exec -- ssh-add -K        any program, with a key plugged in
  $ ctaplab info virtual --json       what a fresh virtual key says of itself`;

async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('ctaplab')
    .description('A virtual FIDO2 security key, and a client for real ones.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .enablePositionalOptions()
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    .hook('preAction', startTrace)
    .configureOutput({ outputError: () => {} }); // run() tells errors, in JSON too
  const words = args.filter((arg) => !arg.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const [name, { summary, load }] of Object.entries(verbs)) {
    const command = name === wanted ? (await load()).command() : new Command(name).summary(summary);
    root.addCommand(inherit(command, root));
  }
  return root;
}

const DEVICE_ARGUMENTS: ReadonlySet<string> = new Set(['device', 'reader']);

function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  if (command.registeredArguments.some((argument) => DEVICE_ARGUMENTS.has(argument.name()))) {
    command.option('--trace <file>', 'write what goes over the wire to a file: .pcapng, .json, .log; - for stderr');
  }
  for (const child of command.commands) inherit(child, command);
  return command;
}

async function startTrace(_: Command, action: Command): Promise<void> {
  const { trace } = action.opts<{ readonly trace?: string }>();
  if (trace !== undefined) await traceOwnTraffic(trace);
}

/** What commander says, as a failure; undefined where it has only shown help. */
function usageFailure(error: CommanderError, args: readonly string[]): Failure | undefined {
  if (error.exitCode === 0) return undefined;
  const verb = args.find((arg) => Object.hasOwn(verbs, arg));
  const help = verb === undefined ? `${PROGRAM} --help` : `${PROGRAM} ${verb} --help`;
  const message = error.code === 'commander.help' ? 'expected a verb, got none' : error.message.replace(/^error: /, '');
  return new Failure('usage', message, `See: ${help}`);
}

/** Runs the command line; resolves to the exit code once everything is closed. */
export async function run(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(ExitCode.ok); // the reader has seen enough, as in "ctaplab list | head -1"
  });
  const end = args.indexOf('--');
  const json = args.slice(0, end < 0 ? args.length : end).includes('--json');
  try {
    if (args.length === 0) throw new Failure('usage', 'expected a verb, got none', `See: ${PROGRAM} --help`);
    await (await program(args)).parseAsync(args, { from: 'user' });
    // A verb whose answer is a status of its own, as exec, has set it.
    return typeof process.exitCode === 'number' ? process.exitCode : ExitCode.ok;
  } catch (error) {
    const failure = error instanceof CommanderError ? usageFailure(error, args) : toFailure(error);
    if (failure === undefined) return ExitCode.ok;
    reportFailure(failure, json);
    return failure.exitCode;
  } finally {
    endOwnTraffic();
  }
}
