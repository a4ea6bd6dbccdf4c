/** A CBOR or MSG request that the key works on: its keepalives and its cancelling (CTAP 2.3 §11.2.9.1.5 and §11.2.9.1.7). */
import { CtapError } from '../../ctap/status.ts';
import type { Clock, Timer } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';

/** Milliseconds between keepalives. */
export const KEEPALIVE_INTERVAL = 100;

export class RunningRequest implements Exchange {
  readonly transport = 'usb';
  readonly channel: number;
  readonly #clock: Clock;
  readonly #sendKeepalive: (request: RunningRequest, status: KeepaliveStatus) => void;
  #status: KeepaliveStatus = KeepaliveStatus.PROCESSING;
  #timer: Timer;
  #ended = false;
  #controller: AbortController | undefined;

  constructor(
    channel: number,
    clock: Clock,
    sendKeepalive: (request: RunningRequest, status: KeepaliveStatus) => void,
  ) {
    this.channel = channel;
    this.#clock = clock;
    this.#sendKeepalive = sendKeepalive;
    this.#timer = clock.after(KEEPALIVE_INTERVAL, this.#tick);
  }

  /** True once the request has its answer or has lost the right to one. */
  get ended(): boolean {
    return this.#ended;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController(); // dear, and many requests never look
    return this.#controller.signal;
  }

  keepalive(status: KeepaliveStatus): void {
    if (this.#ended || status === this.#status) return;
    this.#status = status;
    // Due whenever the status changes; after what runs now, so that a touch that is there already costs no packet.
    this.#timer.cancel();
    this.#timer = this.#clock.after(0, this.#tick);
  }

  /** Asks the handler to stop. It still owes an answer, and keepalives go on until then. */
  cancel(reason: string): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(new CtapError('CTAP2_ERR_KEEPALIVE_CANCEL', reason));
  }

  /** No keepalive from here on. */
  end(): void {
    this.#ended = true;
    this.#timer.cancel();
  }

  readonly #tick = () => {
    this.#timer = this.#clock.after(KEEPALIVE_INTERVAL, this.#tick);
    this.#sendKeepalive(this, this.#status);
  };
}
