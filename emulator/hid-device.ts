/** The device side of CTAPHID: CTAP 2.3 §11.2. */
import { CTAPHID_PROTOCOL_VERSION, decodeByte, encodeByte, encodeInitResponse } from '../ctap/hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  encodeMessage,
  HidCommand,
  HidError,
  isInitPacket,
  MAX_MESSAGE_SIZE,
  packetChannel,
  packetCommand,
} from '../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../ctap/hid/reassembler.ts';
import { CtapError } from '../ctap/status.ts';
import type { Clock, Random, Timer } from './environment.ts';
import type { HidPlug, KeepaliveStatus, MessageHandler } from './exchange.ts';
import { Channels } from './hid/channels.ts';
import { ChannelLock } from './hid/lock.ts';
import { refusal, type VendorCommands } from './hid/refusal.ts';
import { RunningRequest } from './hid/running-request.ts';

/** Milliseconds that the next packet of a message may take (CTAP 2.3 §11.2.5.2): as FIDO's own header for U2F over HID has it. */
export const TRANSACTION_TIMEOUT = 3000;
const SHORTEST_PACKET = 5;
const EMPTY = new Uint8Array();

export interface CtapHidDeviceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Takes each 64-byte report to the host, and may keep it. */
  send(report: Uint8Array): void;
  /** Commands 0x40 to 0x7F. A CtapError that one throws is answered as ERROR with its status. */
  readonly vendor?: VendorCommands | undefined;
  /** Told of what the handler throws; it should answer instead. Default: written to stderr. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

/** One plug of a key. Whatever packets come, it goes on to answer INIT. */
export class CtapHidDevice implements HidPlug {
  readonly #handler: MessageHandler;
  readonly #options: CtapHidDeviceOptions;
  readonly #channels: Channels;
  readonly #lock: ChannelLock;
  readonly #reassembler = new Reassembler();
  /** The channel whose message is coming in. */
  #receiving: number | undefined;
  #lastPacketAt = 0;
  #packetTimer: Timer | undefined;
  #running: RunningRequest | undefined;
  #plugged = true;

  constructor(handler: MessageHandler, options: CtapHidDeviceOptions) {
    this.#handler = handler;
    this.#options = options;
    this.#channels = new Channels(options.random);
    this.#lock = new ChannelLock(options.clock);
  }

  /** Takes a report from the host. What a short one lacks is zero; one without a whole header is ignored. */
  receive(report: Uint8Array): void {
    if (!this.#plugged || report.length < SHORTEST_PACKET) return;
    const channel = packetChannel(report);
    if (isInitPacket(report)) {
      if (report.length >= SHORTEST_PACKET + 2) this.#initialization(channel, report);
    } else if (channel === this.#receiving) {
      this.#assemble(channel, report);
    } // §11.2.5.4: other continuation packets are spurious, and ignored
  }

  unplug(): void {
    this.#plugged = false;
    this.#lock.release();
    this.#dropMessage();
    this.#dropRequest('the key was unplugged');
  }

  #initialization(channel: number, report: Uint8Array): void {
    const command = packetCommand(report);
    if (channel === BROADCAST_CHANNEL ? command !== HidCommand.INIT : !this.#channels.use(channel)) {
      this.#sendError(channel, HidError.INVALID_CHANNEL);
    } else if (command === HidCommand.CANCEL) {
      this.#cancel(channel);
    } else {
      const refused = refusal(report, this.#handler.capabilities, this.#options.vendor);
      if (command === HidCommand.INIT && refused === undefined) this.#init(channel, report);
      else if (this.#isBusyFor(channel)) this.#sendError(channel, HidError.CHANNEL_BUSY);
      else if (refused !== undefined && this.#receiving === undefined) this.#sendError(channel, refused);
      else this.#assemble(channel, report);
    }
  }

  /** §11.2.5.1: one transaction at a time. A message that still comes in is the reassembler's to judge. */
  #isBusyFor(channel: number): boolean {
    if (this.#running !== undefined) return true;
    if (this.#receiving !== undefined) return this.#receiving !== channel;
    return !this.#lock.allows(channel);
  }

  /** A packet of the message that comes in, or the first of one. */
  #assemble(channel: number, report: Uint8Array): void {
    let message: HidMessage | undefined;
    try {
      message = this.#reassembler.accept(report);
    } catch (error) {
      if (!(error instanceof CtapError)) throw error;
      this.#dropMessage();
      this.#sendError(channel, error.status);
      return;
    }
    if (message !== undefined) {
      this.#dropMessage();
      this.#dispatch(channel, message);
    } else {
      this.#receiving = channel;
      this.#lastPacketAt = this.#options.clock.now();
      this.#packetTimer ??= this.#options.clock.after(TRANSACTION_TIMEOUT, this.#onPacketTimer);
    }
  }

  /** One timer a message, not one a packet: it looks how long ago the last packet came. */
  readonly #onPacketTimer = () => {
    const { clock } = this.#options;
    const waited = Math.max(0, clock.now() - this.#lastPacketAt); // a clock may have been set back
    if (waited < TRANSACTION_TIMEOUT) {
      this.#packetTimer = clock.after(TRANSACTION_TIMEOUT - waited, this.#onPacketTimer);
      return;
    }
    const channel = this.#receiving;
    this.#dropMessage();
    if (channel !== undefined) this.#sendError(channel, HidError.MSG_TIMEOUT);
  };

  #dispatch(channel: number, { command, data }: HidMessage): void {
    if (command === HidCommand.CBOR || command === HidCommand.MSG) {
      this.#run(channel, command, data);
      return;
    }
    let answer: Uint8Array;
    try {
      answer = this.#answerAtOnce(channel, command, data);
    } catch (error) {
      if (!(error instanceof CtapError)) this.#report(error);
      this.#sendError(channel, error instanceof CtapError ? error.status : HidError.OTHER);
      return;
    }
    this.#sendAnswer(channel, command, answer);
  }

  /** Throws a CtapError with the code of the ERROR to answer. */
  #answerAtOnce(channel: number, command: number, data: Uint8Array): Uint8Array {
    switch (command) {
      case HidCommand.PING:
        return data;
      case HidCommand.WINK:
        this.#handler.wink();
        return EMPTY;
      case HidCommand.LOCK:
        this.#lock.hold(channel, decodeByte(data));
        return EMPTY;
      default:
        return this.#options.vendor!.get(command)!(data); // others were refused at their first packet
    }
  }

  #run(channel: number, command: number, data: Uint8Array): void {
    const request = new RunningRequest(channel, this.#options.clock, this.#sendKeepalive);
    this.#running = request;
    let answer: Promise<Uint8Array>;
    try {
      answer = command === HidCommand.CBOR ? this.#handler.cbor(data, request) : this.#handler.msg(data, request);
    } catch (error) {
      this.#fail(request, error);
      return;
    }
    answer.then(
      (response) => {
        if (this.#end(request)) this.#sendAnswer(channel, command, response);
      },
      (error: unknown) => this.#fail(request, error),
    );
  }

  /** Frees the device for the next transaction; false where the request has lost its right to an answer. */
  #end(request: RunningRequest): boolean {
    if (request.ended) return false;
    request.end();
    this.#running = undefined;
    return true;
  }

  #fail(request: RunningRequest, error: unknown): void {
    // A handler that was told to stop may stop by throwing the reason.
    if (!request.ended || error !== request.signal.reason) this.#report(error);
    if (this.#end(request)) this.#sendError(request.channel, HidError.OTHER);
  }

  #report(error: unknown): void {
    const { onDefect = (defect: unknown) => console.error('ctaplab: defect behind CTAPHID:', defect) } = this.#options;
    onDefect(error);
  }

  /** §11.2.9.1.3: a channel to a newcomer, whatever others do; on a channel, aborts and synchronizes. */
  #init(channel: number, report: Uint8Array): void {
    const allocated =
      channel === BROADCAST_CHANNEL
        ? this.#channels.allocate([this.#receiving, this.#running?.channel, this.#lock.channel])
        : channel;
    if (this.#receiving === channel) this.#dropMessage();
    if (this.#running?.channel === channel) this.#dropRequest('the host began anew with CTAPHID_INIT');
    const message = new Reassembler().accept(report)!; // 8 bytes: always whole
    const { deviceVersion, capabilities } = this.#handler;
    const response = {
      nonce: message.data,
      channel: allocated,
      protocolVersion: CTAPHID_PROTOCOL_VERSION,
      deviceVersion,
      capabilities,
    };
    this.#send(channel, HidCommand.INIT, encodeInitResponse(response));
  }

  /** §11.2.9.1.5: never an answer of its own; the request that it ends has one. */
  #cancel(channel: number): void {
    if (this.#running?.channel === channel) this.#running.cancel('the host sent CTAPHID_CANCEL');
  }

  #dropMessage(): void {
    this.#receiving = undefined;
    this.#reassembler.reset();
    this.#packetTimer?.cancel();
    this.#packetTimer = undefined;
  }

  #dropRequest(reason: string): void {
    const request = this.#running;
    if (request === undefined) return;
    this.#end(request);
    request.cancel(reason);
  }

  readonly #sendKeepalive = (request: RunningRequest, status: KeepaliveStatus) => {
    this.#send(request.channel, HidCommand.KEEPALIVE, encodeByte(status));
  };

  #sendAnswer(channel: number, command: number, answer: Uint8Array): void {
    if (answer.length <= MAX_MESSAGE_SIZE) {
      this.#send(channel, command, answer);
    } else {
      this.#report(new RangeError(`expected an answer of at most ${MAX_MESSAGE_SIZE} bytes, got ${answer.length}`));
      this.#sendError(channel, HidError.OTHER);
    }
  }

  #sendError(channel: number, code: number): void {
    this.#send(channel, HidCommand.ERROR, encodeByte(code));
  }

  #send(channel: number, command: number, data: Uint8Array): void {
    for (const packet of encodeMessage(channel, command, data)) {
      if (this.#plugged) this.#options.send(packet); // a host may unplug from within
    }
  }
}
