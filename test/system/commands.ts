/** Commands in the guest that must end well, or must not; a test that fails tells all that they said. */
import type { RunOptions } from '../../scripts/kernel/guest.ts';
import { shellQuote } from '../../scripts/kernel/job.ts';
import type { JobResult, Kernel } from './kernel.ts';

/**
 * Runs a shell command that must succeed; resolves to what it printed on stdout.
 * @throws Error with its output and the folder that keeps it
 */
export async function succeed(kernel: Kernel, command: string, options?: RunOptions): Promise<string> {
  const result = await kernel.run(command, options);
  if (result.status !== 0) throw new Error(`expected the command to succeed: ${command}\n${report(result)}`);
  return result.stdout;
}

/**
 * Runs a shell command that must fail by itself, not by a signal.
 * @throws Error with its output and the folder that keeps it
 */
export async function fail(kernel: Kernel, command: string, options?: RunOptions): Promise<JobResult> {
  const result = await kernel.run(command, options);
  const { status } = result;
  // 255 is how ssh fails; what else is above 125 is the shell's word that a command was not found, or of a signal.
  if (status === 0 || (status > 125 && status < 255)) {
    throw new Error(`expected the command to fail: ${command}\n${report(result)}`);
  }
  return result;
}

/** What a command said, for a message. */
export function report({ status, stdout, stderr, folder }: JobResult): string {
  return `status ${status}, kept in ${folder}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;
}

/** A command line that runs `command` on a terminal of its own, and answers its prompts in their order. */
export function onTerminal(command: string, ...answers: readonly string[]): string {
  return ['python3 test/system/python/on-terminal.py', ...answers.map(shellQuote), '--', command].join(' ');
}
