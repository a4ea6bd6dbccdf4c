/** The user's wish to end what runs in the foreground. */

/** Told once that the user wants an end: by a signal, or by {@link stop}. */
export class StopRequest {
  readonly requested: Promise<void>;
  readonly #signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  readonly #listener = () => this.stop();
  #resolve: () => void = () => {};

  constructor() {
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of this.#signals) process.on(signal, this.#listener);
  }

  stop(): void {
    this.#resolve();
  }

  close(): void {
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }
}
