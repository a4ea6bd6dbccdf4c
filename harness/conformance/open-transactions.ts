/** What a check has left open on a key that lasts: requests without an answer, and locks. */
import { INIT_NONCE_SIZE } from '../../ctap/hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  encodeMessage,
  HidCommand,
  isInitPacket,
  packetChannel,
  packetCommand,
} from '../../ctap/hid/packet.ts';
import { isCarrierFrame } from '../../ctap/token2/hid-carrier.ts';

/** Where the first byte of a message stands in its packet. */
const DATA = 7;
/** Milliseconds that a key gets to end what it is told to end. */
const PATIENCE = 500;

/** Sees what is sent and heard. */
export class OpenTransactions {
  readonly #channels = new Set<number>();
  readonly #locks = new Set<number>();
  #changed: () => void = () => {};

  sent(report: Uint8Array): void {
    if (report.length <= DATA || !isInitPacket(report) || isCarrierFrame(report)) return;
    const channel = packetChannel(report);
    const command = packetCommand(report);
    if (channel === BROADCAST_CHANNEL || command === HidCommand.CANCEL) return;
    if (command === HidCommand.LOCK) this.#locks[report[DATA] === 0 ? 'delete' : 'add'](channel);
    this.#channels.add(channel);
  }

  heard(report: Uint8Array): void {
    if (report.length <= DATA || !isInitPacket(report) || packetCommand(report) === HidCommand.KEEPALIVE) return;
    if (this.#channels.delete(packetChannel(report))) this.#changed();
  }

  /** Ends all of it: unlocks, cancels, and begins anew on channels that still owe an answer. */
  async end(write: (report: Uint8Array) => Promise<void>): Promise<void> {
    const send = async (channel: number, command: number, data: Uint8Array) => {
      for (const packet of encodeMessage(channel, command, data)) await write(packet);
    };
    for (const channel of this.#locks) await send(channel, HidCommand.LOCK, Uint8Array.of(0));
    this.#locks.clear();
    for (const channel of [...this.#channels]) await send(channel, HidCommand.CANCEL, new Uint8Array(0));
    await this.#answered();
    for (const channel of [...this.#channels]) await send(channel, HidCommand.INIT, new Uint8Array(INIT_NONCE_SIZE));
    await this.#answered();
  }

  /** All channels have their answer, or the key has had its time. */
  #answered(): Promise<void> {
    if (this.#channels.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      this.#changed = () => {
        if (this.#channels.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
