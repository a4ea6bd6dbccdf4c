import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DeadGuestError, tail } from './guest.ts';
import { shellQuote } from './job.ts';
import { bootMachine, type Machine } from './machine.ts';

const HELP = `Usage: scripts/in-kernel [--timeout SECONDS] [--keep-logs FOLDER] COMMAND [ARGUMENT...]

Boots Debian's stock kernel in an emulator over this machine's own files, runs COMMAND
there as root in the current folder, and ends with its exit status. Everything that is
installed here is there too; what the command writes is lost, but for the folder
/run/ctaplab, which is FOLDER. A single argument is taken as a line of shell.
/tmp is empty there. The guest has /dev/uhid and /dev/uinput; modprobe loads the rest.

  --timeout SECONDS   end the command after this time, with status 124
  --keep-logs FOLDER  keep the output and the guest's console there
  --help              this text

Status 125 means that the guest itself failed; its console is shown then.
CTAPLAB_ACCEL=tcg passes over KVM, CTAPLAB_CACHE names the folder for the kernel.
`;

/** Variables that name things which the guest does not have. */
const FOREIGN =
  /^(PWD|OLDPWD|SHLVL|_|TMPDIR|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK)$/;
/** Folders of the host that something else covers in the guest. */
const COVERED = /^\/(tmp|run|dev|proc|sys)(\/|$)/;

async function main(): Promise<number> {
  const own = ownArguments(process.argv.slice(2));
  const { values } = parseArgs({
    args: own.options,
    options: { timeout: { type: 'string' }, 'keep-logs': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (own.command.length === 0) throw new UsageError('expected a command to run, none came');
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (timeout !== undefined && !(timeout > 0))
    throw new UsageError(`expected a number of seconds, --timeout has ${values.timeout}`);
  if (COVERED.test(process.cwd()))
    throw new UsageError(`expected a current folder that the guest has too, ${process.cwd()} is fresh there`);

  const kept = values['keep-logs'];
  const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'ctaplab-kernel-')) : resolve(kept);
  const finish = (status: number) => {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    return status;
  };
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(finish(status)));
  }
  let machine: Machine | undefined;
  try {
    machine = await bootMachine({ folder });
    return finish(await runThere(machine, own.command, timeout));
  } catch (error) {
    if (!(error instanceof DeadGuestError)) throw error;
    console.error(`in-kernel: ${error.message}`);
    return 125;
  } finally {
    await machine?.stop();
  }
}

async function runThere({ guest }: Machine, words: readonly string[], timeout: number | undefined): Promise<number> {
  const command = words.length === 1 ? words[0]! : words.map(shellQuote).join(' ');
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !FOREIGN.test(name)) env[name] = value;
  }
  const job = await guest.spawn(command, { env });
  let late = false;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          guest.stopJobs().catch(() => undefined);
        }, timeout * 1000);
  await job.follow(
    (data) => process.stdout.write(data),
    (data) => process.stderr.write(data),
  );
  clearTimeout(timer);
  const { status } = await job.ended;
  if (!late) return status;
  console.error(
    `in-kernel: expected the command to end within ${timeout} s; the guest's console ends:\n${tail(guest.console()) || '(empty)'}`,
  );
  return 124;
}

/** Our options end at the first word that is not one; the rest belongs to the command. */
function ownArguments(words: readonly string[]): { options: string[]; command: string[] } {
  let at = 0;
  while (at < words.length && words[at]!.startsWith('-')) {
    const word = words[at]!;
    at += 1;
    if (word === '--') return { options: words.slice(0, at - 1), command: words.slice(at) };
    if (word === '--timeout' || word === '--keep-logs') at += 1;
  }
  return { options: words.slice(0, at), command: words.slice(at) };
}

class UsageError extends Error {}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  console.error(`in-kernel: ${(error as Error).message}${usage ? '; see --help' : ''}`);
  process.exitCode = usage ? 2 : 125;
}
