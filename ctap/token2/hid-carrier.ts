/**
 * How APDUs travel to Token2's OTP applet over HID: 64-byte reports of their own beside CTAPHID,
 * `21`, flags and sequence number, length, up to 61 bytes. Sent as output and input reports, or as feature reports.
 */
import { concat } from '../bytes.ts';

export const CARRIER_MAGIC = 0x21;
const REPORT_SIZE = 64;
const HEADER_SIZE = 3;
const CHUNK_SIZE = REPORT_SIZE - HEADER_SIZE;
/** More than any APDU of the applet. */
export const MAX_CARRIED_SIZE = 4096;

const Flag = { LAST: 0x00, MORE: 0x20, BUSY: 0xc0 } as const;

/** True for a report of a host that is this carrier's, by magic and flags; CTAPHID has no channel that begins so. */
export function isCarrierReport(report: Uint8Array): boolean {
  const flags = report[1]! & 0xf0;
  return report.length >= HEADER_SIZE && report[0] === CARRIER_MAGIC && (flags === Flag.LAST || flags === Flag.MORE);
}

/** True for what a key says while it still works, or waits for a touch. */
export function isBusyFrame(report: Uint8Array): boolean {
  return report.length >= HEADER_SIZE && report[0] === CARRIER_MAGIC && (report[1]! & 0xf0) === Flag.BUSY;
}

/** True for a report of either side. */
export function isCarrierFrame(report: Uint8Array): boolean {
  return isCarrierReport(report) || isBusyFrame(report);
}

function encodeFrame(flags: number, sequence: number, chunk: Uint8Array): Uint8Array {
  const report = new Uint8Array(REPORT_SIZE);
  report[0] = CARRIER_MAGIC;
  report[1] = flags | (sequence & 0x0f);
  report[2] = chunk.length;
  report.set(chunk, HEADER_SIZE);
  return report;
}

/** The reports of an APDU or of its answer, in order. */
export function encodeCarrierFrames(message: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(message.length / CHUNK_SIZE));
  return Array.from({ length: count }, (_, i) => {
    const chunk = message.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE);
    return encodeFrame(i + 1 < count ? Flag.MORE : Flag.LAST, i, chunk);
  });
}

/** What a key says while it still works, or waits for a touch. */
export function encodeBusyFrame(): Uint8Array {
  return encodeFrame(Flag.BUSY, 0, new Uint8Array());
}

/** A frame that does not fit the ones before it. */
export class CarrierError extends Error {
  constructor(detail: string) {
    super(`Token2 HID frame: ${detail}`);
    this.name = 'CarrierError';
  }
}

export type CarrierStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'whole'; readonly message: Uint8Array };

/** Puts the frames of one direction together. */
export class CarrierAssembler {
  #chunks: Uint8Array[] = [];
  #size = 0;

  /**
   * Takes a frame. Number 0 begins anew where another was due: its sender has given the rest up.
   * @throws CarrierError, after which the next frame begins anew
   */
  accept(report: Uint8Array): CarrierStep {
    try {
      return this.#accept(report);
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  reset(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  #accept(report: Uint8Array): CarrierStep {
    if (report.length < HEADER_SIZE)
      throw new CarrierError(`expected at least ${HEADER_SIZE} bytes, got ${report.length}`);
    const [magic = 0, second = 0, length = 0] = report;
    if (magic !== CARRIER_MAGIC) throw new CarrierError(`expected 21 as first byte, got ${magic.toString(16)}`);
    const flags = second & 0xf0;
    const sequence = second & 0x0f;
    if (flags === Flag.BUSY) return { kind: 'busy' };
    if (flags !== Flag.LAST && flags !== Flag.MORE) throw new CarrierError(`there are no flags ${flags.toString(16)}`);
    const due = this.#chunks.length & 0x0f;
    if (sequence !== due) {
      if (sequence !== 0) throw new CarrierError(`expected sequence number ${due}, got ${sequence}`);
      this.reset();
    }
    if (length > CHUNK_SIZE || report.length < HEADER_SIZE + length) {
      throw new CarrierError(
        `expected at most ${Math.min(CHUNK_SIZE, report.length - HEADER_SIZE)} bytes, its length says ${length}`,
      );
    }
    this.#size += length;
    if (this.#size > MAX_CARRIED_SIZE)
      throw new CarrierError(`expected a message of at most ${MAX_CARRIED_SIZE} bytes`);
    this.#chunks.push(report.slice(HEADER_SIZE, HEADER_SIZE + length));
    if (flags === Flag.MORE) return { kind: 'more' };
    const message = concat(...this.#chunks);
    this.reset();
    return { kind: 'whole', message };
  }
}
