/** A device that says whatever a test wants, right or wrong. */
import { decodeByte, encodeInitResponse } from '../../../ctap/hid/channel-messages.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand, packetChannel } from '../../../ctap/hid/packet.ts';
import { type HidMessage, Reassembler } from '../../../ctap/hid/reassembler.ts';
import type { HidConnection } from '../../../harness/transports/connection.ts';

export const CHANNEL = 0x01020304;

export interface SentMessage extends HidMessage {
  readonly channel: number;
}

/** Says nothing but what the script says: `script` gets each whole message of the host. */
export class ScriptedConnection implements HidConnection {
  readonly product = 'Scripted Key';
  readonly received: SentMessage[] = [];
  closed = false;
  readonly #script: (message: SentMessage, connection: ScriptedConnection) => void;
  readonly #assemblies = new Map<number, Reassembler>();
  #onReport: (report: Uint8Array) => void = () => {};
  #onGone: (error: Error) => void = () => {};

  constructor(script: (message: SentMessage, connection: ScriptedConnection) => void) {
    this.#script = script;
  }

  async write(report: Uint8Array): Promise<void> {
    const channel = packetChannel(report);
    const assembly = this.#assemblies.get(channel) ?? new Reassembler();
    this.#assemblies.set(channel, assembly);
    const message = assembly.accept(report);
    if (message === undefined) return;
    const sent = { ...message, channel };
    this.received.push(sent);
    this.#script(sent, this);
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
  }

  onGone(listener: (error: Error) => void): void {
    this.#onGone = listener;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Sends a report as it is. */
  report(bytes: Uint8Array): void {
    this.#onReport(bytes);
  }

  /** Sends a whole message. */
  say(command: number, data: Uint8Array, channel: number = CHANNEL): void {
    for (const packet of encodeMessage(channel, command, data)) this.report(packet);
  }

  fail(error: Error): void {
    this.#onGone(error);
  }

  /** Answers INIT as a key should. */
  sayInit(nonce: Uint8Array, asked: number, given: number = asked === BROADCAST_CHANNEL ? CHANNEL : asked): void {
    const response = {
      nonce,
      channel: given,
      protocolVersion: 2,
      deviceVersion: [1, 2, 3] as const,
      capabilities: 0x05,
    };
    this.say(HidCommand.INIT, encodeInitResponse(response), asked);
  }
}

/** A key that answers INIT, and leaves all else to `script`. */
export function afterInit(script: (message: SentMessage, connection: ScriptedConnection) => void): ScriptedConnection {
  return new ScriptedConnection((message, connection) => {
    if (message.command === HidCommand.INIT) connection.sayInit(message.data, message.channel);
    else script(message, connection);
  });
}

/** What was sent, in words: `INIT`, `PING 01`. */
export function commands(connection: ScriptedConnection): string[] {
  const names = new Map<number, string>(Object.entries(HidCommand).map(([name, code]) => [code, name]));
  return connection.received.map(({ command, data }) => {
    const name = names.get(command) ?? String(command);
    return data.length === 1 ? `${name} ${decodeByte(data)}` : name;
  });
}
