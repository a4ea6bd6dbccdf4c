/** One connection to a key that several parts of the judge share. */
import type { HidConnection } from '../transports/connection.ts';
import { OpenTransactions } from './open-transactions.ts';

/** Every listener hears all reports, as programs do that open the same device. */
export class Hub {
  readonly #connection: HidConnection;
  readonly #listeners = new Set<(report: Uint8Array) => void>();
  readonly #gone = new Set<(error: Error) => void>();
  readonly #open = new OpenTransactions();

  constructor(connection: HidConnection) {
    this.#connection = connection;
    connection.onReport((report) => {
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
