/** `ctaplab load`: many users with a security key each, at a relying party all at once. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import type { LoadFlow } from '../load/run-load.ts';
import type { LoadSummary } from '../load/summary.ts';
import { closing } from './closing.ts';
import { Failure } from './failure.ts';
import { argument, integer } from './key-options.ts';
import { Output, printable } from './output.ts';
import { verb } from './verb.ts';

interface LoadVerbOptions {
  readonly json?: boolean;
  readonly origin: string;
  readonly users: number;
  readonly duration: number;
  readonly timeout: number;
}

const FLOW_HELP = `
A flow is an ES module. Its default export is one turn of one user, and \`begin\`, where it exports that, what each user
does once before the clock starts:

  export async function begin(user) {
    const options = await user.post('/register/options', { name: \`load-\${user.number}\` });
    await user.post('/register', await user.client.create(options));
  }
  export default async function signIn(user) {
    const options = await user.post('/sign-in/options');
    await user.post('/sign-in', await user.client.get(options));
  }

A user has a key that is touched at once (client), cookies (fetch, post) and a place for what it remembers (state).
Certificates of an authority of your own: NODE_EXTRA_CA_CERTS. The exit code is 1 where a turn failed.`;

export function command(): Command {
  return verb('load', 'load a relying party: many users, a security key each', [
    'load sign-in.mjs --origin https://login.example.com --users 50 --duration 30',
    'load sign-in.mjs --origin http://localhost:3000 --json',
  ])
    .argument('<flow>', 'file of what a user does')
    .requiredOption('--origin <origin>', 'origin of the relying party', argument(originOf))
    .addOption(new Option('--users <n>', 'how many, all at once').default(10).argParser(integer(1, 10_000)))
    .addOption(new Option('--duration <s>', 'seconds in which turns begin').default(10).argParser(integer(1, 86_400)))
    .addOption(new Option('--timeout <s>', 'seconds that a turn may take').default(30).argParser(integer(1, 3600)))
    .addHelpText('after', FLOW_HELP)
    .action(load);
}

async function load(file: string, { origin, users, duration, timeout, ...options }: LoadVerbOptions): Promise<void> {
  const output = new Output(options);
  const flow = await flowOf(file);
  const { runLoad } = await import('../load/run-load.ts');
  const control = new AbortController();
  const summary = await closing(async (onClose) => {
    // A second one ends the process at once.
    const interrupt = () => control.abort();
    process.once('SIGINT', interrupt);
    onClose(() => process.off('SIGINT', interrupt));
    onClose(() => output.clearProgress());
    let shown = 0;
    return runLoad(flow, {
      origin,
      users,
      duration: duration * 1000,
      timeout: timeout * 1000,
      signal: control.signal,
      onProgress(phase, done, failed) {
        const now = performance.now();
        if (now - shown < 100) return;
        shown = now;
        output.progress(phase === 'begin' ? `${done} of ${users} users` : `${done} turns, ${failed} failed`);
      },
    });
  });
  output.document(summary);
  tell(output, summary);
  process.exitCode = summary.failed > 0 || summary.turns === 0 ? 1 : 0;
}

function tell(output: Output, { turns, failed, users, seconds, perSecond, latency, errors }: LoadSummary): void {
  const each = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ms`;
  output.line(
    `${users} users, ${seconds.toFixed(1)} s: ${turns} turns, ${failed} failed, ${perSecond.toFixed(1)} a second`,
  );
  if (latency !== undefined) {
    const { median, p95, p99, max } = latency;
    output.line(`a turn: median ${each(median)}, 95 % ${each(p95)}, 99 % ${each(p99)}, longest ${each(max)}`);
  }
  for (const { message, count } of errors) output.line(`${count} times: ${printable(message)}`);
}

/** @throws Failure where the file is no flow */
async function flowOf(file: string): Promise<LoadFlow> {
  const path = resolve(file);
  if (!existsSync(path)) throw new Failure('usage', `there is no file ${file}`);
  let exported: Record<string, unknown>;
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new Failure('usage', `${file} does not load: ${(cause as Error).message}`, undefined, { cause });
  }
  const { default: turn, begin } = exported;
  if (typeof turn !== 'function') {
    throw new Failure('usage', `${file}: expected a default export that is a function, got ${typeof turn}`);
  }
  if (begin !== undefined && typeof begin !== 'function') {
    throw new Failure('usage', `${file}: expected the export "begin" to be a function, got ${typeof begin}`);
  }
  return { turn, begin } as LoadFlow;
}

/** @throws RangeError */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new RangeError(`expected an origin such as https://example.com, got ${JSON.stringify(text)}`);
}
