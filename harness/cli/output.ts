/** What a verb prints: plain lines in a pipe, colour and progress on a terminal alone, or one JSON document. */
import pc from 'picocolors';
import type { Failure } from './failure.ts';

type Colors = ReturnType<typeof pc.createColors>;

function colorsFor(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, TERM } = process.env;
  return pc.createColors(stream.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb');
}

/** Names come from sites: no control characters of theirs reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\ufffd');
}

/** A longer cell moves the rest of its row, not the columns of all rows. */
const WIDEST_COLUMN = 48;

export class Output {
  readonly json: boolean;
  /** Colours of stdout. */
  readonly colors: Colors = colorsFor(process.stdout);

  constructor(options: { readonly json?: boolean | undefined }) {
    this.json = options.json === true;
  }

  /** Whether a person watches: then progress may be shown. */
  get terminal(): boolean {
    return !this.json && process.stdout.isTTY === true;
  }

  /** A line for people; nothing with --json. */
  line(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** The one JSON document of --json; nothing without it. Bytes must have been turned into text before. */
  document(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A passing note on the terminal, overwritten by the next; nothing elsewhere. */
  progress(text: string): void {
    if (this.terminal && process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
  }

  /** What hands have to do now, on stderr: whoever reads stdout has asked for the outcome. A line of JSON with --json. */
  instruct(sentence: string): void {
    process.stderr.write(`${this.json ? JSON.stringify({ instruction: sentence }) : sentence}\n`);
  }

  /** Clears what {@link progress} left. */
  clearProgress(): void {
    this.progress('');
  }

  /** Columns padded to the widest entry; cells must be plain text. */
  table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): void {
    const columns = Math.max(0, ...rows.map((row) => row.length));
    const widths = Array.from({ length: columns }, (_, i) =>
      Math.max(0, ...rows.map((row) => row[i]?.length ?? 0).filter((length) => length <= WIDEST_COLUMN)),
    );
    for (const row of rows) {
      const cells = row.map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
      this.line(cells.join('  ').trimEnd());
    }
  }
}

/** Tells a failure on stderr: as one line of JSON, or as a sentence and the next step. */
export function reportFailure(failure: Failure, json: boolean): void {
  if (json) {
    process.stderr.write(`${JSON.stringify(failure)}\n`);
    return;
  }
  const colors = colorsFor(process.stderr);
  process.stderr.write(`${colors.red('error:')} ${failure.message}\n`);
  if (failure.next !== undefined) process.stderr.write(`${failure.next}\n`);
  if ((process.env.CTAPLAB_DEBUG ?? '') !== '' && failure.cause instanceof Error) {
    process.stderr.write(`${failure.cause.stack}\n`);
  }
}
