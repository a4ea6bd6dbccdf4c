/** What goes over the wire between a host and a key, as a recorder of any kind sees it. */

/** Where it goes, seen from the key: `in` from the host, `out` to it. */
export type TrafficDirection = 'in' | 'out';

interface Passing {
  /** Milliseconds, of whatever clock the recorder has. */
  readonly at: number;
  /** Tells one plugging in from another, of the same key or of others. */
  readonly plug: number;
  readonly direction: TrafficDirection;
}

/** A HID report, without report id: a CTAPHID packet of 64 bytes, or a frame of Token2's carrier. */
export interface ReportTraffic extends Passing {
  readonly report: Uint8Array;
}

/** A command APDU (`in`) or its answer (`out`). */
export interface ApduTraffic extends Passing {
  readonly apdu: Uint8Array;
}

export type Traffic = ReportTraffic | ApduTraffic;
