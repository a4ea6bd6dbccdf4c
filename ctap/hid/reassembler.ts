/** Packets of one channel back to messages: CTAP 2.3 §11.2.4 and §11.2.5.4. */
import { CtapError } from '../status.ts';
import {
  CONTINUATION_HEADER,
  CONTINUATION_PAYLOAD,
  HidError,
  INIT_HEADER,
  INIT_PAYLOAD,
  isInitPacket,
  MAX_MESSAGE_SIZE,
  PACKET_SIZE,
  packetCommand,
  packetLength,
} from './packet.ts';

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
    if (packet.length < CONTINUATION_HEADER) return undefined;
    if (isInitPacket(packet)) return packet.length < INIT_HEADER ? undefined : this.#begin(packet);
    return this.#data === undefined ? undefined : this.#continue(this.#data, packet);
  }

  #begin(packet: Uint8Array): HidMessage | undefined {
    if (this.#data !== undefined) {
      this.reset();
      throw new CtapError(
        HidError.INVALID_SEQ,
        `expected continuation packet ${this.#sequence}, got an initialization packet`,
      );
    }
    const command = packetCommand(packet);
    const length = packetLength(packet);
    if (length > MAX_MESSAGE_SIZE) {
      throw new CtapError(
        HidError.INVALID_LEN,
        `expected a CTAPHID message of at most ${MAX_MESSAGE_SIZE} bytes, got ${length}`,
      );
    }
    const data = new Uint8Array(length);
    copyPayload(packet, INIT_HEADER, data, 0);
    if (length <= INIT_PAYLOAD) return { command, data };
    this.#command = command;
    this.#data = data;
    this.#filled = INIT_PAYLOAD;
    this.#sequence = 0;
    return undefined;
  }

  #continue(data: Uint8Array, packet: Uint8Array): HidMessage | undefined {
    const sequence = packetCommand(packet);
    if (sequence !== this.#sequence) {
      this.reset();
      throw new CtapError(
        HidError.INVALID_SEQ,
        `expected continuation packet ${this.#sequence}, got continuation packet ${sequence}`,
      );
    }
    copyPayload(packet, CONTINUATION_HEADER, data, this.#filled);
    this.#filled += CONTINUATION_PAYLOAD;
    this.#sequence++;
    if (this.#filled < data.length) return undefined;
    this.reset();
    return { command: this.#command, data };
  }
}

/** Copies what of a packet's payload still fits into the message. A loop costs less than two views of so few bytes. */
function copyPayload(packet: Uint8Array, header: number, data: Uint8Array, offset: number): void {
  const count = Math.min(Math.min(packet.length, PACKET_SIZE) - header, data.length - offset);
  for (let i = 0; i < count; i++) data[offset + i] = packet[header + i]!;
}
