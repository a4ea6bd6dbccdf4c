/** A lab in the foreground and the person in front of it: what waits for a touch, and the keys that answer. */
import type { Lab } from '../../emulator/lab/lab.ts';
import type { LabKey } from '../../emulator/lab/lab-key.ts';
import { type Output, printable } from './output.ts';
import { PROGRAM } from './program-name.ts';

/** Told once that the user wants an end: by a signal, or by {@link stop}. */
export class StopRequest {
  readonly requested: Promise<void>;
  readonly #signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  readonly #listener = () => this.stop();
  #resolve: () => void = () => {};

  constructor() {
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of this.#signals) process.on(signal, this.#listener);
  }

  stop(): void {
    this.#resolve();
  }

  close(): void {
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }
}

/** Prints each question of a key as it comes; returns how to stop that. */
export function announceTouches(lab: Lab, output: Output): () => void {
  const stops = [...lab.keys.values()].map((key) => {
    let told: unknown;
    return key.presence.manual.onChange(() => {
      const [oldest] = key.presence.manual.pending;
      if (oldest === told) return;
      told = oldest;
      if (oldest === undefined) return;
      const { operation, rpId, userName } = oldest.request;
      const who = [rpId, userName].filter((word) => word !== undefined).map(printable);
      const { bold, dim } = output.colors;
      const keys = process.stdin.isTTY ? ' [space] touch  [d] deny' : ` ${PROGRAM} touch ${key.id}`;
      output.line(`${bold('touch?')} key ${key.id}: ${[operation, ...who].join(' ')}${dim(keys)}`);
    });
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** Reads single keys where stdin is a terminal: space touches, d denies, q ends. Returns how to stop that. */
export function readKeys(lab: Lab, stop: StopRequest): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  const onData = (data: Buffer) => {
    for (const char of data.toString('latin1')) {
      if (char === ' ') touch(lab);
      else if (char === 'd') waiting(lab)?.presence.manual.deny();
      else if (char === 'q' || char === '\u0003' || char === '\u0004') stop.stop();
    }
  };
  stdin.setRawMode(true); // no signals from the terminal then: Ctrl-C comes as a byte
  stdin.on('data', onData);
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** A touch of the key that waits, else of the first one, which may type. */
function touch(lab: Lab): void {
  const [first] = lab.keys.values();
  (waiting(lab) ?? first)?.touch('short').catch((error: unknown) => {
    process.stderr.write(`ctaplab: ${error instanceof Error ? error.message : String(error)}\n`);
  });
}

/** The key that has waited longest. */
function waiting(lab: Lab): LabKey | undefined {
  const since = (key: LabKey) => key.presence.manual.pending[0]?.since ?? Number.POSITIVE_INFINITY;
  const [first] = [...lab.keys.values()].sort((a, b) => since(a) - since(b));
  return first?.presence.manual.pending.length ? first : undefined;
}
