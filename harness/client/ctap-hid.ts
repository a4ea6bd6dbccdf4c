/** A key over HID, as a host uses it: CTAP 2.3 §11.2. */

import { equalBytes } from '../../ctap/bytes.ts';
import { encodeByte, type InitResponse } from '../../ctap/hid/channel-messages.ts';
import { BROADCAST_CHANNEL, HidCommand, HidError } from '../../ctap/hid/packet.ts';
import { CtapError } from '../../ctap/status.ts';
import { DeviceGoneError, type HidConnection } from '../transports/connection.ts';
import type { CtapDevice, ExchangeOptions } from './device.ts';
import { HidLink } from './hid-link.ts';
import { pause } from './pause.ts';
import { ProtocolError } from './protocol-error.ts';

const EMPTY = new Uint8Array(0);
/** Milliseconds to the second try of a busy key; doubled from try to try. */
const FIRST_BACK_OFF = 10;
const LONGEST_BACK_OFF = 320;

export interface CtapHidOptions {
  /** Human name; default: the product string. */
  readonly name?: string | undefined;
  /** Milliseconds to go on trying while the key answers CTAP1_ERR_CHANNEL_BUSY. Default 5000. */
  readonly busyLimit?: number | undefined;
  /** Milliseconds of silence after which any exchange without its own limit rejects. Default 3000. */
  readonly silence?: number | undefined;
  /** Told of reports that answer nothing this host has asked. */
  readonly onStray?: ((report: Uint8Array) => void) | undefined;
}

/**
 * One channel of a key. Calls queue: one transaction at a time. After silence or a wrong answer the next call
 * begins with INIT, so that late packets cannot be taken for its answer.
 */
export class CtapHidDevice implements CtapDevice {
  readonly name: string;
  readonly #link: HidLink;
  readonly #options: CtapHidOptions;
  #init: InitResponse;
  #inStep = true;
  #queue: Promise<unknown> = Promise.resolve();
  #pending = 0;

  private constructor(link: HidLink, init: InitResponse, name: string, options: CtapHidOptions) {
    this.#link = link;
    this.#init = init;
    this.name = name;
    this.#options = options;
  }

  /**
   * Asks the key for a channel. The connection stays the caller's until this resolves.
   * @throws CtapError CTAP1_ERR_TIMEOUT where nothing answers, ProtocolError for a wrong answer, DeviceGoneError
   */
  static async open(connection: HidConnection, options: CtapHidOptions = {}): Promise<CtapHidDevice> {
    const link = new HidLink(connection, options.onStray);
    const init = await patiently(options, undefined, () => link.initialize(BROADCAST_CHANNEL, options.silence));
    return new CtapHidDevice(link, init, options.name ?? connection.product ?? 'security key', options);
  }

  get hid(): CtapDevice['hid'] {
    return this.#init;
  }

  async cbor(request: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array> {
    const answer = await this.#call(HidCommand.CBOR, request, options);
    const status = answer[0];
    if (status === undefined) throw new ProtocolError('expected a status byte in the answer to CTAPHID_CBOR, got none');
    if (status !== 0) throw new CtapError(status);
    return answer.subarray(1);
  }

  msg(request: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array> {
    return this.#call(HidCommand.MSG, request, options);
  }

  /** @throws ProtocolError where other bytes come back (§11.2.9.1.4) */
  async ping(data: Uint8Array): Promise<Uint8Array> {
    const echo = await this.#call(HidCommand.PING, data);
    if (!equalBytes(echo, data)) throw new ProtocolError('expected CTAPHID_PING to give the same bytes back');
    return echo;
  }

  async wink(): Promise<void> {
    await this.#call(HidCommand.WINK, EMPTY);
  }

  /** Keeps other hosts out for up to 10 seconds; 0 lets them in again (§11.2.9.2.2). */
  async lock(seconds: number): Promise<void> {
    await this.#call(HidCommand.LOCK, encodeByte(seconds));
  }

  /**
   * A vendor's command, 0x40 to 0x7F without the bit of initialization packets (§11.2.9.3).
   * @throws RangeError for any other command
   */
  async vendor(command: number, data: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array> {
    if (!Number.isInteger(command) || command < HidCommand.VENDOR_FIRST || command > HidCommand.VENDOR_LAST) {
      throw new RangeError(`expected a vendor command from 0x40 to 0x7f, got ${command}`);
    }
    return this.#call(command, data, options);
  }

  /** Ends what is under way; the key is told, that it may stop blinking. */
  async close(): Promise<void> {
    const isFirst = this.#link.lost === undefined;
    const underWay = this.#pending > 0;
    this.#link.lose(new DeviceGoneError(`the connection to ${this.name} is closed`));
    try {
      if (isFirst && underWay) await this.#link.cancel(this.#init.channel);
    } finally {
      await this.#link.close();
    }
  }

  /** One transaction, after those that were called before. */
  #call(command: number, data: Uint8Array, options: ExchangeOptions = {}): Promise<Uint8Array> {
    this.#pending++;
    const turn = this.#queue.then(() => this.#transact(command, data, options));
    const done = () => {
      this.#pending--;
    };
    this.#queue = turn.then(done, done);
    return turn;
  }

  #transact(command: number, data: Uint8Array, options: ExchangeOptions): Promise<Uint8Array> {
    return patiently(this.#options, options.signal, async () => {
      if (!this.#inStep) await this.#resynchronize();
      const silence = options.silence ?? this.#options.silence;
      const answering = this.#link.request(this.#init.channel, command, data, { ...options, silence });
      this.#inStep = false; // until the whole answer is here
      const answer = await answering;
      this.#inStep = true;
      if (answer.command !== HidCommand.ERROR) return answer.data;
      const code = answer.data[0]!;
      // The key has forgotten this channel; the next call asks for another.
      if (code === HidError.INVALID_CHANNEL) this.#inStep = false;
      throw new CtapError(code, 'the key answered with CTAPHID_ERROR');
    });
  }

  async #resynchronize(): Promise<void> {
    const { silence } = this.#options;
    try {
      this.#init = await this.#link.initialize(this.#init.channel, silence);
      this.#inStep = true;
    } catch (error) {
      if (!(error instanceof CtapError) || error.status !== HidError.INVALID_CHANNEL) throw error;
      this.#init = await this.#link.initialize(BROADCAST_CHANNEL, silence);
      this.#inStep = true;
    }
  }
}

/** Tries again, less and less often, while the key has another host's transaction (§11.2.5.1). */
async function patiently<T>(
  { busyLimit = 5000 }: CtapHidOptions,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  let waited = 0;
  for (let backOff = FIRST_BACK_OFF; ; backOff = Math.min(2 * backOff, LONGEST_BACK_OFF)) {
    if (signal?.aborted) throw new CtapError('CTAP2_ERR_KEEPALIVE_CANCEL', 'cancelled before the key was asked');
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CtapError) || error.status !== HidError.CHANNEL_BUSY || waited >= busyLimit) throw error;
    }
    await pause(backOff, signal);
    waited += backOff;
  }
}
