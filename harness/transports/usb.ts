/** A key over USB itself, where the system has no HID device of it: its FIDO interface, and its keyboard. */
import { PACKET_SIZE } from '../../ctap/hid/packet.ts';
import { FIDO_USAGE_PAGE } from '../../ctap/hid/report-descriptor.ts';
import { BOOT_REPORT_SIZE } from '../../ctap/otp/keyboard-usages.ts';
import { DeviceGoneError, type HidConnection } from './connection.ts';
import { type UsbDevice, type UsbInterface, type UsbLibrary, type UsbSetup, usbLibrary } from './usb-library.ts';

export interface UsbId {
  readonly vendorId: number;
  readonly productId: number;
}

/** What a key types: boot reports of 8 bytes (HID 1.11 appendix B.1). */
export interface KeyboardConnection {
  onReport(listener: (report: Uint8Array) => void): void;
  onGone(listener: (error: Error) => void): void;
  close(): Promise<void>;
}

const HID_CLASS = 0x03;
const BOOT_SUBCLASS = 0x01;
const KEYBOARD_PROTOCOL = 0x01;
/** HID 1.11 §7.1 and §7.2. */
const Request = { GET_DESCRIPTOR: 0x06, SET_REPORT: 0x09, SET_PROTOCOL: 0x0b } as const;
const REPORT_DESCRIPTOR = 0x2200;
const OUTPUT_REPORT = 0x0200;
const BOOT_PROTOCOL = 0;
/** Longer than any FIDO interface has; its beginning is what counts. */
const DESCRIPTOR_SIZE = 64;
/** Milliseconds of one wait for a report; closing waits for the last. */
const READ_WAIT = 250;
const WRITE_LIMIT = 3000;

/** The keys of these ids that USB has, claimed by somebody or not. */
export async function usbKeys({ vendorId, productId }: UsbId, library?: UsbLibrary): Promise<readonly UsbDevice[]> {
  const devices = await (library ?? (await usbLibrary())).getDevices();
  return devices.filter((device) => device.vendorId === vendorId && device.productId === productId);
}

/**
 * Opens the FIDO interface of a device, which the kernel's driver gives up until it is closed.
 * @throws DeviceGoneError where it has none; an Error with code EACCES or EBUSY where it cannot be had
 */
export async function openUsb(device: UsbDevice): Promise<HidConnection> {
  const name = nameOf(device);
  const claimed = await claim(device, async (candidate) => {
    if (candidate.alternate.interfaceSubclass === BOOT_SUBCLASS) return false; // a keyboard is no FIDO interface
    const setup = standard(Request.GET_DESCRIPTOR, REPORT_DESCRIPTOR, candidate);
    const { data } = await device.controlTransferIn(setup, DESCRIPTOR_SIZE);
    return data !== undefined && isFido(bytesOf(data));
  });
  if (claimed === undefined) throw new DeviceGoneError(`${name}: expected a FIDO interface, it has none`);
  const out = claimed.alternate.endpoints.find(({ direction }) => direction === 'out');
  const reader = new ReportReader(device, claimed, PACKET_SIZE);
  return {
    product: device.productName ?? undefined,
    async write(report) {
      reader.assertOpen();
      const data = Uint8Array.from(report);
      try {
        // a device without an interrupt OUT endpoint takes its reports from the control pipe (HID 1.11 §4.4)
        if (out === undefined)
          await device.controlTransferOut(toClass(Request.SET_REPORT, OUTPUT_REPORT, claimed), data);
        else await device.transferOut(out.endpointNumber, data, WRITE_LIMIT);
      } catch (error) {
        throw reader.lose(error);
      }
    },
    onReport: (listener) => reader.onReport(listener),
    onGone: (listener) => reader.onGone(listener),
    close: () => reader.close(),
  };
}

/** Opens the boot keyboard of a device: what it types reaches nobody else meanwhile. @throws as {@link openUsb} */
export async function openUsbKeyboard(device: UsbDevice): Promise<KeyboardConnection> {
  const claimed = await claim(device, async ({ alternate }) => {
    return alternate.interfaceSubclass === BOOT_SUBCLASS && alternate.interfaceProtocol === KEYBOARD_PROTOCOL;
  });
  if (claimed === undefined) throw new DeviceGoneError(`${nameOf(device)}: expected a keyboard, it has none`);
  await device.controlTransferOut(toClass(Request.SET_PROTOCOL, BOOT_PROTOCOL, claimed), new Uint8Array());
  return new ReportReader(device, claimed, BOOT_REPORT_SIZE);
}

/** An interface that is ours. */
interface Claimed extends UsbInterface {
  /** Whether the kernel's driver had it before. */
  readonly detached: boolean;
}

/** Claims the first HID interface that is the wanted one; gives the others back, and closes where there is none. */
async function claim(
  device: UsbDevice,
  isWanted: (candidate: UsbInterface) => Promise<boolean>,
): Promise<Claimed | undefined> {
  const name = nameOf(device);
  await device.open().catch(fail(name));
  try {
    for (const { interfaceNumber, alternate } of device.configuration?.interfaces ?? []) {
      if (alternate.interfaceClass !== HID_CLASS) continue;
      const detached = await take(device, interfaceNumber, name);
      const claimed = { interfaceNumber, alternate, detached };
      if (await isWanted(claimed)) return claimed;
      await giveBack(device, claimed);
    }
  } catch (error) {
    await device.close();
    throw error;
  }
  await device.close();
  return undefined;
}

async function take(device: UsbDevice, number: number, name: string): Promise<boolean> {
  const detached = process.platform === 'linux' && (await detach(device, number));
  await device.claimInterface(number).catch(fail(name));
  return detached;
}

/** False where no driver had it. */
async function detach(device: UsbDevice, number: number): Promise<boolean> {
  try {
    await device.detachKernelDriver(number);
    return true;
  } catch (error) {
    if (errnoOf(error) !== NO_DRIVER) throw error;
    return false;
  }
}

async function giveBack(device: UsbDevice, { interfaceNumber, detached }: Claimed): Promise<void> {
  await device.releaseInterface(interfaceNumber);
  if (detached) await device.attachKernelDriver(interfaceNumber);
}

/** Reads an interrupt endpoint until it is closed, or the device is gone. */
class ReportReader implements KeyboardConnection {
  readonly #device: UsbDevice;
  readonly #claimed: Claimed;
  readonly #reading: Promise<void>;
  #listener: (report: Uint8Array) => void = () => {};
  #onGone: ((error: Error) => void) | undefined;
  #gone: DeviceGoneError | undefined;
  #closed: Promise<void> | undefined;

  constructor(device: UsbDevice, claimed: Claimed, size: number) {
    this.#device = device;
    this.#claimed = claimed;
    const endpoint = claimed.alternate.endpoints.find(({ direction }) => direction === 'in');
    this.#reading = this.#read(endpoint?.endpointNumber ?? 0, size);
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onGone(listener: (error: Error) => void): void {
    this.#onGone = listener;
    if (this.#gone !== undefined) listener(this.#gone);
  }

  assertOpen(): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#closed !== undefined) throw new DeviceGoneError(`the connection to ${nameOf(this.#device)} is closed`);
  }

  lose(cause: unknown): DeviceGoneError {
    if (this.#gone === undefined) {
      const name = nameOf(this.#device);
      this.#gone = new DeviceGoneError(`${name}: the key was unplugged, or failed: ${(cause as Error).message}`, {
        cause,
      });
      if (this.#closed === undefined) this.#onGone?.(this.#gone);
    }
    return this.#gone;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.resolve(); // #closed is set now, and reading ends
    await this.#reading;
    if (this.#gone === undefined) await giveBack(this.#device, this.#claimed);
    await this.#device.close();
  }

  async #read(endpoint: number, size: number): Promise<void> {
    await Promise.resolve(); // whoever opens it has to listen first
    while (this.#closed === undefined && this.#gone === undefined) {
      try {
        const { data } = await this.#device.transferIn(endpoint, size, READ_WAIT);
        if (data !== undefined && data.byteLength > 0 && this.#closed === undefined) this.#listener(bytesOf(data));
      } catch (error) {
        if (!isTimeout(error)) this.lose(error);
      }
    }
  }
}

function standard(request: number, value: number, { interfaceNumber: index }: UsbInterface): UsbSetup {
  return { requestType: 'standard', recipient: 'interface', request, value, index };
}

function toClass(request: number, value: number, { interfaceNumber: index }: UsbInterface): UsbSetup {
  return { requestType: 'class', recipient: 'interface', request, value, index };
}

function bytesOf(data: DataView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether a report descriptor begins with FIDO's usage page, little-endian. */
function isFido(descriptor: Uint8Array): boolean {
  return descriptor[0] === 0x06 && (descriptor[1]! | (descriptor[2]! << 8)) === FIDO_USAGE_PAGE;
}

function nameOf({ vendorId, productId, bus, address }: UsbDevice): string {
  const hex = (value: number) => value.toString(16).padStart(4, '0');
  return `usb:${hex(vendorId)}:${hex(productId)} (bus ${bus}, device ${address})`;
}

const NO_DRIVER = 61; // ENODATA: no driver is bound to the interface
const CODES: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [13, 'EACCES'],
  [16, 'EBUSY'],
]);

/** The library tells its errors by text alone: `claimInterface error: interface is busy (errno 16)`. */
function errnoOf(error: unknown): number | undefined {
  const [, errno] = /\(errno (\d+)\)/.exec((error as Error).message) ?? [];
  return errno === undefined ? undefined : Number(errno);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && /cancell?ed|timed? ?out/i.test(error.message);
}

function fail(name: string): (cause: unknown) => never {
  return (cause) => {
    const code = CODES.get(errnoOf(cause) ?? 0);
    const { message } = cause as Error;
    if (code === undefined) throw new DeviceGoneError(`${name}: cannot be opened: ${message}`, { cause });
    const reason = code === 'EBUSY' ? 'another program uses it' : 'you may not open it';
    throw Object.assign(new Error(`${name}: ${reason}: ${message}`, { cause }), { code });
  };
}
