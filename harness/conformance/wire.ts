/** CTAPHID packet by packet: what a host can send that no proper one does. */
import { equalBytes } from '../../ctap/bytes.ts';
import { decodeInitResponse, INIT_NONCE_SIZE, type InitResponse } from '../../ctap/hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  encodeMessage,
  HidCommand,
  HidError,
  packetChannel,
  packetCommand,
} from '../../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../../ctap/hid/reassembler.ts';
import type { Bench } from './bench.ts';
import { CheckFailure } from './check-failure.ts';
import { expect } from './expect.ts';
import type { Hub } from './hub.ts';

/** Milliseconds that a key may take for what needs no thought. */
const AT_ONCE = 1000;
const STEP = 20;

/**
 * Packets that go out at once, and the milliseconds that a full-speed USB device takes for as many. uhid drops what its
 * key has not read in time: it keeps 32.
 */
const BURST = 16;

export class HidWire {
  readonly #hub: Hub;
  readonly #bench: Bench;
  readonly #stop: () => void;
  #waiting: Uint8Array[] = [];

  constructor(hub: Hub, bench: Bench) {
    this.#hub = hub;
    this.#bench = bench;
    this.#stop = hub.listen((report) => this.#waiting.push(report));
  }

  close(): void {
    this.#stop();
  }

  /** Sends packets as they are, to a key that lasts no faster than USB carries them. */
  async send(...packets: readonly Uint8Array[]): Promise<void> {
    for (const [index, packet] of packets.entries()) {
      if (index > 0 && index % BURST === 0 && !this.#bench.virtual) await this.#bench.wait(BURST);
      await this.#hub.write(packet);
    }
  }

  /** The next packet on a channel; undefined where none comes within the limit. Those on others stay where they are. */
  next(channel: number, limit?: number): Promise<Uint8Array | undefined> {
    return this.nextOf((packet) => packetChannel(packet) === channel, limit);
  }

  /** The next report of a kind; undefined where none comes within the limit. All others stay where they are. */
  async nextOf(fits: (report: Uint8Array) => boolean, limit: number = AT_ONCE): Promise<Uint8Array | undefined> {
    for (let waited = 0; ; waited += STEP) {
      const index = this.#waiting.findIndex(fits);
      if (index >= 0) return this.#waiting.splice(index, 1)[0];
      if (waited >= limit) return undefined;
      await this.#bench.wait(Math.min(STEP, limit - waited));
    }
  }

  /** The next whole message on a channel, keepalives left out. @throws CheckFailure where none comes */
  async message(channel: number, limit: number = AT_ONCE): Promise<HidMessage> {
    const assembly = new Reassembler();
    for (;;) {
      const packet = await this.next(channel, limit);
      if (packet === undefined) throw new CheckFailure(`expected an answer within ${limit} ms, none came`);
      const message = assembly.accept(packet);
      if (message !== undefined && message.command !== HidCommand.KEEPALIVE) return message;
    }
  }

  /** One message and its answer. */
  async transact(channel: number, command: number, data: Uint8Array, limit?: number): Promise<HidMessage> {
    await this.send(...encodeMessage(channel, command, data));
    return this.message(channel, limit);
  }

  /** Asks for a channel of its own. */
  async open(): Promise<number> {
    return (await this.init(BROADCAST_CHANNEL)).channel;
  }

  /** INIT on a channel; the answer carries the nonce back. */
  async init(
    channel: number,
    nonce = globalThis.crypto.getRandomValues(new Uint8Array(INIT_NONCE_SIZE)),
  ): Promise<InitResponse> {
    await this.send(...encodeMessage(channel, HidCommand.INIT, nonce));
    for (;;) {
      const { command, data } = await this.message(channel);
      // everybody hears the broadcast channel: an answer to somebody else's nonce is not ours
      if (channel === BROADCAST_CHANNEL && !equalBytes(data.subarray(0, INIT_NONCE_SIZE), nonce)) continue;
      expect(command === HidCommand.INIT, 'an answer to CTAPHID_INIT', `command 0x${command.toString(16)}`);
      const response = decodeInitResponse(data);
      expect(equalBytes(response.nonce, nonce), 'the nonce in the answer to CTAPHID_INIT', response.nonce);
      return response;
    }
  }

  /** The answer is CTAPHID_ERROR with this code. */
  async expectError(channel: number, wanted: keyof typeof HidError, limit?: number): Promise<void> {
    const { command, data } = await this.message(channel, limit);
    const got = command === HidCommand.ERROR ? `error ${errorName(data[0])}` : `command 0x${command.toString(16)}`;
    expect(command === HidCommand.ERROR && data[0] === HidError[wanted], `CTAPHID_ERROR ${wanted}`, got);
  }

  /** Nothing comes on a channel, for so long. */
  async expectSilence(channel: number, milliseconds: number): Promise<void> {
    const packet = await this.next(channel, milliseconds);
    if (packet === undefined) return;
    throw new CheckFailure(`expected no packet, got command 0x${packetCommand(packet).toString(16)}`);
  }

  /** Forgets what has come so far. */
  drain(): void {
    this.#waiting = [];
  }
}

function errorName(code: number | undefined): string {
  const name = Object.entries(HidError).find(([, value]) => value === code)?.[0];
  return name ?? `0x${(code ?? 0).toString(16)}`;
}
