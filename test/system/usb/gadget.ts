/** A virtual key on a USB bus of the guest's kernel, and captures of that bus. */
import { succeed } from '../commands.ts';
import type { Job, Kernel } from '../kernel.ts';

/** Seconds for the key's program to come up in an emulated machine. */
const PATIENCE = 120;

export class GadgetKey {
  readonly job: Job;
  /** As /dev/hidraw0. */
  readonly node: string;
  readonly #kernel: Kernel;
  readonly #log: string;

  private constructor(kernel: Kernel, job: Job, node: string, log: string) {
    this.#kernel = kernel;
    this.job = job;
    this.node = node;
    this.#log = log;
  }

  /** Plugs a fresh key in; one at a time. */
  static async plugIn(kernel: Kernel, model: string): Promise<GadgetKey> {
    const log = '/tmp/gadget-key.log';
    const job = await kernel.spawn(
      `source test/system/usb/modules && exec node test/system/usb/gadget-key.mjs ${log} ${model}`,
    );
    const [, node = ''] = await job.waitForLine(/^ready (\S+)$/, { timeout: PATIENCE });
    return new GadgetKey(kernel, job, node, log);
  }

  /** What the key has logged of its own traffic. */
  async log(): Promise<Uint8Array> {
    return this.#kernel.readFile(this.#log);
  }

  /** A finger on it, while nothing asks for one. */
  touch(): void {
    this.job.kill('HUP');
  }

  /** Pulls it out, and leaves no gadget behind: the next one is made anew. */
  async unplug(): Promise<void> {
    await succeed(this.#kernel, "echo '' >/sys/kernel/config/usb_gadget/ctaplab/UDC");
    await this.job.stop();
    await succeed(this.#kernel, 'bash test/system/usb/remove-gadget');
  }
}

/** Captures the bus of the gadget while `act` runs; resolves to the file. */
export async function captureWhile(kernel: Kernel, act: () => Promise<unknown>): Promise<Uint8Array> {
  const file = '/tmp/usb.pcapng';
  const capture = await kernel.spawn(`exec dumpcap -i usbmon1 -w ${file} 2>&1`);
  await capture.waitForLine(/^File: /, { timeout: PATIENCE });
  await act();
  await capture.stop();
  return kernel.readFile(file);
}
