/** The containers of captures: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), either byte order. */

/** A captured frame of any link type. */
export interface CapturedFrame {
  /** Milliseconds since the Unix epoch, with what fraction the capture has. */
  readonly at: number;
  /** LINKTYPE_ value. */
  readonly linkType: number;
  readonly data: Uint8Array;
  /** Byte order of the machine that captured: usbmon's headers have it, too. */
  readonly littleEndian: boolean;
}

export interface CapturedFrames {
  readonly frames: readonly CapturedFrame[];
  /** Why the rest could not be read: a capture that was cut off in the middle, or damaged. */
  readonly problem?: string | undefined;
}

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const PCAP_HEADER = 24;
const PCAP_RECORD = 16;
const Block = { SECTION: 0x0a0d0d0a, INTERFACE: 1, PACKET: 2, SIMPLE: 3, ENHANCED: 6 } as const;
const BYTE_ORDER = 0x1a2b3c4d;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;
/** Type and two lengths. */
const BLOCK_FRAME = 12;

/** True for bytes that begin as a pcap or pcapng file. */
export function isCaptureFile(bytes: Uint8Array): boolean {
  return pcapOrder(bytes) !== undefined || isPcapng(bytes);
}

/** Reads what can be read; {@link CapturedFrames.problem} says where it ends early. @throws TypeError for another file */
export function readCaptureFile(bytes: Uint8Array): CapturedFrames {
  const order = pcapOrder(bytes);
  if (order !== undefined) return collect(readPcap(bytes, order));
  if (isPcapng(bytes)) return collect(readPcapng(bytes));
  throw new TypeError('expected a pcap or pcapng file, got something else');
}

/** A capture that goes on otherwise than its format has it. */
class CaptureError extends Error {}

function collect(reading: Generator<CapturedFrame>): CapturedFrames {
  const frames: CapturedFrame[] = [];
  try {
    for (const frame of reading) frames.push(frame);
    return { frames };
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { frames, problem: error.message };
  }
}

interface PcapOrder {
  readonly littleEndian: boolean;
  /** Fractions in a second. */
  readonly resolution: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function pcapOrder(bytes: Uint8Array): PcapOrder | undefined {
  if (bytes.length < PCAP_HEADER) return undefined;
  for (const littleEndian of [true, false]) {
    const magic = viewOf(bytes).getUint32(0, littleEndian);
    if (magic === PCAP_MICROSECONDS) return { littleEndian, resolution: 1e6 };
    if (magic === PCAP_NANOSECONDS) return { littleEndian, resolution: 1e9 };
  }
  return undefined;
}

function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK_FRAME && viewOf(bytes).getUint32(0) === Block.SECTION;
}

function* readPcap(bytes: Uint8Array, { littleEndian, resolution }: PcapOrder): Generator<CapturedFrame> {
  const view = viewOf(bytes);
  const linkType = view.getUint32(20, littleEndian) & 0xffff; // the upper half tells of frame check sequences
  for (let offset = PCAP_HEADER; offset < bytes.length; ) {
    need(bytes, offset, PCAP_RECORD);
    const seconds = view.getUint32(offset, littleEndian);
    const fraction = view.getUint32(offset + 4, littleEndian);
    const length = view.getUint32(offset + 8, littleEndian);
    need(bytes, offset + PCAP_RECORD, length);
    offset += PCAP_RECORD;
    const at = seconds * 1000 + (fraction * 1000) / resolution;
    yield { at, linkType, littleEndian, data: bytes.subarray(offset, offset + length) };
    offset += length;
  }
}

function need(bytes: Uint8Array, offset: number, length: number): void {
  const left = bytes.length - offset;
  if (left < length)
    throw new CaptureError(`byte ${offset}: expected ${length} bytes, got ${left}: the file is cut off`);
}

interface CaptureInterface {
  readonly linkType: number;
  readonly snapLength: number;
  /** Units of its timestamps in a second. */
  readonly resolution: number;
  /** Milliseconds that its timestamps count from. */
  readonly offset: number;
}

function* readPcapng(bytes: Uint8Array): Generator<CapturedFrame> {
  const view = viewOf(bytes);
  let littleEndian = true;
  let interfaces: CaptureInterface[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    need(bytes, offset, BLOCK_FRAME);
    const type = view.getUint32(offset, littleEndian);
    if (view.getUint32(offset) === Block.SECTION) {
      littleEndian = view.getUint32(offset + 8, true) === BYTE_ORDER;
      if (!littleEndian && view.getUint32(offset + 8) !== BYTE_ORDER) {
        throw new CaptureError(`byte ${offset + 8}: expected the byte-order magic of a section`);
      }
      interfaces = [];
    }
    const length = view.getUint32(offset + 4, littleEndian);
    if (length < BLOCK_FRAME || length % 4 !== 0) {
      throw new CaptureError(`byte ${offset + 4}: expected the length of a block, got ${length}`);
    }
    need(bytes, offset, length);
    const body = bytes.subarray(offset + 8, offset + length - 4);
    if (type === Block.INTERFACE) interfaces.push(readInterface(body, offset, littleEndian));
    else {
      const frame = readPacket(type, body, interfaces, offset, littleEndian);
      if (frame !== undefined) yield frame;
    }
    offset += length;
  }
}

function readInterface(body: Uint8Array, at: number, littleEndian: boolean): CaptureInterface {
  if (body.length < 8)
    throw new CaptureError(`byte ${at}: expected an interface of at least 8 bytes, got ${body.length}`);
  const view = viewOf(body);
  let resolution = 1e6;
  let offset = 0;
  for (let next = 8; next + 4 <= body.length; ) {
    const code = view.getUint16(next, littleEndian);
    const length = view.getUint16(next + 2, littleEndian);
    if (code === 0 || next + 4 + length > body.length) break;
    if (code === OPTION_TIME_RESOLUTION && length >= 1) {
      const exponent = body[next + 4]!;
      resolution = exponent < 0x80 ? 10 ** exponent : 2 ** (exponent & 0x7f);
    }
    if (code === OPTION_TIME_OFFSET && length >= 8) offset = Number(view.getBigInt64(next + 4, littleEndian)) * 1000;
    next += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType: view.getUint16(0, littleEndian), snapLength: view.getUint32(4, littleEndian), resolution, offset };
}

function readPacket(
  type: number,
  body: Uint8Array,
  interfaces: readonly CaptureInterface[],
  at: number,
  littleEndian: boolean,
): CapturedFrame | undefined {
  if (type !== Block.ENHANCED && type !== Block.SIMPLE && type !== Block.PACKET) return undefined;
  const view = viewOf(body);
  const header = type === Block.SIMPLE ? 4 : 20;
  if (body.length < header)
    throw new CaptureError(`byte ${at}: expected a packet block of more than ${body.length} bytes`);
  const number =
    type === Block.SIMPLE
      ? 0
      : type === Block.PACKET
        ? view.getUint16(0, littleEndian)
        : view.getUint32(0, littleEndian);
  const source = interfaces[number];
  if (source === undefined)
    throw new CaptureError(`byte ${at}: expected an interface before its packet, there is no ${number}`);
  const { linkType, snapLength, resolution, offset } = source;
  const stated = view.getUint32(type === Block.SIMPLE ? 0 : 12, littleEndian);
  // A simple packet says how long it was, not how much of it is there.
  const length = type === Block.SIMPLE && snapLength > 0 ? Math.min(stated, snapLength) : stated;
  if (header + length > body.length) {
    throw new CaptureError(`byte ${at}: expected a packet of ${length} bytes, got ${body.length - header}`);
  }
  const units = type === Block.SIMPLE ? 0 : view.getUint32(4, littleEndian) * 2 ** 32 + view.getUint32(8, littleEndian);
  return {
    // apart, for the product would not fit
    at: offset + Math.floor(units / resolution) * 1000 + ((units % resolution) * 1000) / resolution,
    linkType,
    littleEndian,
    data: body.subarray(header, header + length),
  };
}

/** A block of a little-endian section. */
function block(type: number, body: Uint8Array): Uint8Array {
  const length = BLOCK_FRAME + Math.ceil(body.length / 4) * 4;
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  view.setUint32(length - 4, length, true);
  return bytes;
}

/** The beginning of a pcapng file: a section and its one interface, whose timestamps count microseconds. */
export function encodePcapngHeader(linkType: number): Uint8Array[] {
  const section = new Uint8Array(16);
  viewOf(section).setUint32(0, BYTE_ORDER, true);
  viewOf(section).setUint16(4, 1, true); // version 1.0, length not given
  section.fill(0xff, 8);
  const source = new Uint8Array(8);
  viewOf(source).setUint16(0, linkType, true);
  return [block(Block.SECTION, section), block(Block.INTERFACE, source)];
}

/** A frame of that file; `at` is milliseconds since the Unix epoch. */
export function encodePcapngFrame(at: number, data: Uint8Array): Uint8Array {
  const body = new Uint8Array(20 + data.length);
  const view = viewOf(body);
  const microseconds = Math.round(at * 1000);
  view.setUint32(4, Math.floor(microseconds / 2 ** 32), true);
  view.setUint32(8, microseconds % 2 ** 32, true);
  view.setUint32(12, data.length, true);
  view.setUint32(16, data.length, true);
  body.set(data, 20);
  return block(Block.ENHANCED, body);
}
