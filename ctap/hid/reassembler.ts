/** Packets of one channel back to messages: CTAP 2.3 §11.2.4 and §11.2.5.4. */
import { CtapError } from '../status.ts';
import { CONTINUATION_PAYLOAD, decodePacket, HidError, INIT_PAYLOAD, MAX_MESSAGE_SIZE } from './packet.ts';

/** A whole message of a channel. `data` is its own copy. */
export interface HidMessage {
  readonly command: number;
  readonly data: Uint8Array;
}

/**
 * Puts together one message after the other. Whoever owns it hands in the packets of one channel alone,
 * and keeps the time: it has no timers.
 */
export class Reassembler {
  #command = 0;
  #data: Uint8Array | undefined;
  #filled = 0;
  #sequence = 0;

  /** True between the first and the last packet of a message. */
  get inProgress(): boolean {
    return this.#data !== undefined;
  }

  /** Forgets a message that has begun. */
  reset(): void {
    this.#data = undefined;
  }

  /**
   * Takes the next packet, and gives the message that it completes. What a short packet lacks is zero.
   * Packets too short for their header and continuation packets of no message are ignored.
   * @throws CtapError CTAP1_ERR_INVALID_LENGTH for a length over 7609, CTAP1_ERR_INVALID_SEQ for a packet
   *   that is not the next one; the message that had begun is forgotten then
   */
  accept(packet: Uint8Array): HidMessage | undefined {
    const next = decodePacket(packet);
    if (next === undefined) return undefined;
    if (next.kind === 'init') return this.#begin(next.command, next.length, next.payload);
    return this.#data === undefined ? undefined : this.#continue(this.#data, next.sequence, next.payload);
  }

  #begin(command: number, length: number, payload: Uint8Array): HidMessage | undefined {
    if (this.#data !== undefined) {
      this.reset();
      throw new CtapError(
        HidError.INVALID_SEQ,
        `expected continuation packet ${this.#sequence}, got an initialization packet`,
      );
    }
    if (length > MAX_MESSAGE_SIZE) {
      throw new CtapError(
        HidError.INVALID_LEN,
        `expected a CTAPHID message of at most ${MAX_MESSAGE_SIZE} bytes, got ${length}`,
      );
    }
    const data = new Uint8Array(length);
    data.set(payload.length > length ? payload.subarray(0, length) : payload);
    if (length <= INIT_PAYLOAD) return { command, data };
    this.#command = command;
    this.#data = data;
    this.#filled = INIT_PAYLOAD;
    this.#sequence = 0;
    return undefined;
  }

  #continue(data: Uint8Array, sequence: number, payload: Uint8Array): HidMessage | undefined {
    if (sequence !== this.#sequence) {
      this.reset();
      throw new CtapError(
        HidError.INVALID_SEQ,
        `expected continuation packet ${this.#sequence}, got continuation packet ${sequence}`,
      );
    }
    const missing = data.length - this.#filled;
    data.set(payload.length > missing ? payload.subarray(0, missing) : payload, this.#filled);
    this.#filled += CONTINUATION_PAYLOAD;
    this.#sequence++;
    if (this.#filled < data.length) return undefined;
    this.reset();
    return { command: this.#command, data };
  }
}
