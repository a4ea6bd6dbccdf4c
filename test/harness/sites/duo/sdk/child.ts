import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Answer } from './lines.ts';

/** Where the service is, for a program that talks to it. */
export interface ServiceAddress {
  /** File of the authority's certificate. */
  readonly ca: string;
  readonly port: number;
}

/** A program of this folder in a process of its own, whose HTTPS goes to the service. */
export class SdkProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #interface: Interface;

  constructor(name: string, { ca, port }: ServiceAddress, env: Record<string, string> = {}) {
    const words = [
      '--import',
      'tsx',
      '--import',
      join(import.meta.dirname, 'trust.ts'),
      join(import.meta.dirname, name),
    ];
    this.#child = spawn(process.execPath, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env, SERVICE_CA: ca, SERVICE_PORT: String(port), NODE_EXTRA_CA_CERTS: ca },
    });
    this.#interface = createInterface({ input: this.#child.stdout });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** The next line that the program prints, as JSON. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('expected a line of the program, got its end');
    return JSON.parse(value);
  }

  /** Asks the program; resolves to its answer, be it a value or an error of the SDK. */
  async ask(request: unknown): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return (await this.next()) as Answer;
  }

  async end(): Promise<void> {
    this.#interface.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'close');
  }
}
