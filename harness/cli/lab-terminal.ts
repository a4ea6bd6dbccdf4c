/** A lab in the foreground and the person in front of it: the state of its keys, what they ask, and keystrokes that answer. */
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { keyJSON } from '../../emulator/lab/api/key-json.ts';
import type { LabKeyJSON } from '../../emulator/lab/api/schemas.ts';
import type { Lab } from '../../emulator/lab/lab.ts';
import type { LabEvent } from '../../emulator/lab/lab-events.ts';
import type { LabKey } from '../../emulator/lab/lab-key.ts';
import { ledInWords, questionInWords } from '../../emulator/lab/panel/browser/words.ts';
import { type Output, printable } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { StatusBlock } from './status-block.ts';
import type { StopRequest } from './terminal.ts';

/** Keys that a terminal has room for. */
const MOST_SHOWN = 9;

export interface LabTerminalOptions {
  readonly lab: Lab;
  readonly output: Output;
  readonly stop: StopRequest;
  /** A new link to the panel. */
  readonly panelLink: () => string;
}

/** Shows the lab on a terminal, as plain lines elsewhere; returns how to stop that. */
export function showLab(options: LabTerminalOptions): () => void {
  const { lab, output } = options;
  if (!output.terminal || !process.stdin.isTTY) return lab.events.subscribe(plainLines(lab, output));
  const view = new LabTerminal(options);
  return () => view.close();
}

/** A line for each question, and for what keys type. */
function plainLines(lab: Lab, output: Output): (event: LabEvent) => void {
  const told = new Map<string, unknown>();
  return (event) => {
    if (event.type === 'typed') output.line(typedLine(event));
    if (event.type !== 'key') return;
    const [oldest] = lab.keys.get(event.id)?.presence.manual.pending ?? [];
    if (oldest !== undefined && oldest !== told.get(event.id)) {
      const { operation, rpId, userName } = oldest.request;
      const who = [rpId, userName].filter((word) => word !== undefined).map(printable);
      output.line(`touch? key ${event.id}: ${[operation, ...who].join(' ')} ${PROGRAM} touch ${event.id}`);
    }
    told.set(event.id, oldest);
  };
}

function typedLine({ id, strokes }: LabEvent & { readonly type: 'typed' }): string {
  return `key ${id} typed ${readWithLayout(strokes, findKeyboardLayout('us')).trim()}`;
}

const MARKS: Readonly<Record<LabKeyJSON['led'], string>> = {
  off: '○',
  idle: '●',
  touch: '◉',
  working: '●',
  error: '✖',
};

class LabTerminal {
  readonly #options: LabTerminalOptions;
  readonly #block = new StatusBlock(process.stdout);
  readonly #unsubscribe: () => void;
  readonly #onData = (data: Buffer) => {
    for (const char of data.toString('latin1')) this.#press(char);
  };
  #selected: string | undefined;

  constructor(options: LabTerminalOptions) {
    this.#options = options;
    this.#unsubscribe = options.lab.events.subscribe((event) => {
      if (event.type === 'typed') this.#block.print(typedLine(event));
      else this.#draw();
    });
    const { stdin } = process;
    stdin.setRawMode(true); // no signals from the terminal then: Ctrl-C comes as a byte
    stdin.on('data', this.#onData);
    stdin.resume();
    this.#draw();
  }

  close(): void {
    this.#unsubscribe();
    this.#block.close();
    const { stdin } = process;
    stdin.off('data', this.#onData);
    stdin.setRawMode(false);
    stdin.pause();
  }

  get #keys(): readonly LabKey[] {
    return [...this.#options.lab.keys.values()];
  }

  /** The key that has waited longest, else the one that was picked, else the first. */
  get #current(): LabKey | undefined {
    const since = (key: LabKey) => key.presence.manual.pending[0]?.since ?? Number.POSITIVE_INFINITY;
    const asking = this.#keys.filter(({ presence }) => presence.manual.pending.length > 0);
    const [oldest] = asking.sort((a, b) => since(a) - since(b));
    return oldest ?? this.#keys.find(({ id }) => id === this.#selected) ?? this.#keys[0];
  }

  #press(char: string): void {
    const { stop, panelLink } = this.#options;
    const key = this.#current;
    if (char === 'q' || char === '\u0003' || char === '\u0004') stop.stop();
    else if (char === 'p') this.#block.print(`Panel: ${panelLink()} (opens once)`);
    else if (/[1-9]/.test(char) && this.#options.lab.keys.has(char)) this.#selected = char;
    else if (key === undefined) return;
    else if (char === ' ') this.#act(key.touch('short'));
    else if (char === 'l') this.#act(key.touch('long'));
    else if (char === 'd') key.presence.manual.deny();
    else if (char === 'r') this.#act(key.inserted ? key.remove() : key.insert());
    this.#draw();
  }

  #act(action: Promise<unknown>): void {
    action.catch((error: unknown) =>
      this.#block.print(`ctaplab: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  #draw(): void {
    const { dim } = this.#options.output.colors;
    const keys = this.#keys;
    // What asks for a touch is shown in any case.
    const shown = keys.filter((key, index) => index < MOST_SHOWN || key.presence.manual.pending.length > 0);
    const more = keys.length - shown.length;
    this.#block.draw([
      '',
      ...shown.flatMap((key) => this.#linesOf(key)),
      ...(more > 0 ? [dim(`  and ${more} more keys`)] : []),
      dim('[space] touch  [l] long touch  [d] deny  [r] remove or insert  [1-9] choose  [p] panel  [q] end'),
    ]);
  }

  #linesOf(key: LabKey): string[] {
    const { id, led, product, pending } = keyJSON(key);
    const { bold, dim, green, red, yellow } = this.#options.output.colors;
    const colour = { off: dim, idle: green, touch: yellow, working: green, error: red }[led];
    const name = `key ${id}`;
    const state = `${colour(MARKS[led])} ${key === this.#current ? bold(name) : name}  ${product}  ${colour(ledInWords(led))}`;
    const [question] = pending;
    if (question === undefined) return [state];
    return [state, `    ${bold(yellow('touch?'))} ${printable(questionInWords(question))}.  ${dim('[space] [d]')}`];
  }
}
