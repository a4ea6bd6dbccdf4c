/** Traffic as a pcapng file of usbmon frames, which Wireshark's dissectors of USB HID and USB CCID read. */
import { concat } from '../../bytes.ts';
import { fidoReportDescriptor } from '../../hid/report-descriptor.ts';
import type { Traffic } from '../traffic.ts';
import { encodePcapngFrame, encodePcapngHeader } from './capture-file.ts';
import { encodeCcid } from './ccid.ts';
import {
  ccidConfiguration,
  DescriptorType,
  deviceDescriptor,
  getDescriptorSetup,
  hidConfiguration,
  IN_ENDPOINT,
  OUT_ENDPOINT,
  type UsbIdentity,
} from './usb-descriptors.ts';
import { ENDPOINT_IN, encodeUrbEvent, LinkType, TransferType, type UrbEvent } from './usbmon.ts';

/** Addresses that a bus has for devices. */
const DEVICES_ON_A_BUS = 127;
/** Token2's, as a key of no known identity. */
const UNKNOWN: UsbIdentity = { vendorId: 0x349e, productId: 0x0022 };

export interface UsbCaptureOptions {
  /** What the key of a plug is. Default: a Token2 key. */
  readonly identity?: ((plug: number) => UsbIdentity | undefined) | undefined;
}

/**
 * Writes traffic as it comes. Each plug is a USB device with one interface, whose descriptors, made up as a host would
 * have asked for them, come before its first transfer.
 */
export class UsbCaptureWriter {
  readonly #options: UsbCaptureOptions;
  readonly #known = new Set<number>();
  #began = false;
  #urbs = 0n;
  #sequence = 0;

  constructor(options: UsbCaptureOptions = {}) {
    this.#options = options;
  }

  /** The next bytes of the file: the first ones with its beginning. */
  write(traffic: Traffic): Uint8Array {
    return concat(...this.#begin(), ...this.#describe(traffic), ...this.#transfer(traffic));
  }

  /** What is left to write where there was no traffic: an empty capture is a file, too. */
  end(): Uint8Array {
    return concat(...this.#begin());
  }

  #begin(): Uint8Array[] {
    if (this.#began) return [];
    this.#began = true;
    return encodePcapngHeader(LinkType.USB_LINUX_MMAPPED);
  }

  #describe(traffic: Traffic): Uint8Array[] {
    const { plug } = traffic;
    if (this.#known.has(plug)) return [];
    this.#known.add(plug);
    const identity = this.#options.identity?.(plug) ?? UNKNOWN;
    const isHid = 'report' in traffic;
    return [
      ...this.#descriptor(traffic, DescriptorType.DEVICE, deviceDescriptor(identity)),
      ...this.#descriptor(traffic, DescriptorType.CONFIGURATION, isHid ? hidConfiguration() : ccidConfiguration()),
      ...(isHid ? this.#descriptor(traffic, DescriptorType.REPORT, fidoReportDescriptor()) : []),
    ];
  }

  #descriptor(traffic: Traffic, type: number, descriptor: Uint8Array): Uint8Array[] {
    const setup = getDescriptorSetup(type, descriptor.length);
    return this.#urb(traffic, TransferType.CONTROL, ENDPOINT_IN, descriptor, setup);
  }

  #transfer(traffic: Traffic): Uint8Array[] {
    const { direction } = traffic;
    const endpoint = direction === 'in' ? OUT_ENDPOINT : IN_ENDPOINT;
    if ('report' in traffic) return this.#urb(traffic, TransferType.INTERRUPT, endpoint, traffic.report);
    if (direction === 'in') this.#sequence++;
    return this.#urb(traffic, TransferType.BULK, endpoint, encodeCcid(direction, this.#sequence, traffic.apdu));
  }

  /** A submission and its completion at once: nobody knows better. */
  #urb({ at, plug }: Traffic, transfer: number, endpoint: number, data: Uint8Array, setup?: Uint8Array): Uint8Array[] {
    const toHost = (endpoint & ENDPOINT_IN) !== 0;
    const bus = 1 + Math.floor((plug - 1) / DEVICES_ON_A_BUS);
    const device = 1 + ((plug - 1) % DEVICES_ON_A_BUS);
    const common = { id: ++this.#urbs, transfer, endpoint, bus, device, status: 0 };
    const none = new Uint8Array();
    const submission: UrbEvent = { ...common, event: 'S', setup, data: toHost ? none : data };
    const completion: UrbEvent = { ...common, event: 'C', data: toHost ? data : none };
    return [submission, completion].map((event) => encodePcapngFrame(at, encodeUrbEvent(event, at, data.length)));
  }
}

/** A whole file at once. */
export function encodeUsbCapture(traffic: Iterable<Traffic>, options?: UsbCaptureOptions): Uint8Array {
  const writer = new UsbCaptureWriter(options);
  return concat(...Array.from(traffic, (passing) => writer.write(passing)), writer.end());
}
