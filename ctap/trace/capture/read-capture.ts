/** Any file that traffic was recorded in. */
import { isCaptureFile } from './capture-file.ts';
import { readHidrawLog } from './hidraw-log.ts';
import { type ReadTraffic, readUsbCapture } from './usb-reader.ts';

/** Bytes at the beginning that tell text from the rest. */
const SAMPLE = 1024;

/**
 * Reads a pcap or pcapng capture of usbmon, or a log of reports as text (hidraw-log.ts has the forms).
 * @throws TypeError for a file of another kind
 */
export function readTraffic(bytes: Uint8Array): ReadTraffic {
  if (isCaptureFile(bytes)) return readUsbCapture(bytes);
  const isText = !bytes.subarray(0, SAMPLE).some((byte) => byte === 0 || byte > 0x7e);
  if (!isText) throw new TypeError('expected a pcap or pcapng capture or a log of reports as text, got something else');
  const read = readHidrawLog(new TextDecoder().decode(bytes));
  if (read.traffic.length === 0 && read.problems.length > 0) throw new TypeError(read.problems[0]);
  return read;
}
