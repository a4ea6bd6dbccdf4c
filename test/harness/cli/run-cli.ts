import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export const MAIN = resolve(import.meta.dirname, '../../../dist/harness/cli/main.js');
if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);

export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment with no lab of the machine's user in sight, and this lab's folder instead. */
export function environment(stateHome: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { CTAPLAB_URL, CTAPLAB_TOKEN, CTAPLAB_DEVICE, NO_COLOR, FORCE_COLOR, npm_execpath, ...inherited } = process.env;
  return { ...inherited, XDG_RUNTIME_DIR: stateHome, CI: '1', ...more };
}

export function spawnCli(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [MAIN, ...args], { env });
}

/** Runs `ctaplab ARGS` to its end. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv, stdin = ''): Promise<CliResult> {
  const child = spawnCli(args, env);
  child.stdin.end(stdin);
  const [[status, signal], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, signal, stdout, stderr };
}

/** The first line that a child prints; rejects where it ends before. */
export async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  let seen = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  for await (const data of child.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    seen += data;
    const end = seen.indexOf('\n');
    if (end >= 0) return seen.slice(0, end);
  }
  throw new Error(`expected a line, but the program ended after ${JSON.stringify(seen)}; stderr: ${errors}`);
}
