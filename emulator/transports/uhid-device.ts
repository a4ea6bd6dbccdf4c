/** One HID device in the Linux kernel, through /dev/uhid and with no native code. */
import { closeSync, constants, type FSWatcher, openSync, readSync, watch, writeSync } from 'node:fs';
import {
  decodeEvent,
  encodeCreate,
  encodeDestroy,
  encodeGetReply,
  encodeInput,
  encodeReportRefusal,
  encodeSetReply,
  ReportType,
  UHID_EVENT_SIZE,
  type UhidDescription,
  type UhidReportRequest,
} from './uhid-events.ts';
import { findHidraw } from './uhid-node.ts';

const EIO = 5;
/** Milliseconds between looks for events that no notification told of: while such come, and twice as many after each in vain. */
const LOOK_INTERVAL = 20;
const IDLE_INTERVAL = 160;
/** The same for a while after a request that the host waits on. */
const HURRIED_INTERVAL = 1;
const HURRIED_LOOKS = 100;

/** What comes from the host. Reports are without report id. */
export interface UhidHandlers {
  output(report: Uint8Array): void;
  /** Takes a feature report; false refuses it. Left out: all are refused. */
  setFeature?: ((report: Uint8Array) => boolean) | undefined;
  /** The feature report to read; undefined refuses. Left out: all are refused. */
  getFeature?: (() => Uint8Array | undefined) | undefined;
}

/**
 * Takes events off /dev/uhid without ever waiting in a read: libuv cannot poll that file, and a read that waits
 * would hold one of its few threads for good. Each report to the device is a write to its hidraw node, of which
 * inotify tells at once; a slow timer finds those written through another node (as a container has), feature
 * reports and the kernel's own. It slows down in vain looks, for each costs a system call and an exception.
 */
export class UhidDevice {
  /** As /dev/hidraw0. */
  readonly node: string;
  readonly #fd: number;
  readonly #handlers: UhidHandlers;
  readonly #buffer = new Uint8Array(UHID_EVENT_SIZE);
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout;
  #interval = LOOK_INTERVAL;
  #hurried = 0;
  #open = true;

  private constructor(fd: number, node: string, handlers: UhidHandlers) {
    this.#fd = fd;
    this.node = node;
    this.#handlers = handlers;
    this.#timer = setTimeout(this.#look, LOOK_INTERVAL);
    this.#watcher = watchNode(node, this.#drain);
  }

  /**
   * Makes the device; it stays until it is closed or the process ends, however it ends.
   * @throws Error that tells the way out where uhid is missing or forbidden, or where no hidraw node appears
   */
  static async create(path: string, description: UhidDescription, handlers: UhidHandlers): Promise<UhidDevice> {
    const fd = open(path);
    try {
      writeSync(fd, encodeCreate(description));
      return new UhidDevice(fd, await findHidraw(description.phys), handlers);
    } catch (error) {
      closeSync(fd); // and with it goes the device
      throw error;
    }
  }

  /** Sends an input report. */
  send(report: Uint8Array): void {
    if (this.#open) writeSync(this.#fd, encodeInput(report));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    writeSync(this.#fd, encodeDestroy());
    closeSync(this.#fd);
  }

  readonly #look = () => {
    const found = this.#drain();
    if (this.#hurried > 0) this.#hurried--;
    else this.#interval = found ? LOOK_INTERVAL : Math.min(2 * this.#interval, IDLE_INTERVAL);
    this.#lookAfter(this.#hurried > 0 ? HURRIED_INTERVAL : this.#interval);
  };

  /** Whether there were events. */
  readonly #drain = (): boolean => {
    let found = false;
    while (this.#open && this.#readOne()) {
      found = true;
      const event = decodeEvent(this.#buffer);
      if (event?.kind === 'output') this.#handlers.output(event.report);
      else if (event !== undefined) this.#answer(event);
    }
    return found;
  };

  #answer(request: UhidReportRequest): void {
    const { setFeature, getFeature } = this.#handlers;
    const isFeature = request.type === ReportType.FEATURE;
    let reply: Uint8Array | undefined;
    if (request.kind === 'set-report') {
      if (isFeature && setFeature?.(request.report)) reply = encodeSetReply(request);
    } else if (isFeature) {
      const report = getFeature?.();
      if (report !== undefined) reply = encodeGetReply(request, report);
    }
    writeSync(this.#fd, reply ?? encodeReportRefusal(request, EIO));
    if (reply !== undefined) this.#hurry();
  }

  /** Who exchanges feature reports sends the next one soon, and no notification tells of it. */
  #hurry(): void {
    this.#hurried = HURRIED_LOOKS;
    this.#interval = LOOK_INTERVAL;
    this.#lookAfter(HURRIED_INTERVAL);
  }

  #lookAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#open) this.#timer = setTimeout(this.#look, milliseconds);
  }

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
