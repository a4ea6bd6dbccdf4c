/**
 * Logs of HID reports as text, three kinds, told apart by their lines:
 *
 * - this project's own: seconds, `>` (to the key) or `<` (from it), hexadecimal. `12.345678 > ffffffff860008...`.
 *   A number before the arrow tells plugs apart, and `>>` and `<<` are APDUs of a card. `#` begins a comment.
 * - `hid-recorder` of hid-tools: `E: 000012.345678 64 ff ff ...`; what the key sends alone.
 * - `usbhid-dump -es`: `001:005:000:STREAM 12.345678`, then lines of bytes; what the key sends alone.
 */
import { fromHex, toHex } from '../../bytes.ts';
import type { Traffic } from '../traffic.ts';
import type { ReadTraffic } from './usb-reader.ts';

const OWN = /^(\d+(?:\.\d+)?)\s+(?:(\d+)\s+)?(>>|<<|>|<)\s*([0-9a-f\s]+)$/i;
const HID_RECORDER = /^E:\s*(\d+\.\d+)\s+(\d+)\s+([0-9a-f\s]+)$/i;
/** Lines of hid-recorder that tell of the device, or separate devices: R, N, P, I, D, O, L. */
const HID_RECORDER_OTHER = /^[RNPIDOL]:/;
const USBHID_DUMP = /^(\d+):(\d+):(\d+):(STREAM|DESCRIPTOR)\s+(\d+\.\d+)$/;
const BYTES = /^[0-9a-f]{2}(\s+[0-9a-f]{2})*$/i;

/** What can be read; a line that is of no kind is a problem, and passed over. */
export function readHidrawLog(text: string): ReadTraffic {
  const reader = new LogReader();
  for (const [index, line] of text.split(/\r?\n/).entries()) reader.take(line.trim(), index + 1);
  return reader.end();
}

/** A report of usbhid-dump whose lines are coming. */
interface Dumped {
  readonly at: number;
  readonly plug: number;
  readonly isStream: boolean;
  hex: string;
}

class LogReader {
  readonly #traffic: Traffic[] = [];
  readonly #problems: string[] = [];
  readonly #plugs = new Map<string, number>();
  /** Devices that hid-recorder has begun with `D:`. */
  #recorded = '0';
  #dumped: Dumped | undefined;

  take(line: string, number: number): void {
    if (this.#dumped !== undefined && BYTES.test(line)) {
      this.#dumped.hex += line;
      return;
    }
    this.#endDump();
    if (line === '' || line.startsWith('#')) return;
    if (!this.#own(line, number) && !this.#recorder(line, number) && !this.#dump(line)) {
      this.#problems.push(`line ${number}: expected a report, got ${JSON.stringify(line.slice(0, 60))}`);
    }
  }

  end(): ReadTraffic {
    this.#endDump();
    return { traffic: this.#traffic, problems: this.#problems };
  }

  #own(line: string, number: number): boolean {
    const [, seconds, plug = '1', arrow, hex] = OWN.exec(line) ?? [];
    if (seconds === undefined || arrow === undefined) return false;
    const bytes = this.#bytes(hex!, number);
    if (bytes === undefined) return true;
    const direction = arrow.startsWith('>') ? 'in' : 'out';
    const passing = { at: milliseconds(seconds), plug: this.#plug(plug), direction } as const;
    this.#traffic.push(arrow.length === 2 ? { ...passing, apdu: bytes } : { ...passing, report: bytes });
    return true;
  }

  #recorder(line: string, number: number): boolean {
    if (HID_RECORDER_OTHER.test(line)) {
      if (line.startsWith('D:')) this.#recorded = line.slice(2).trim();
      return true;
    }
    const [, seconds, size, hex] = HID_RECORDER.exec(line) ?? [];
    if (seconds === undefined) return false;
    const report = this.#bytes(hex!, number);
    if (report === undefined) return true;
    if (report.length !== Number(size)) {
      this.#problems.push(`line ${number}: expected ${size} bytes, got ${report.length}`);
    }
    const plug = this.#plug(`recorded ${this.#recorded}`);
    this.#traffic.push({ at: milliseconds(seconds), plug, direction: 'out', report });
    return true;
  }

  #dump(line: string): boolean {
    const [, bus, device, number, kind, seconds] = USBHID_DUMP.exec(line) ?? [];
    if (seconds === undefined) return false;
    const plug = this.#plug(`${bus}:${device}:${number}`);
    this.#dumped = { at: milliseconds(seconds), plug, isStream: kind === 'STREAM', hex: '' };
    return true;
  }

  #endDump(): void {
    const dumped = this.#dumped;
    this.#dumped = undefined;
    if (dumped === undefined || !dumped.isStream || dumped.hex === '') return;
    const report = fromHex(dumped.hex.replaceAll(/\s/g, ''));
    this.#traffic.push({ at: dumped.at, plug: dumped.plug, direction: 'out', report });
  }

  #bytes(hex: string, number: number): Uint8Array | undefined {
    const digits = hex.replaceAll(/\s/g, '');
    if (digits.length % 2 === 0) return fromHex(digits);
    this.#problems.push(`line ${number}: expected an even number of hexadecimal digits, got ${digits.length}`);
    return undefined;
  }

  #plug(name: string): number {
    const plug = this.#plugs.get(name) ?? this.#plugs.size + 1;
    this.#plugs.set(name, plug);
    return plug;
  }
}

function milliseconds(seconds: string): number {
  return Math.round(Number(seconds) * 1e6) / 1000;
}

/** A line of this project's own kind. */
export function formatLogLine(traffic: Traffic): string {
  const { at, plug, direction } = traffic;
  const arrow = direction === 'in' ? '>' : '<';
  const [sign, bytes] = 'report' in traffic ? [arrow, traffic.report] : [arrow.repeat(2), traffic.apdu];
  return `${(at / 1000).toFixed(6)} ${plug} ${sign} ${toHex(bytes)}`;
}
