/** PINs come from a prompt, a file or a pipe: a command line is seen by every user of the machine. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Failure } from './failure.ts';

/** Asks on the terminal without showing what is typed; the question goes to stderr. */
export async function askHidden(question: string): Promise<string> {
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: muted, terminal: true });
  lines.on('SIGINT', () => lines.close());
  process.stderr.write(question);
  try {
    const closed = new Promise<never>((_, reject) => {
      lines.on('close', () => reject(new Failure('refused', 'no PIN was entered')));
    });
    return await Promise.race([lines.question(''), closed]);
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** Asks yes or no on the terminal; the question goes to stderr. */
export async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

function firstLine(content: string): string {
  return content.split(/\r?\n/, 1)[0] ?? '';
}

/** One secret that a verb needs. */
export interface SecretNeed {
  /** As "current PIN". */
  readonly name: string;
  /** File whose first line it is, where the user named one. */
  readonly file: string | undefined;
  /** Asked twice: nobody sees what is typed. */
  readonly fresh: boolean;
}

/**
 * The secrets in the order of `needs`: each from its file; what is left from the terminal,
 * or line by line from stdin where that is no terminal.
 */
export async function readSecrets(needs: readonly SecretNeed[]): Promise<string[]> {
  const unnamed = needs.some((need) => need.file === undefined);
  const piped = unnamed && !process.stdin.isTTY ? (await text(process.stdin)).split(/\r?\n/) : undefined;
  const secrets: string[] = [];
  for (const need of needs) {
    if (need.file !== undefined) secrets.push(firstLine(readFileSync(need.file, 'utf8')));
    else secrets.push(piped === undefined ? await askFor(need) : (piped.shift() ?? ''));
    if (secrets.at(-1) === '') {
      throw new Failure(
        'usage',
        `expected the ${need.name}, got nothing`,
        'Give it by prompt, file or a line of stdin.',
      );
    }
  }
  return secrets;
}

async function askFor({ name, fresh }: SecretNeed): Promise<string> {
  const secret = await askHidden(`${name}: `);
  if (fresh && (await askHidden(`${name} again: `)) !== secret) {
    throw new Failure('usage', `the two entries of the ${name} differ`);
  }
  return secret;
}
