import { type FileHandle, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How often the output of a job that someone follows is looked at, in milliseconds. */
const FOLLOW_INTERVAL = 50;

export interface JobOptions {
  /** Added to the guest's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder in the guest to start in; the host's current one unless told. */
  readonly cwd?: string;
}

export interface JobResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; 128 plus its number when a signal ended the command. */
  readonly status: number;
  /** The job's folder on the host, which keeps all of this. */
  readonly folder: string;
}

/** One command in the guest. Its folder holds command, stdout, stderr, pid and, when it has ended, status. */
export class Job {
  readonly command: string;
  /** The job's folder on the host; stays after the end. */
  readonly folder: string;
  /** Settles when the command ends by itself or by a signal; rejects when the guest dies. */
  readonly ended: Promise<JobResult>;
  readonly #options: JobOptions;
  readonly #signal: (name: string) => void;
  #running = true;
  #onEnd: (result: Promise<JobResult>) => void = () => undefined;

  constructor(command: string, folder: string, options: JobOptions, signal: (name: string) => void) {
    this.command = command;
    this.folder = folder;
    this.#options = options;
    this.#signal = signal;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    // A job that nobody waits for may end with the guest; whoever waits still gets the rejection.
    this.ended.catch(() => undefined);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Writes what the guest needs to start the job. */
  async prepare(): Promise<void> {
    const { env = {}, cwd = process.cwd() } = this.#options;
    const exports = Object.entries(env).map(([name, value]) => `export ${name}=${shellQuote(value)}\n`);
    await mkdir(this.folder, { recursive: true });
    await writeFile(
      join(this.folder, 'command'),
      `cd ${shellQuote(cwd)} || exit 126\n${exports.join('')}${this.command}\n`,
    );
    await writeFile(join(this.folder, 'stdout'), '');
    await writeFile(join(this.folder, 'stderr'), '');
  }

  /** Everything printed so far. */
  async output(): Promise<{ stdout: string; stderr: string }> {
    const [stdout, stderr] = await Promise.all([
      readFile(join(this.folder, 'stdout'), 'utf8'),
      readFile(join(this.folder, 'stderr'), 'utf8'),
    ]);
    return { stdout, stderr };
  }

  /**
   * Waits until a whole line of stdout or stderr matches.
   * @throws Error with the output so far when the job ends first or `timeout` seconds (120) are over; the job runs on then
   */
  async waitForLine(pattern: RegExp, options: { readonly timeout?: number } = {}): Promise<RegExpMatchArray> {
    const { timeout = 120 } = options;
    const deadline = performance.now() + timeout * 1000;
    for (;;) {
      const last = !this.#running || performance.now() > deadline;
      const { stdout, stderr } = await this.output();
      for (const text of [stdout, stderr]) {
        const lines = text.split('\n');
        if (this.#running) lines.pop();
        for (const line of lines) {
          const match = line.match(pattern);
          if (match !== null) return match;
        }
      }
      if (last) {
        // When the guest is dead, that is the reason to tell.
        if (!this.#running) await this.ended;
        throw new Error(
          `expected a line like ${pattern} within ${timeout} s, the command ${this.#running ? 'has not printed one' : 'ended without one'}: ` +
            `${this.command}\nits output is kept in ${this.folder}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`,
        );
      }
      await sleep(FOLLOW_INTERVAL);
    }
  }

  /** Hands on output as it comes, until the job has ended and everything was handed on. */
  async follow(onStdout: (data: Uint8Array) => void, onStderr: (data: Uint8Array) => void): Promise<void> {
    const streams = await Promise.all([
      Follower.open(join(this.folder, 'stdout'), onStdout),
      Follower.open(join(this.folder, 'stderr'), onStderr),
    ]);
    try {
      for (let last = false; !last; ) {
        last = !this.#running;
        for (const stream of streams) await stream.drain();
        if (!last) await Promise.race([sleep(FOLLOW_INTERVAL), this.ended.catch(() => undefined)]);
      }
    } finally {
      for (const stream of streams) await stream.close();
    }
  }

  /** Sends a signal to the command and all its children; nothing when it has ended. */
  kill(signal: 'TERM' | 'KILL' | 'INT' | 'HUP' | 'STOP' | 'CONT' = 'TERM'): void {
    if (this.#running) this.#signal(signal);
  }

  /** Ends the job and gives what it printed: TERM, and KILL when it has not ended after five seconds. */
  async stop(): Promise<JobResult> {
    this.kill('TERM');
    const force = setTimeout(() => this.kill('KILL'), 5000);
    return this.ended.finally(() => clearTimeout(force));
  }

  /** The guest's word that the command has ended. */
  end(status: number): void {
    this.#running = false;
    this.#onEnd(this.output().then((output) => ({ ...output, status, folder: this.folder })));
  }

  /** The command can no longer end: its guest is dead. */
  fail(error: Error): void {
    this.#running = false;
    this.#onEnd(Promise.reject(error));
  }
}

/** Reads a file that another process appends to. */
class Follower {
  readonly #file: FileHandle;
  readonly #onData: (data: Uint8Array) => void;
  #offset = 0;

  private constructor(file: FileHandle, onData: (data: Uint8Array) => void) {
    this.#file = file;
    this.#onData = onData;
  }

  static async open(path: string, onData: (data: Uint8Array) => void): Promise<Follower> {
    return new Follower(await open(path, 'r'), onData);
  }

  async drain(): Promise<void> {
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read(new Uint8Array(65536), 0, 65536, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#onData(buffer.subarray(0, bytesRead));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** One word for a POSIX shell, whatever it holds. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
