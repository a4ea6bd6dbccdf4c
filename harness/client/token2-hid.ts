/** A Token2 key's OTP applet over HID: APDUs in reports of their own beside CTAPHID. */
import { CarrierAssembler, encodeCarrierFrames } from '../../ctap/token2/hid-carrier.ts';
import { type CardConnection, DeviceGoneError, type HidConnection } from '../transports/connection.ts';
import { ProtocolError } from './protocol-error.ts';

/** Milliseconds without a frame, busy ones included, after which the key counts as silent. */
const DEFAULT_SILENCE = 3000;

export interface Token2HidOptions {
  /** Called with the first busy frame that says the key waits, for a touch as a rule. */
  readonly onBusy?: (() => void) | undefined;
  /** Milliseconds without any frame after which a command rejects. Default 3000. */
  readonly silence?: number | undefined;
}

interface Pending {
  accept(report: Uint8Array): void;
  fail(error: Error): void;
}

/** The one user of its connection: nobody else may listen to it meanwhile. */
export class Token2HidCard implements CardConnection {
  readonly name: string;
  readonly #connection: HidConnection;
  readonly #options: Token2HidOptions;
  #pending: Pending | undefined;
  #lost: Error | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(connection: HidConnection, options: Token2HidOptions = {}) {
    this.name = connection.product ?? 'Token2 key';
    this.#connection = connection;
    this.#options = options;
    connection.onReport((report) => this.#pending?.accept(report));
    connection.onGone((error) => this.#lose(error));
  }

  /** @throws ProtocolError for frames that do not fit or for silence; DeviceGoneError */
  transmit(apdu: Uint8Array): Promise<Uint8Array> {
    const answer = this.#turn.then(() => this.#exchange(apdu));
    this.#turn = answer.catch(() => undefined); // whoever asked has the failure
    return answer;
  }

  async close(): Promise<void> {
    this.#lose(new DeviceGoneError('the connection is closed'));
    await this.#connection.close();
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    this.#pending?.fail(this.#lost);
  }

  #exchange(apdu: Uint8Array): Promise<Uint8Array> {
    const { silence = DEFAULT_SILENCE, onBusy } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const assembler = new CarrierAssembler();
      let toldBusy = false;
      const timer = setTimeout(() => fail(new ProtocolError(`the key said nothing for ${silence} ms`)), silence);
      const end = () => {
        clearTimeout(timer);
        this.#pending = undefined;
      };
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      const accept = (report: Uint8Array) => {
        timer.refresh();
        try {
          const step = assembler.accept(report);
          if (step.kind === 'whole') {
            end();
            resolve(step.message);
          } else if (step.kind === 'busy' && !toldBusy) {
            toldBusy = true;
            onBusy?.();
          }
        } catch (error) {
          fail(new ProtocolError((error as Error).message, { cause: error }));
        }
      };
      this.#pending = { accept, fail };
      this.#send(apdu).catch(fail);
    });
  }

  async #send(apdu: Uint8Array): Promise<void> {
    for (const frame of encodeCarrierFrames(apdu)) await this.#connection.write(frame);
  }
}
