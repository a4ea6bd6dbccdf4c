/** A key in the Linux kernel's own HID stack, through /dev/uhid and with no native code. */
import { closeSync, constants, type FSWatcher, openSync, readSync, watch, writeSync } from 'node:fs';
import { CONTINUATION_PAYLOAD, INIT_PAYLOAD } from '../../ctap/hid/packet.ts';
import { fidoReportDescriptor } from '../../ctap/hid/report-descriptor.ts';
import type { Attachment, PluggableKey } from './attachment.ts';
import { PacedReports } from './paced-reports.ts';
import {
  decodeEvent,
  encodeCreate,
  encodeDestroy,
  encodeInput,
  encodeReportRefusal,
  UHID_EVENT_SIZE,
} from './uhid-events.ts';
import { findHidraw } from './uhid-node.ts';

const EIO = 5;
/**
 * The kernel keeps 31 records for us and drops the rest, and nothing slows a host down that writes a message's packets
 * at one go. So a message has 28 packets at most; three records are left for opening, closing and a cancellation.
 */
const MAX_MESSAGE_SIZE = INIT_PAYLOAD + 27 * CONTINUATION_PAYLOAD;
/** Milliseconds between looks for events that no notification told of. */
const LOOK_INTERVAL = 20;

export interface UhidOptions {
  /** Default /dev/uhid. */
  readonly path?: string;
}

let created = 0;

/**
 * Plugs a key into the kernel. The device stays until it is detached or the process ends, however it ends.
 * @throws Error that tells the way out where uhid is missing or forbidden, or where no hidraw node appears
 */
export async function attachUhid(key: PluggableKey, options: UhidOptions = {}): Promise<Attachment> {
  const fd = open(options.path ?? '/dev/uhid');
  const phys = `ctaplab/${process.pid}/${++created}`;
  let node: string;
  try {
    writeSync(fd, encodeCreate({ identity: key.identity, phys, reportDescriptor: fidoReportDescriptor() }));
    node = await findHidraw(phys);
  } catch (error) {
    closeSync(fd); // and with it goes the device
    throw error;
  }
  const reports = new PacedReports((report) => writeSync(fd, encodeInput(report)));
  const plug = key.plugIn((report) => reports.send(report), { maxMessageSize: MAX_MESSAGE_SIZE });
  const events = new UhidEvents(fd, node, (report) => plug.receive(report));
  let attached = true;
  return {
    device: `hidraw:${node}`,
    async detach() {
      if (!attached) return;
      attached = false;
      plug.unplug();
      events.close();
      reports.close();
      writeSync(fd, encodeDestroy());
      closeSync(fd);
    },
  };
}

/**
 * Takes events off /dev/uhid without ever waiting in a read: libuv cannot poll that file, and a read that waits
 * would hold one of its few threads for good. Each report to the device is a write to its hidraw node, of which
 * inotify tells at once; a slow timer finds those written through another node (as a container has).
 */
class UhidEvents {
  readonly #fd: number;
  readonly #onReport: (report: Uint8Array) => void;
  readonly #buffer = new Uint8Array(UHID_EVENT_SIZE);
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  #open = true;

  constructor(fd: number, node: string, onReport: (report: Uint8Array) => void) {
    this.#fd = fd;
    this.#onReport = onReport;
    this.#timer = setInterval(this.#drain, LOOK_INTERVAL);
    this.#watcher = watchNode(node, this.#drain);
  }

  close(): void {
    this.#open = false;
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  readonly #drain = () => {
    while (this.#open && this.#readOne()) {
      const event = decodeEvent(this.#buffer);
      if (event?.kind === 'output') this.#onReport(event.report);
      else if (event !== undefined) writeSync(this.#fd, encodeReportRefusal(event, EIO)); // FIDO has no such reports
    }
  };

  /** False where there is no event. */
  #readOne(): boolean {
    try {
      return readSync(this.#fd, this.#buffer, 0, UHID_EVENT_SIZE, null) > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
  }
}

/** Undefined where the node cannot be watched (no such node in this container, no watches left): the timer serves then. */
function watchNode(node: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(node, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there: only Linux has uhid; load its module with "sudo modprobe uhid"',
  ENODEV: 'the kernel has no uhid: load its module with "sudo modprobe uhid"',
  ENXIO: 'the kernel has no uhid: load its module with "sudo modprobe uhid"',
  EACCES:
    'this user may not: run as root, or allow it once with "sudo setfacl -m u:$USER:rw /dev/uhid" ' +
    'or for good with the udev rule KERNEL=="uhid", TAG+="uaccess"',
};

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Error(`expected to open ${path}, but ${HINTS[code] ?? String(error)}`, { cause: error });
  }
}
