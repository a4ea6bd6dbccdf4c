/** A lab in the guest: virtual keys in its kernel, told to by the control API. */
import type { PendingJSON } from '../../emulator/lab/api/schemas.ts';
import { succeed } from './commands.ts';
import type { Job, JobResult, Kernel } from './kernel.ts';

/** What `ctaplab start --json` prints when it is ready. */
export interface ReadyLab {
  readonly pid: number;
  readonly url: string;
  readonly site: string | null;
  readonly keys: readonly {
    readonly id: string;
    readonly serialNumber: string | null;
    /** `hidraw:/dev/hidrawN` for a key in the kernel. */
    readonly devices: readonly string[];
  }[];
}

/** How the command line is called in the guest, from the checkout. */
export const CTAPLAB = 'node dist/harness/cli/main.js';

/** Seconds for a lab to come up in an emulated machine. */
const PATIENCE = 120;

/** One request over bash's own TCP: a Node in the emulated machine takes seconds to start. */
const ASK = `
token=$(sed 's/.*"token":"\\([^"]*\\)".*/\\1/' "$HOME/.local/state/ctaplab/lab-$LAB_PID.json")
exec 3<>"/dev/tcp/$LAB_HOST/$LAB_PORT"
printf '%s\\r\\n' "$METHOD $TARGET HTTP/1.1" "Host: $LAB_HOST:$LAB_PORT" "Authorization: Bearer $token" \\
  'Content-Length: 0' 'Connection: close' '' >&3
cat <&3`;

export class Lab implements ReadyLab {
  readonly pid: number;
  readonly url: string;
  readonly site: string | null;
  readonly keys: ReadyLab['keys'];
  readonly job: Job;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel, job: Job, ready: ReadyLab) {
    this.pid = ready.pid;
    this.url = ready.url;
    this.site = ready.site;
    this.keys = ready.keys;
    this.job = job;
    this.#kernel = kernel;
  }

  /** The first key's node, as /dev/hidraw0. */
  get node(): string {
    return this.keys[0]!.devices[0]!.replace(/^hidraw:/, '');
  }

  /**
   * Asks the control API; resolves to the answer's JSON.
   * @param then a shell command that follows in the same job, where it must be soon after; it must succeed, and print nothing
   * @throws Error with the answer where it is not 200
   */
  async ask(method: 'GET' | 'POST', path: string, then = 'true'): Promise<unknown> {
    const { hostname, port } = new URL(this.url);
    const env = {
      LAB_PID: String(this.pid),
      LAB_HOST: hostname,
      LAB_PORT: port,
      METHOD: method,
      TARGET: path,
    };
    const answer = await succeed(this.#kernel, `${ASK}\n${then}`, { env });
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`${method} ${path}: expected 200, got ${answer}`);
    return JSON.parse(body);
  }

  /** Pulls the first key out and plugs it in again: its power-up. `then` as for {@link ask}. @returns its node */
  async replug(then?: string): Promise<string> {
    await this.ask('POST', '/keys/1/remove');
    const { key } = (await this.ask('POST', '/keys/1/insert', then)) as { key: { devices: string[] } };
    return key.devices[0]!.replace(/^hidraw:/, '');
  }

  /** Waits until the first key asks for a touch, and answers; resolves to what it asked for. For `--touch manual`. */
  async answer(how: 'touch' | 'deny'): Promise<PendingJSON> {
    const { pending } = (await this.ask('GET', '/keys/1/pending?wait=60000')) as { pending: PendingJSON[] };
    await this.ask('POST', `/keys/1/${how}`);
    return pending[0]!;
  }

  /** Ends the lab, and resolves to what it printed. */
  stop(): Promise<JobResult> {
    return this.job.stop();
  }
}

/** Starts `ctaplab start --transport uhid` in the guest with more options, and waits until its keys are there. */
export async function startLab(kernel: Kernel, ...options: readonly string[]): Promise<Lab> {
  const job = await kernel.spawn(['exec', CTAPLAB, 'start --json --transport uhid', ...options].join(' '));
  const [line] = await job.waitForLine(/^\{.*\}$/, { timeout: PATIENCE });
  const ready = JSON.parse(line) as ReadyLab;
  if (!ready.keys.every((key) => key.devices.some((device) => device.startsWith('hidraw:')))) {
    throw new Error(`expected keys with hidraw nodes, the lab said ${line}`);
  }
  return new Lab(kernel, job, ready);
}
