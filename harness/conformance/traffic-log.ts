/** What went over the wire in one check. */
import type { TrafficDirection } from '../../ctap/trace/traffic.ts';

/** A report, or an APDU, with its time. */
export interface LoggedTraffic {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly direction: TrafficDirection;
  readonly bytes: Uint8Array;
}

/** Bytes that are kept of one check: a key that floods its host must not fill its memory. */
const MOST_TRAFFIC = 256 * 1024;

/** The first of it where that is too much. */
export class TrafficLog {
  readonly entries: LoggedTraffic[] = [];
  /** Entries that were not kept. */
  dropped = 0;
  #bytes = 0;

  /** Takes bytes that nobody changes any more. */
  readonly add = (direction: TrafficDirection, bytes: Uint8Array): void => {
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_TRAFFIC) this.dropped++;
    else this.entries.push({ at: Date.now(), direction, bytes });
  };
}
