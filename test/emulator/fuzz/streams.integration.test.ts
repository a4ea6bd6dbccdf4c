/** Packet streams of every kind of wrong: the key says what CTAPHID allows, and goes on. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { Command } from '../../../ctap/commands/index.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand, RESERVED_CHANNEL } from '../../../ctap/hid/packet.ts';
import { isCarrierReport } from '../../../ctap/token2/hid-carrier.ts';
import { autoPresence, ManualPresence } from '../../../emulator/presence.ts';
import type { Platform } from '../authenticator/platform.ts';
import { CarrierOracle } from './carrier-oracle.ts';
import { type Heard, HidOracle, readReports } from './hid-oracle.ts';
import { builders, requestBytes } from './requests.ts';
import {
  type ChannelNumbers,
  carrierReports,
  messagePackets,
  mix,
  plainRequests,
  type StreamEvent,
  type StreamMessage,
  streamEvent,
} from './streams.ts';
import { MODELS, type Prepared, plugInPrepared, prepare, readInfo } from './subject.ts';

const STREAMS = 20_000;
const MAX_EVENTS = 14;
/** For machines that have much else to do. */
const TIMEOUT = 900_000;
const NONCE = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);
const STRANGE_CHANNEL = 0x0badcafe;
/** The USB vendor id of Token2. */
const TOKEN2 = 0x349e;

let keys: readonly Prepared[];
beforeAll(async () => {
  keys = await Promise.all(MODELS.map(prepare));
});

/** A host at one plug of a key, which checks all that the key says against the oracle. */
class Host {
  readonly #platform: Platform;
  readonly #manual: ManualPresence | undefined;
  readonly #plug: ReturnType<Platform['key']['plugIn']>;
  readonly #oracle: HidOracle;
  readonly #carrier = new CarrierOracle();
  readonly #requests;
  #reports: Uint8Array[] = [];
  #channels: ChannelNumbers | undefined;

  constructor(platform: Platform, prepared: Prepared, manual: ManualPresence | undefined) {
    this.#platform = platform;
    this.#manual = manual;
    this.#oracle = new HidOracle(platform.key.model.usb.vendorId === TOKEN2 ? platform.key.atr : undefined);
    this.#plug = platform.key.plugIn((report) => this.#reports.push(report));
    this.#requests = {
      ...plainRequests,
      makeCredential: requestBytes(builders.makeCredential()),
      getAssertion: requestBytes(builders.getAssertion(platform, prepared)),
    };
    const [first, second] = [this.#allocate(), this.#allocate()];
    this.#channels = {
      first,
      second,
      broadcast: BROADCAST_CHANNEL,
      reserved: RESERVED_CHANNEL,
      strange: STRANGE_CHANNEL,
    };
  }

  async take(event: StreamEvent): Promise<void> {
    this.#oracle.settled(this.#heard(), true); // an answer may have come since, or may come later
    switch (event.kind) {
      case 'message':
        this.#sendAll(this.#packets(event.message));
        return;
      case 'mix': {
        const [first, second] = event.messages;
        this.#sendAll(mix(this.#packets(first), this.#packets(second), event.order));
        return;
      }
      case 'report':
        this.#send(event.report);
        return;
      case 'carried':
        this.#sendAll(carrierReports(event));
        return;
      case 'init':
        this.#sendAll(encodeMessage(this.#channels![event.channel], HidCommand.INIT, NONCE));
        return;
      case 'cancel':
        this.#sendAll(encodeMessage(this.#channels![event.channel], HidCommand.CANCEL, new Uint8Array()));
        return;
      case 'settle':
        await this.#settle();
        return;
      case 'wait':
        return this.#wait(event.milliseconds);
      case 'touch':
        this.#manual?.touch();
        await this.#settle();
        return;
      case 'deny':
        this.#manual?.deny();
        await this.#settle();
        return;
    }
  }

  /** Lets all end that was begun, then asks the key who it is, on a new channel. */
  async expectToGoOn(): Promise<void> {
    await this.#settle();
    while (this.#manual?.deny()) await this.#settle();
    await this.#wait(10_000); // the longest lock, and far more than a message may lie about in pieces
    const channel = this.#allocate();
    this.#sendAll(encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorGetInfo)));
    expect(this.#oracle.isRunning).toBe(true);
    readInfo((await this.#settle())[0]!.data);
    expect(this.#platform.defects).toEqual([]);
    this.#plug.unplug();
    expect(this.#heard()).toEqual([]);
  }

  #packets(message: StreamMessage): Uint8Array[] {
    return messagePackets(message, this.#channels!, this.#requests);
  }

  #allocate(): number {
    const before = new Set(this.#oracle.channels);
    this.#sendAll(encodeMessage(BROADCAST_CHANNEL, HidCommand.INIT, NONCE));
    return [...this.#oracle.channels].find((channel) => !before.has(channel))!;
  }

  #sendAll(packets: readonly Uint8Array[]): void {
    for (const packet of packets) this.#send(packet);
  }

  #send(packet: Uint8Array): void {
    this.#carrier.packet(packet);
    this.#plug.receive(packet);
    if (isCarrierReport(packet)) expect(this.#heard()).toEqual([]);
    else this.#oracle.packet(packet, this.#platform.clock.now(), this.#heard());
  }

  async #settle(): Promise<Heard[]> {
    await new Promise((resolve) => setImmediate(resolve));
    const heard = this.#heard();
    this.#oracle.settled(heard, (this.#manual?.pending.length ?? 0) > 0);
    return heard;
  }

  async #wait(milliseconds: number): Promise<void> {
    await this.#settle(); // what comes now is no answer to the clock
    this.#platform.clock.advance(milliseconds);
    this.#oracle.passage(this.#platform.clock.now(), milliseconds, this.#heard());
    await this.#settle();
  }

  #heard(): Heard[] {
    const reports = this.#reports;
    this.#reports = [];
    return readReports(this.#carrier.hear(reports));
  }
}

test(`${STREAMS} packet streams get what CTAPHID allows, and the key goes on`, { timeout: TIMEOUT }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: MODELS.length - 1 }),
      fc.nat(),
      fc.boolean(),
      fc.array(streamEvent, { minLength: 1, maxLength: MAX_EVENTS }),
      async (which, seed, patient, events) => {
        const prepared = keys[which]!;
        let manual: ManualPresence | undefined;
        const platform = await plugInPrepared(prepared, {
          seed: seed.toString(16).padStart(8, '0'),
          presence: patient
            ? (clock) => {
                manual = new ManualPresence(clock);
                return manual;
              }
            : autoPresence,
        });
        const host = new Host(platform, prepared, manual);
        for (const event of events) await host.take(event);
        await host.expectToGoOn();
      },
    ),
    { numRuns: STREAMS },
  );
});
