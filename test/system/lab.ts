/** A lab in the guest: virtual keys in its kernel, told to by the control API through the command line. */
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

export interface Lab extends ReadyLab {
  readonly job: Job;
  /** The first key's node, as /dev/hidraw0. */
  readonly node: string;
  /** Ends the lab, and resolves to what it printed. */
  stop(): Promise<JobResult>;
}

/** Seconds for a lab to come up in an emulated machine. */
const PATIENCE = 120;

/** Starts `ctaplab start --transport uhid` in the guest with more options, and waits until its keys are there. */
export async function startLab(kernel: Kernel, ...options: readonly string[]): Promise<Lab> {
  const words = ['exec', 'node', 'dist/harness/cli/main.js', 'start', '--json', '--transport', 'uhid', ...options];
  const job = await kernel.spawn(words.join(' '));
  const [line] = await job.waitForLine(/^\{.*\}$/, { timeout: PATIENCE });
  const ready = JSON.parse(line) as ReadyLab;
  const node = ready.keys[0]?.devices[0]?.replace(/^hidraw:/, '');
  if (node === undefined) throw new Error(`expected a key with a hidraw node, the lab said ${line}`);
  return { ...ready, job, node, stop: () => job.stop() };
}
