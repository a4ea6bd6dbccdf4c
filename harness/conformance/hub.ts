/** One connection to a key that several parts of the judge share, and a record of all that went over it. */
import type { HidConnection } from '../transports/connection.ts';
import { OpenTransactions } from './open-transactions.ts';

/** A report, or an APDU, with its time. */
export interface Traffic {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** `in`: to the key. `out`: from it. */
  readonly direction: 'in' | 'out';
  readonly bytes: Uint8Array;
}

/** Bytes that are kept of one check: a key that floods its host must not fill its memory. */
const MOST_TRAFFIC = 256 * 1024;

/** What went over the wire, the first of it where that is too much. */
export class TrafficLog {
  readonly entries: Traffic[] = [];
  /** Entries that were not kept. */
  dropped = 0;
  #bytes = 0;

  add(direction: Traffic['direction'], bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_TRAFFIC) this.dropped++;
    else this.entries.push({ at: Date.now(), direction, bytes: bytes.slice() });
  }
}

/** Every listener hears all reports, as programs do that open the same device. */
export class Hub {
  readonly #connection: HidConnection;
  readonly #listeners = new Set<(report: Uint8Array) => void>();
  readonly #gone = new Set<(error: Error) => void>();
  readonly #traffic: TrafficLog;
  readonly #open = new OpenTransactions();

  /** @param traffic takes what goes over the connection */
  constructor(connection: HidConnection, traffic: TrafficLog) {
    this.#connection = connection;
    this.#traffic = traffic;
    connection.onReport((report) => {
      this.#traffic.add('out', report);
      this.#open.heard(report);
      for (const listener of [...this.#listeners]) listener(report);
    });
    connection.onGone((error) => {
      for (const listener of [...this.#gone]) listener(error);
    });
  }

  get product(): string | undefined {
    return this.#connection.product;
  }

  /** Sends one report. */
  async write(report: Uint8Array): Promise<void> {
    this.#traffic.add('in', report);
    this.#open.sent(report);
    await this.#connection.write(report);
  }

  /** Hears every report until the returned function is called. */
  listen(listener: (report: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The same connection for one more host; closing it leaves the others theirs. */
  share(): HidConnection {
    const stops: (() => unknown)[] = [];
    return {
      product: this.product,
      write: (report) => this.write(report),
      onReport: (listener) => stops.push(this.listen(listener)),
      onGone: (listener) => {
        this.#gone.add(listener);
        stops.push(() => this.#gone.delete(listener));
      },
      close: async () => {
        for (const stop of stops) stop();
      },
    };
  }

  /** Leaves a key that lasts with nothing to do. */
  leave(): Promise<void> {
    return this.#open.end((report) => this.write(report));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
