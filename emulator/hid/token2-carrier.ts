/** The device side of Token2's HID carrier: APDUs beside CTAPHID, in interrupt reports or in feature reports. */
import { encodeResponse, StatusWord } from '../../ctap/iso7816/apdu.ts';
import {
  CarrierAssembler,
  CarrierError,
  encodeBusyFrame,
  encodeCarrierFrames,
  isCarrierReport,
} from '../../ctap/token2/hid-carrier.ts';
import type { Clock } from '../environment.ts';
import { RunningRequest } from './running-request.ts';

export interface Token2CarrierOptions {
  readonly clock: Clock;
  /** Takes each 64-byte report to the host. */
  send(report: Uint8Array): void;
  /** A command APDU to its answer. Never rejects. */
  process(apdu: Uint8Array, exchange: RunningRequest): Promise<Uint8Array>;
}

/** How a message came is how its answer goes. */
type Way = 'interrupt' | 'feature';

/** One plug's carrier. A host that begins another command gives up the one before. */
export class Token2Carrier {
  readonly #options: Token2CarrierOptions;
  readonly #assembler = new CarrierAssembler();
  #running: RunningRequest | undefined;
  /** Frames that wait to be got as feature reports. */
  #waiting: Uint8Array[] = [];

  constructor(options: Token2CarrierOptions) {
    this.#options = options;
  }

  /** Takes an output report that {@link isCarrierReport} knows. */
  receive(report: Uint8Array): void {
    this.#accept(report, 'interrupt');
  }

  /** Takes a feature report; false where it is none of this carrier's. */
  setFeature(report: Uint8Array): boolean {
    if (!isCarrierReport(report)) return false;
    this.#accept(report, 'feature');
    return true;
  }

  /** The next frame of the answer, a busy frame while there is none yet; undefined where nothing was asked. */
  getFeature(): Uint8Array | undefined {
    return this.#waiting.shift() ?? (this.#running === undefined ? undefined : encodeBusyFrame());
  }

  unplug(): void {
    this.#giveUp('the key was unplugged');
  }

  #accept(report: Uint8Array, way: Way): void {
    this.#giveUp('the host began another command');
    try {
      const step = this.#assembler.accept(report);
      if (step.kind === 'whole') this.#run(step.message, way);
    } catch (error) {
      if (!(error instanceof CarrierError)) throw error;
      // What came is not a whole APDU, so its length is wrong.
      this.#answer(encodeResponse({ data: new Uint8Array(), statusWord: StatusWord.WRONG_LENGTH }), way);
    }
  }

  #run(apdu: Uint8Array, way: Way): void {
    const { clock, send, process } = this.#options;
    const busy = () => {
      if (way === 'interrupt') send(encodeBusyFrame());
    };
    const request = new RunningRequest(0, clock, busy);
    this.#running = request;
    void process(apdu, request).then((response) => {
      if (request.ended) return;
      request.end();
      this.#running = undefined;
      this.#answer(response, way);
    });
  }

  #answer(response: Uint8Array, way: Way): void {
    const frames = encodeCarrierFrames(response);
    if (way === 'feature') this.#waiting = frames;
    else for (const frame of frames) this.#options.send(frame);
  }

  #giveUp(reason: string): void {
    this.#waiting = [];
    const request = this.#running;
    if (request === undefined) return;
    this.#running = undefined;
    request.end();
    request.cancel(reason);
  }
}
