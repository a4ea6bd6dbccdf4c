/** One exchange at a time over a HID connection, judged as a strict host does: CTAP 2.3 §11.2.4 and §11.2.5. */

import { equalBytes } from '../../ctap/bytes.ts';
import { decodeByte, decodeInitResponse, INIT_NONCE_SIZE, type InitResponse } from '../../ctap/hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  decodePacket,
  encodeMessage,
  HidCommand,
  HidError,
  isInitPacket,
  PACKET_SIZE,
  packetChannel,
  packetCommand,
  RESERVED_CHANNEL,
} from '../../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../../ctap/hid/reassembler.ts';
import { CtapError } from '../../ctap/status.ts';
import type { HidConnection } from '../transports/connection.ts';
import type { ExchangeOptions } from './device.ts';
import { ProtocolError } from './protocol-error.ts';

/** Milliseconds of silence that a host bears. */
export const DEFAULT_SILENCE = 3000;
const EMPTY = new Uint8Array(0);

/** Takes the reports of a channel: the answer once it is whole, undefined to go on. Throws where they are wrong. */
type Judge<T> = (report: Uint8Array) => T | undefined;

interface Pending {
  readonly channel: number;
  accept(report: Uint8Array): void;
  fail(error: unknown): void;
}

export class HidLink {
  readonly #connection: HidConnection;
  #pending: Pending | undefined;
  #lost: Error | undefined;

  /** @param onStray told of reports that answer nothing: other channels' on a shared device, or a key out of step */
  constructor(connection: HidConnection, onStray: (report: Uint8Array) => void = () => {}) {
    this.#connection = connection;
    connection.onReport((report) => {
      const pending = this.#pending;
      if (pending !== undefined && report.length >= 4 && packetChannel(report) === pending.channel) {
        pending.accept(report);
      } else onStray(report);
    });
    connection.onGone((error) => this.lose(error));
  }

  /** Why nothing can be sent any more. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** Ends what is under way, and all that would come. */
  lose(error: Error): void {
    this.#lost ??= error;
    this.#pending?.fail(this.#lost);
  }

  /**
   * Sends a message and waits for its answer: one of the same command, or ERROR with its one byte.
   * @throws ProtocolError for any other answer; CtapError CTAP1_ERR_TIMEOUT for silence
   */
  request(channel: number, command: number, data: Uint8Array, options: ExchangeOptions): Promise<HidMessage> {
    return this.#exchange(
      channel,
      encodeMessage(channel, command, data),
      answerJudge(command, options.onKeepalive),
      options,
    );
  }

  /**
   * INIT: on the broadcast channel for a new channel, on an own one to begin anew there (§11.2.9.1.3).
   * @throws CtapError CTAP1_ERR_CHANNEL_BUSY, CTAP1_ERR_INVALID_CHANNEL (on an own channel), CTAP1_ERR_TIMEOUT
   */
  initialize(channel: number, silence: number | undefined): Promise<InitResponse> {
    const nonce = globalThis.crypto.getRandomValues(new Uint8Array(INIT_NONCE_SIZE));
    const packets = encodeMessage(channel, HidCommand.INIT, nonce);
    return this.#exchange(channel, packets, initJudge(nonce, channel), { silence });
  }

  /** Asks the key to end the request that is under way on a channel; it answers that, not this (§11.2.9.1.5). */
  async cancel(channel: number): Promise<void> {
    for (const packet of encodeMessage(channel, HidCommand.CANCEL, EMPTY)) await this.#connection.write(packet);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #exchange<T>(channel: number, packets: Uint8Array[], judge: Judge<T>, options: ExchangeOptions): Promise<T> {
    const { signal, silence = DEFAULT_SILENCE } = options;
    return new Promise<T>((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#pending = undefined;
      };
      const pending: Pending = {
        channel,
        accept(report) {
          timer.refresh();
          try {
            const answer = judge(report);
            if (answer === undefined) return;
            end();
            resolve(answer);
          } catch (error) {
            this.fail(error);
          }
        },
        fail(error) {
          end();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        pending.fail(new CtapError('CTAP1_ERR_TIMEOUT', `the key said nothing for ${silence} ms`));
      }, silence);
      this.#pending = pending;
      const isCurrent = () => this.#pending === pending;
      const failWrite = (error: unknown) => {
        if (isCurrent()) pending.fail(error);
      };
      // The first packet waits for all below to be ready: a device may answer, or its caller abort, within write().
      const sent = Promise.resolve().then(() => this.#send(packets, isCurrent));
      // A cancel must not come between the packets of what it cancels.
      const abort = () => {
        sent.then(() => (isCurrent() ? this.cancel(channel) : undefined)).catch(failWrite);
      };
      sent.catch(failWrite);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Sends the packets in order, until the key has answered: an early answer is a refusal. */
  async #send(packets: readonly Uint8Array[], goesOn: () => boolean): Promise<void> {
    for (const packet of packets) if (goesOn()) await this.#connection.write(packet);
  }
}

function answerJudge(command: number, onKeepalive: ((status: number) => void) | undefined): Judge<HidMessage> {
  const assembly = new Reassembler();
  return (report) => {
    const message = assemble(assembly, report);
    switch (message?.command) {
      case undefined:
        return undefined;
      case HidCommand.KEEPALIVE: {
        const status = byteOf(message!);
        onKeepalive?.(status);
        return undefined;
      }
      case HidCommand.ERROR:
        byteOf(message!);
        return message;
      case command:
        return message;
      default:
        throw new ProtocolError(`expected an answer to ${hex(command)}, got command ${hex(message!.command)}`);
    }
  };
}

function assemble(assembly: Reassembler, report: Uint8Array): HidMessage | undefined {
  if (report.length !== PACKET_SIZE) {
    throw new ProtocolError(`expected reports of ${PACKET_SIZE} bytes, got one of ${report.length}`);
  }
  if (!assembly.inProgress && !isInitPacket(report)) {
    throw new ProtocolError(`expected an initialization packet, got continuation packet ${packetCommand(report)}`);
  }
  return asProtocol(() => assembly.accept(report));
}

function byteOf({ data }: HidMessage): number {
  return asProtocol(() => decodeByte(data));
}

/** Runs a decoder of ctap/, whose statuses would read as the key's own. */
function asProtocol<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof CtapError)) throw cause;
    throw new ProtocolError(`wrong packets from the key: ${cause.message}`, { cause });
  }
}

/**
 * Everybody hears the broadcast channel, where only the nonce tells whose an answer is. What else comes belongs to
 * other hosts, or to what this INIT ends; but two refusals tell what to do next.
 */
function initJudge(nonce: Uint8Array, channel: number): Judge<InitResponse> {
  const asksForNew = channel === BROADCAST_CHANNEL;
  return (report) => {
    const packet = decodePacket(report);
    if (packet?.kind !== 'init') return undefined;
    const { command, payload, length } = packet;
    if (command === HidCommand.ERROR) {
      const code = payload[0]!;
      const concerns = code === HidError.CHANNEL_BUSY || (code === HidError.INVALID_CHANNEL && !asksForNew);
      if (concerns) throw new CtapError(code, 'the key answered CTAPHID_INIT with an error');
    }
    if (command !== HidCommand.INIT || !equalBytes(payload.subarray(0, nonce.length), nonce)) return undefined;
    const response = asProtocol(() => decodeInitResponse(payload.subarray(0, length)));
    const given = response.channel;
    const fits = asksForNew ? given !== BROADCAST_CHANNEL && given !== RESERVED_CHANNEL : given === channel;
    if (!fits) {
      const expected = asksForNew ? 'a channel of our own' : `INIT to keep channel ${hex(channel)}`;
      throw new ProtocolError(`expected ${expected}, got ${hex(given)}`);
    }
    return response;
  };
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
