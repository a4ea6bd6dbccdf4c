import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { Job, type JobOptions, type JobResult } from './job.ts';

/** Lines of a complaint of the kernel that an error repeats at most. */
const MAX_COMPLAINT = 200;

/** Where the guest sees the job folder. */
export const GUEST_SHARE = '/run/ctaplab';

/** How another process of this machine finds a running guest. Plain data, may cross process borders. */
export interface GuestAddress {
  /** The job folder on the host: jobs/, files/, console.log, agent. */
  readonly folder: string;
  /** Unix socket behind the guest's second serial line. */
  readonly socket: string;
  /** Process id of the emulator, to end a guest that no longer answers. */
  readonly pid: number;
}

export interface RunOptions extends JobOptions {
  /** Seconds until the job is ended; 300 unless told. */
  readonly timeout?: number;
}

/** The guest no longer runs or no longer answers: nothing more can be done in it. */
export class DeadGuestError extends Error {
  override readonly name = 'DeadGuestError';
}

/** The job was ended because its time was over. */
export class JobTimeoutError extends Error {
  override readonly name = 'JobTimeoutError';
}

/** A running guest: starts commands in it and brings back what they say. One connection at a time. */
export class Guest {
  readonly address: GuestAddress;
  readonly #socket: Socket;
  readonly #jobs = new Map<string, Job>();
  readonly #pings = new Map<string, () => void>();
  #pending = '';
  #serial = 0;
  #death: DeadGuestError | undefined;
  #closing = false;
  readonly #readiness: Promise<void>;
  #onReady: () => void = () => undefined;
  readonly #dying: ((error: DeadGuestError) => void)[] = [];

  private constructor(address: GuestAddress, socket: Socket) {
    this.address = address;
    this.#socket = socket;
    this.#readiness = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#die(`the connection to it failed: ${error.message}`));
    socket.on('close', () => {
      if (!this.#closing) this.#die('it is no longer running');
    });
  }

  /** Connects to the serial line of a guest, which may still be booting. */
  static async connect(address: GuestAddress): Promise<Guest> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const opening = connect(address.socket);
      opening.once('connect', () => resolve(opening));
      opening.once('error', (error) =>
        reject(
          new DeadGuestError(
            `expected a running guest at ${address.socket}: ${error.message}\n${consoleTail(address)}`,
          ),
        ),
      );
    });
    return new Guest(address, socket);
  }

  /** Settles when the guest, just booted, takes jobs; rejects when it dies before. */
  ready(): Promise<void> {
    return this.#alive(this.#readiness);
  }

  /** Asks the guest for an answer. @throws DeadGuestError when none comes within `seconds`; the guest is ended then. */
  async ping(seconds = 60): Promise<void> {
    this.#checkAlive();
    const word = this.#nextName();
    const answer = new Promise<void>((resolve) => this.#pings.set(word, resolve));
    this.#send(`ping ${word}`);
    await this.#orEnd(answer, seconds, `it did not answer within ${seconds} s`);
  }

  /**
   * Runs a shell command to its end.
   * @throws JobTimeoutError when it takes longer than `timeout`; it and its children are killed then
   * @throws DeadGuestError when the guest is gone; the message ends with its console's last lines
   */
  async run(command: string, options: RunOptions = {}): Promise<JobResult> {
    const { timeout = 300, ...rest } = options;
    const job = await this.spawn(command, rest);
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<'over'>((resolve) => {
      timer = setTimeout(resolve, timeout * 1000, 'over');
    });
    const first = await Promise.race([job.ended, over]).finally(() => clearTimeout(timer));
    if (first !== 'over') return first;
    const { stdout, stderr } = await this.#end(job);
    writeFileSync(join(job.folder, 'console.log'), this.console());
    throw new JobTimeoutError(
      `expected the command to end within ${timeout} s, it was still running: ${command}\n` +
        `its output and the guest's console are kept in ${job.folder}\n` +
        `--- stdout ends\n${tail(stdout)}\n--- stderr ends\n${tail(stderr)}\n--- guest console ends\n${tail(this.console())}`,
    );
  }

  /** Starts a shell command in the background. */
  async spawn(command: string, options: JobOptions = {}): Promise<Job> {
    this.#checkAlive();
    const name = this.#nextName(command);
    const job = new Job(command, join(this.address.folder, 'jobs', name), options, (signal) =>
      this.#send(`signal ${name} ${signal}`),
    );
    await job.prepare();
    this.#jobs.set(name, job);
    this.#send(`start ${name}`);
    return job;
  }

  /** Ends all jobs that still run: politely first, then by force. */
  async stopJobs(): Promise<void> {
    if (this.#death !== undefined) return;
    await Promise.all([...this.#jobs.values()].map((job) => this.#end(job)));
  }

  /** Writes a file in the guest, and the folders above it. `mode` is octal, 0o644 unless told. */
  async writeFile(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    const name = this.#nextName();
    const host = join(this.address.folder, 'files', name);
    await mkdir(dirname(host), { recursive: true });
    await writeFile(host, data);
    await this.#must(
      `mkdir -p "$(dirname "$FILE")" && cp "$SHARED" "$FILE" && chmod ${mode.toString(8)} "$FILE"`,
      path,
      name,
    );
    await rm(host);
  }

  /** Reads a file of the guest. @throws Error with cp's own words when it cannot be read */
  async readFile(path: string): Promise<Uint8Array> {
    const name = this.#nextName();
    const host = join(this.address.folder, 'files', name);
    await mkdir(dirname(host), { recursive: true });
    await this.#must('cp "$FILE" "$SHARED" && chmod 644 "$SHARED"', path, name);
    const data = await readFile(host);
    await rm(host);
    return data;
  }

  /** Brings a file of the guest to a path of the host. */
  async fetchFile(path: string, hostPath: string): Promise<void> {
    const name = this.#nextName();
    const host = join(this.address.folder, 'files', name);
    await mkdir(dirname(host), { recursive: true });
    await this.#must('cp "$FILE" "$SHARED" && chmod 644 "$SHARED"', path, name);
    await copyFile(host, hostPath);
    await rm(host);
  }

  /** All that the guest's kernel and process 1 have printed so far. */
  console(): string {
    return readConsole(this.address);
  }

  /** Declares the guest dead and ends its emulator; what waits for it is rejected. */
  end(reason: string): void {
    this.#die(reason);
    try {
      process.kill(this.address.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Lets go of the guest, which runs on. */
  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  /** Asks the guest to power off; the emulator ends soon after. */
  powerOff(): void {
    this.#closing = true;
    if (this.#death === undefined) this.#send('stop');
  }

  async #must(command: string, path: string, name: string): Promise<void> {
    const env = { FILE: path, SHARED: `${GUEST_SHARE}/files/${name}` };
    const { status, stderr } = await this.run(command, { env });
    if (status !== 0) throw new Error(`expected to exchange ${path} with the guest: ${stderr.trim()}`);
  }

  async #end(job: Job): Promise<JobResult> {
    job.kill('TERM');
    const polite = setTimeout(() => job.kill('KILL'), 5000);
    try {
      return await this.#orEnd(job.ended, 60, `it did not end a job within 60 s: ${job.command}`);
    } finally {
      clearTimeout(polite);
    }
  }

  /** What `promise` gives, unless that takes too long: then the guest counts as hung and is ended. */
  async #orEnd<T>(promise: Promise<T>, seconds: number, reason: string): Promise<T> {
    const timer = setTimeout(() => this.end(reason), seconds * 1000);
    try {
      return await this.#alive(promise);
    } finally {
      clearTimeout(timer);
    }
  }

  #alive<T>(promise: Promise<T>): Promise<T> {
    this.#checkAlive();
    return Promise.race([promise, new Promise<never>((_, reject) => this.#dying.push(reject))]);
  }

  #checkAlive(): void {
    if (this.#death !== undefined) throw this.#death;
  }

  #take(text: string): void {
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop()!;
    for (const line of lines) {
      const [verb, name = '', status] = line.trim().split(' ');
      if (verb === 'ready') this.#onReady();
      else if (verb === 'pong') this.#pings.get(name)?.();
      else if (verb === 'exit') {
        this.#jobs.get(name)?.end(Number(status));
        this.#jobs.delete(name);
      }
    }
  }

  #die(reason: string): void {
    if (this.#death !== undefined) return;
    this.#death = new DeadGuestError(
      `the guest is dead: ${reason}\nits console is kept in ${join(this.address.folder, 'console.log')} and ends:\n${consoleTail(this.address)}`,
    );
    for (const job of this.#jobs.values()) job.fail(this.#death);
    this.#jobs.clear();
    for (const reject of this.#dying.splice(0)) reject(this.#death);
    this.#socket.destroy();
  }

  #send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Unique over all processes that ever use this guest, and telling to a reader of the folder. */
  #nextName(command = ''): string {
    this.#serial += 1;
    const slug = command
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40);
    return [process.pid, String(this.#serial).padStart(3, '0'), ...(slug === '' ? [] : [slug])].join('-');
  }
}

/** The last lines of a text. */
export function tail(text: string, lines = 40): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

function readConsole(address: GuestAddress): string {
  const path = join(address.folder, 'console.log');
  return statSync(path, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(path, 'utf8').replaceAll('\r', '');
}

/** The last lines, and all since the kernel's last complaint: the trace that follows it can be long. */
function consoleTail(address: GuestAddress): string {
  const text = readConsole(address);
  const complaint = Math.max(...['Kernel panic', 'Oops:', 'BUG:'].map((words) => text.lastIndexOf(words)));
  const since = complaint < 0 ? '' : tail(text.slice(complaint), MAX_COMPLAINT);
  const last = tail(text);
  return (since.length > last.length ? since : last) || '(the console is empty)';
}
