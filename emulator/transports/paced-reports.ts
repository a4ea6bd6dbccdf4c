/** Reports to the host no faster than USB would carry them. */

/** hidraw keeps 64 reports for each reader and drops what is beyond; half of that may come at once. */
const BURST = 32;
/** Milliseconds to the next look where reports wait. A full-speed USB device sends one report each millisecond. */
const INTERVAL = 8;

/** Writes short messages at once, and long ones at the pace of a full-speed USB device: one report a millisecond. */
export class PacedReports {
  readonly #write: (report: Uint8Array) => void;
  #waiting: Uint8Array[] = [];
  /** How many reports may go out now. */
  #credit = BURST;
  #countedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (report: Uint8Array) => void) {
    this.#write = write;
  }

  send(report: Uint8Array): void {
    this.#waiting.push(report);
    if (this.#timer === undefined) this.#drain();
  }

  /** Forgets what still waits. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  readonly #drain = () => {
    const now = performance.now();
    this.#credit = Math.min(BURST, this.#credit + (now - this.#countedAt));
    this.#countedAt = now;
    const ready = this.#waiting.splice(0, Math.floor(this.#credit));
    this.#credit -= ready.length;
    this.#timer = this.#waiting.length > 0 ? setTimeout(this.#drain, INTERVAL) : undefined;
    for (const report of ready) this.#write(report);
  };
}
