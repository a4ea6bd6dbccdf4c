/** Frames of Linux's usbmon: an event of a USB request block (Documentation/usb/usbmon.rst). */
import { concat } from '../../bytes.ts';

/** LINKTYPE_USB_LINUX (headers of 48 bytes) and LINKTYPE_USB_LINUX_MMAPPED (64). */
export const LinkType = { USB_LINUX: 189, USB_LINUX_MMAPPED: 220 } as const;

export const TransferType = { ISOCHRONOUS: 0, INTERRUPT: 1, CONTROL: 2, BULK: 3 } as const;
/** Bit of an endpoint's address: to the host. */
export const ENDPOINT_IN = 0x80;
const HEADER = 48;
const MMAPPED_HEADER = 64;
/** The flag in place of 0 where there is no setup packet. */
const NO_SETUP = 0x2d; // '-'
/** The flags in place of 0 where there are no data: on their way to the host, or to the device. */
const DATA_IN = 0x3c; // '<'
const DATA_OUT = 0x3e; // '>'
const EINPROGRESS = -115;

export interface UrbEvent {
  /** The same in its submission and its completion. */
  readonly id: bigint;
  /** Submission, completion, or an error of the submission. */
  readonly event: 'S' | 'C' | 'E';
  readonly transfer: number;
  /** Address, with {@link ENDPOINT_IN}. */
  readonly endpoint: number;
  readonly bus: number;
  readonly device: number;
  /** Eight bytes, with the submission of a control transfer. */
  readonly setup?: Uint8Array | undefined;
  /** As much as was captured; with the submission of what goes to the device, else with the completion. */
  readonly data: Uint8Array;
  /** Negative errno of a completion. */
  readonly status: number;
}

/** True for a link type of usbmon. */
export function isUsbmon(linkType: number): boolean {
  return linkType === LinkType.USB_LINUX || linkType === LinkType.USB_LINUX_MMAPPED;
}

/** Reads a frame; undefined where it is shorter than its header. */
export function decodeUrbEvent(frame: Uint8Array, linkType: number, littleEndian: boolean): UrbEvent | undefined {
  const header = linkType === LinkType.USB_LINUX ? HEADER : MMAPPED_HEADER;
  if (frame.length < header) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const event = String.fromCharCode(frame[8]!);
  if (event !== 'S' && event !== 'C' && event !== 'E') return undefined;
  const captured = view.getUint32(36, littleEndian);
  return {
    id: view.getBigUint64(0, littleEndian),
    event,
    transfer: frame[9]!,
    endpoint: frame[10]!,
    device: frame[11]!,
    bus: view.getUint16(12, littleEndian),
    setup: frame[14] === 0 ? frame.subarray(40, 48) : undefined,
    data: frame[15] === 0 ? frame.subarray(header, header + captured) : frame.subarray(0, 0),
    status: view.getInt32(28, littleEndian),
  };
}

/** `at` is milliseconds since the Unix epoch; `length` is what a submission without data asks for. */
export function encodeUrbEvent(event: UrbEvent, at: number, length = event.data.length): Uint8Array {
  const header = new Uint8Array(MMAPPED_HEADER);
  const view = new DataView(header.buffer);
  const { data, setup, endpoint } = event;
  view.setBigUint64(0, event.id, true);
  header.set([event.event.charCodeAt(0), event.transfer, endpoint, event.device], 8);
  view.setUint16(12, event.bus, true);
  header[14] = setup === undefined ? NO_SETUP : 0;
  header[15] = data.length > 0 ? 0 : (endpoint & ENDPOINT_IN) !== 0 ? DATA_IN : DATA_OUT;
  const microseconds = Math.round(at * 1000);
  view.setBigInt64(16, BigInt(Math.floor(microseconds / 1e6)), true);
  view.setInt32(24, microseconds % 1e6, true);
  view.setInt32(28, event.event === 'S' ? EINPROGRESS : event.status, true);
  view.setUint32(32, length, true);
  view.setUint32(36, data.length, true);
  if (setup !== undefined) header.set(setup, 40);
  return concat(header, data);
}
