/** The records that /dev/uhid takes and gives: linux/uhid.h, little-endian and packed. */
import type { KeyIdentity } from './attachment.ts';

/** Bytes of the largest record; every read takes one record. */
export const UHID_EVENT_SIZE = 4380;
const BUS_USB = 3;
const MAX_DESCRIPTOR = 4096;
const OUTPUT_SIZE_OFFSET = 4100;
const REPORT_ID = 0;

const EventType = {
  DESTROY: 1,
  OUTPUT: 6,
  GET_REPORT: 9,
  GET_REPORT_REPLY: 10,
  CREATE2: 11,
  INPUT2: 12,
  SET_REPORT: 13,
  SET_REPORT_REPLY: 14,
} as const;

export interface UhidDescription {
  readonly identity: KeyIdentity;
  /** Tells this device from every other: at most 63 bytes of ASCII. */
  readonly phys: string;
  readonly reportDescriptor: Uint8Array;
}

/** Makes the kernel create the device. Names that are too long are cut. */
export function encodeCreate({ identity, phys, reportDescriptor }: UhidDescription): Uint8Array {
  if (reportDescriptor.length > MAX_DESCRIPTOR) {
    throw new RangeError(
      `expected a report descriptor of at most ${MAX_DESCRIPTOR} bytes, got ${reportDescriptor.length}`,
    );
  }
  const event = new Uint8Array(UHID_EVENT_SIZE);
  const view = new DataView(event.buffer);
  view.setUint32(0, EventType.CREATE2, true);
  writeText(event.subarray(4, 132), `${identity.manufacturer} ${identity.product}`);
  writeText(event.subarray(132, 196), phys);
  writeText(event.subarray(196, 260), identity.serial ?? '');
  view.setUint16(260, reportDescriptor.length, true);
  view.setUint16(262, BUS_USB, true);
  view.setUint32(264, identity.vendorId, true);
  view.setUint32(268, identity.productId, true);
  view.setUint32(272, identity.version, true);
  event.set(reportDescriptor, 280); // 276: country 0
  return event;
}

/** Makes the kernel remove the device. */
export function encodeDestroy(): Uint8Array {
  return header(EventType.DESTROY, 4);
}

/** A report from the device. */
export function encodeInput(report: Uint8Array): Uint8Array {
  const event = header(EventType.INPUT2, 6 + report.length);
  new DataView(event.buffer).setUint16(4, report.length, true);
  event.set(report, 6);
  return event;
}

/** The report that a GET_REPORT asked for. */
export function encodeGetReply({ id }: UhidReportRequest, report: Uint8Array): Uint8Array {
  const event = header(EventType.GET_REPORT_REPLY, 13 + report.length);
  const view = new DataView(event.buffer);
  view.setUint32(4, id, true);
  view.setUint16(10, 1 + report.length, true);
  event.set(report, 13); // 8: no error; 12: report id 0
  return event;
}

/** Takes the report of a SET_REPORT. */
export function encodeSetReply(request: UhidReportRequest): Uint8Array {
  return encodeReportRefusal(request, 0);
}

/** Refuses a GET_REPORT or SET_REPORT, so that whoever asked need not wait for the kernel's timeout. */
export function encodeReportRefusal({ kind, id }: UhidReportRequest, errno: number): Uint8Array {
  const get = kind === 'get-report';
  const event = header(get ? EventType.GET_REPORT_REPLY : EventType.SET_REPORT_REPLY, get ? 12 : 10);
  const view = new DataView(event.buffer);
  view.setUint32(4, id, true);
  view.setUint16(8, errno, true);
  return event;
}

/** The kinds of reports that are asked for or set. */
export const ReportType = { FEATURE: 0, OUTPUT: 1, INPUT: 2 } as const;

export type UhidReportRequest =
  | { readonly kind: 'get-report'; readonly id: number; readonly type: number }
  | {
      readonly kind: 'set-report';
      readonly id: number;
      readonly type: number;
      /** Without report id. */
      readonly report: Uint8Array;
    };

export type UhidEvent =
  /** A report to the device, without report id. */
  { readonly kind: 'output'; readonly report: Uint8Array } | UhidReportRequest;

/** Reads a record; undefined for those that ask for nothing (START, STOP, OPEN, CLOSE). The report is a copy. */
export function decodeEvent(event: Uint8Array): UhidEvent | undefined {
  const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
  switch (view.getUint32(0, true)) {
    case EventType.OUTPUT:
      return { kind: 'output', report: withoutId(event, 4, view.getUint16(OUTPUT_SIZE_OFFSET, true)) };
    case EventType.GET_REPORT:
      return { kind: 'get-report', id: view.getUint32(4, true), type: view.getUint8(9) };
    case EventType.SET_REPORT: {
      const report = withoutId(event, 12, view.getUint16(10, true));
      return { kind: 'set-report', id: view.getUint32(4, true), type: view.getUint8(9), report };
    }
    default:
      return undefined;
  }
}

/** Reports that programs write begin with their id, 0; those that the kernel itself writes (LEDs) do not. */
function withoutId(event: Uint8Array, start: number, size: number): Uint8Array {
  const hasId = size > 1 && event[start] === REPORT_ID;
  return event.slice(hasId ? start + 1 : start, start + size);
}

function header(type: number, length: number): Uint8Array {
  const event = new Uint8Array(length);
  new DataView(event.buffer).setUint32(0, type, true);
  return event;
}

/** UTF-8, cut so that a zero still follows. */
function writeText(field: Uint8Array, text: string): void {
  new TextEncoder().encodeInto(text, field.subarray(0, field.length - 1));
}
