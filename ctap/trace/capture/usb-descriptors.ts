/** USB descriptors as far as captures need them: USB 2.0 §9.6, HID 1.11 §6.2, CCID 1.1 §5.1. */
import { concat } from '../../bytes.ts';
import { fidoReportDescriptor } from '../../hid/report-descriptor.ts';
import { ENDPOINT_IN, TransferType } from './usbmon.ts';

export const DescriptorType = {
  DEVICE: 0x01,
  CONFIGURATION: 0x02,
  INTERFACE: 0x04,
  ENDPOINT: 0x05,
  HID: 0x21,
  REPORT: 0x22,
} as const;
export const InterfaceClass = { HID: 0x03, CCID: 0x0b } as const;

/** What a capture says that the key is. */
export interface UsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice. */
  readonly version?: number | undefined;
}

/** Endpoint addresses of the one interface that a written capture has. */
export const IN_ENDPOINT = 0x81;
export const OUT_ENDPOINT = 0x01;
const REPORT_SIZE = 64;
const INTERVAL = 5;

const word = (value: number) => [value & 0xff, value >> 8];
const double = (value: number) => [...word(value & 0xffff), ...word(value >>> 16)];

export function deviceDescriptor({ vendorId, productId, version = 0x0100 }: UsbIdentity): Uint8Array {
  const head = [18, DescriptorType.DEVICE, ...word(0x0200), 0, 0, 0, 64];
  return Uint8Array.from([...head, ...word(vendorId), ...word(productId), ...word(version), 0, 0, 0, 1]);
}

function endpoint(address: number, transfer: number): number[] {
  return [
    7,
    DescriptorType.ENDPOINT,
    address,
    transfer,
    ...word(REPORT_SIZE),
    transfer === TransferType.INTERRUPT ? INTERVAL : 0,
  ];
}

function configuration(interfaceClass: number, functional: readonly number[], transfer: number): Uint8Array {
  const body = [
    ...[9, DescriptorType.INTERFACE, 0, 0, 2, interfaceClass, 0, 0, 0],
    ...functional,
    ...endpoint(IN_ENDPOINT, transfer),
    ...endpoint(OUT_ENDPOINT, transfer),
  ];
  return Uint8Array.from([9, DescriptorType.CONFIGURATION, ...word(9 + body.length), 1, 1, 0, 0x80, 50, ...body]);
}

/** A FIDO interface alone. */
export function hidConfiguration(): Uint8Array {
  const { length } = fidoReportDescriptor();
  const hid = [9, DescriptorType.HID, ...word(0x0111), 0, 1, DescriptorType.REPORT, ...word(length)];
  return configuration(InterfaceClass.HID, hid, TransferType.INTERRUPT);
}

/** Extended APDUs, and what a reader does by itself. */
const CCID_FEATURES = 0x000400fe;

/** A smart-card interface alone, that takes whole APDUs. */
export function ccidConfiguration(): Uint8Array {
  const clock = [...double(4000), ...double(4000), 0, ...double(10752), ...double(10752), 0];
  const functional = [
    ...[54, DescriptorType.HID, ...word(0x0110), 0, 7, ...double(2)],
    ...clock,
    ...[...double(254), ...double(0), ...double(0), ...double(CCID_FEATURES), ...double(65556)],
    ...[0xff, 0xff, 0, 0, 0, 1],
  ];
  return configuration(InterfaceClass.CCID, functional, TransferType.BULK);
}

/** An interface that a capture has described. */
export interface DescribedInterface {
  readonly number: number;
  readonly interfaceClass: number;
  /** Addresses. */
  readonly endpoints: readonly number[];
}

/** The interfaces of a configuration descriptor, as far as it goes. */
export function readConfiguration(bytes: Uint8Array): DescribedInterface[] {
  const found: { number: number; interfaceClass: number; endpoints: number[] }[] = [];
  for (let offset = 0; offset + 2 <= bytes.length; ) {
    const length = bytes[offset]!;
    if (length < 2) break;
    const item = bytes.subarray(offset, offset + length);
    if (item[1] === DescriptorType.INTERFACE && item.length >= 9) {
      found.push({ number: item[2]!, interfaceClass: item[5]!, endpoints: [] });
    } else if (item[1] === DescriptorType.ENDPOINT && item.length >= 7) found.at(-1)?.endpoints.push(item[2]!);
    offset += length;
  }
  return found;
}

/** True for a report descriptor whose first usage page is FIDO's. */
export function isFidoReportDescriptor(bytes: Uint8Array): boolean {
  return bytes[0] === 0x06 && bytes[1] === 0xd0 && bytes[2] === 0xf1;
}

/** Setup packet of GET_DESCRIPTOR: of the device, or of its interface 0. */
export function getDescriptorSetup(type: number, length: number): Uint8Array {
  const recipient = type === DescriptorType.REPORT ? 0x01 : 0x00;
  return concat(Uint8Array.of(ENDPOINT_IN | recipient, 0x06, 0, type, 0, 0), Uint8Array.from(word(length)));
}
