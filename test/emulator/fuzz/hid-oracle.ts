/**
 * CTAPHID told a second time, from the host's side and for one plug: what a key may answer to each packet
 * (CTAP 2.3 §11.2). Where the specification leaves the choice between errors open, so does this.
 */
import { expect } from 'vitest';
import { equalBytes, toHex } from '../../../ctap/bytes.ts';
import { expectStrictCborAnswer, expectStrictU2fAnswer } from './strict-answers.ts';

const BROADCAST = 0xffffffff;
const [PING, MSG, LOCK, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR] = [1, 3, 4, 6, 8, 0x10, 0x11, 0x3b, 0x3f];
const [INVALID_CMD, INVALID_PAR, INVALID_LEN, INVALID_SEQ, MSG_TIMEOUT, CHANNEL_BUSY, INVALID_CHANNEL] = [
  1, 2, 3, 4, 5, 6, 11,
];
/** Token2's own: the ATR of the key as a card, whatever is sent along. */
const ATR = 0x41;
const KNOWN_COMMANDS: readonly number[] = [PING, MSG, LOCK, INIT, WINK, CBOR];
const LARGEST = 7609;
const PACKET_TIMEOUT = 3000;

/** A whole message of the key. */
export interface Heard {
  readonly channel: number;
  readonly command: number;
  readonly data: Uint8Array;
}

interface Incoming {
  readonly channel: number;
  readonly command: number;
  readonly length: number;
  data: number[];
  sequence: number;
  lastAt: number;
}

/** The messages that reports of the key make, which must follow each other without a gap and be padded with zeros. */
export function readReports(reports: readonly Uint8Array[]): Heard[] {
  const heard: Heard[] = [];
  for (let i = 0; i < reports.length; ) {
    const first = reports[i++]!;
    const view = reportView(first);
    if (!(first[4]! & 0x80)) expect.fail(`expected an initialization packet, got ${toHex(first)}`);
    const channel = view.getUint32(0);
    const length = view.getUint16(5);
    let data = [...first.subarray(7)];
    for (let sequence = 0; data.length < length; sequence++) {
      const next = reports[i++];
      if (next === undefined) expect.fail(`a message of ${length} bytes ends after ${data.length}`);
      if (reportView(next).getUint32(0) !== channel || next[4] !== sequence)
        expect.fail(`expected continuation packet ${sequence} of channel ${channel}, got ${toHex(next)}`);
      data = data.concat([...next.subarray(5)]);
    }
    if (data.slice(length).some((byte) => byte !== 0)) expect.fail(`expected zeros as padding, got ${toHex(first)}`);
    heard.push({ channel, command: first[4]! & 0x7f, data: Uint8Array.from(data.slice(0, length)) });
  }
  return heard;
}

function reportView(report: Uint8Array): DataView {
  if (report.length !== 64) expect.fail(`expected a report of 64 bytes, got ${report.length}`);
  return new DataView(report.buffer, report.byteOffset, report.length);
}

export class HidOracle {
  readonly channels = new Set<number>();
  #incoming: Incoming | undefined;
  #running: { readonly channel: number; readonly command: number; readonly data: Uint8Array } | undefined;
  #lock: { readonly channel: number; readonly until: number } | undefined;
  readonly #atr: Uint8Array | undefined;

  /** @param atr undefined for a key that does not have Token2's command */
  constructor(atr: Uint8Array | undefined) {
    this.#atr = atr;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Checks what the key said at once to one packet of the host. */
  packet(report: Uint8Array, now: number, heard: readonly Heard[]): void {
    const packet = new Uint8Array(64);
    packet.set(report.subarray(0, 64));
    const channel = new DataView(packet.buffer).getUint32(0);
    const isInit = report.length >= 5 && (packet[4]! & 0x80) !== 0;
    if (report.length < 5 || (isInit && report.length < 7)) expectNothing(heard);
    else if (isInit) this.#initialization(channel, packet, now, heard);
    else this.#continuation(channel, packet, now, heard);
  }

  /** Checks what the key said while the clock went on to `now`. */
  passage(now: number, waited: number, heard: readonly Heard[]): void {
    const incoming = this.#incoming;
    const timedOut = incoming && now - incoming.lastAt >= PACKET_TIMEOUT;
    const keepalives = heard.filter(({ command }) => command === KEEPALIVE);
    for (const { channel, data } of keepalives) {
      if (!this.#running) expect.fail('a keepalive, but no request is running');
      expect([channel, data.length]).toEqual([this.#running.channel, 1]);
      expect([1, 2]).toContain(data[0]);
    }
    if (this.#running && waited >= 100) expect(keepalives.length, 'keepalives').toBeGreaterThan(0);
    const others = heard.filter(({ command }) => command !== KEEPALIVE);
    if (!timedOut) {
      expectNothing(others);
      return;
    }
    this.#incoming = undefined;
    expectError(others, incoming.channel, [MSG_TIMEOUT]);
  }

  /** Checks what the key said when it had all the time it needs; `waits`: it waits for its user. */
  settled(heard: readonly Heard[], waits: boolean): void {
    const running = this.#running;
    if (heard.length === 0) {
      if (running && !waits) expect.fail(`expected an answer to ${toHex(running.data)}, got none: it hangs`);
      return;
    }
    const [{ channel, command, data }] = heard as [Heard];
    const fits = heard.length === 1 && channel === running?.channel && command === running.command;
    if (!fits)
      expect.fail(`expected an answer to ${running ? describe([running]) : 'no request'}, got ${describe(heard)}`);
    this.#running = undefined;
    if (command === CBOR) expectStrictCborAnswer(running.data, data);
    else expectStrictU2fAnswer(running.data, data);
  }

  #initialization(channel: number, packet: Uint8Array, now: number, heard: readonly Heard[]): void {
    const command = packet[4]! & 0x7f;
    const length = new DataView(packet.buffer).getUint16(5);
    if (channel === BROADCAST ? command !== INIT : !this.channels.has(channel)) {
      expectError(heard, channel, [INVALID_CHANNEL]);
    } else if (command === CANCEL) {
      expectNothing(heard);
    } else if (command === INIT && length === 8) {
      this.#init(channel, packet.subarray(7, 15), heard);
    } else if (
      this.#running ||
      (this.#incoming && this.#incoming.channel !== channel) ||
      this.#isLocked(channel, now)
    ) {
      expectError(heard, channel, [CHANNEL_BUSY]);
    } else if (this.#incoming) {
      this.#incoming = undefined;
      expectError(heard, channel, [INVALID_SEQ]);
    } else if (!KNOWN_COMMANDS.includes(command) && !(command === ATR && this.#atr)) {
      expectError(heard, channel, length > LARGEST ? [INVALID_CMD, INVALID_LEN] : [INVALID_CMD]);
    } else if (length > LARGEST || !isPossible(command, length)) {
      expectError(heard, channel, [INVALID_LEN]);
    } else {
      this.#incoming = { channel, command, length, data: [...packet.subarray(7)], sequence: 0, lastAt: now };
      this.#complete(now, heard);
    }
  }

  #continuation(channel: number, packet: Uint8Array, now: number, heard: readonly Heard[]): void {
    const incoming = this.#incoming;
    if (incoming?.channel !== channel) {
      expectNothing(heard);
      return;
    }
    if (packet[4] !== incoming.sequence) {
      this.#incoming = undefined;
      expectError(heard, channel, [INVALID_SEQ]);
      return;
    }
    incoming.data = incoming.data.concat([...packet.subarray(5)]);
    incoming.sequence++;
    incoming.lastAt = now;
    this.#complete(now, heard);
  }

  #complete(now: number, heard: readonly Heard[]): void {
    const { channel, command, length, data } = this.#incoming!;
    if (data.length < length) {
      expectNothing(heard);
      return;
    }
    this.#incoming = undefined;
    const request = Uint8Array.from(data.slice(0, length));
    if (command === CBOR || command === MSG) {
      this.#running = { channel, command, data: request };
      expectNothing(heard);
      return;
    }
    const [seconds = 0] = request;
    if (command === LOCK && seconds > 10) {
      expectError(heard, channel, [INVALID_PAR]);
      return;
    }
    if (command === LOCK) this.#lock = seconds === 0 ? undefined : { channel, until: now + seconds * 1000 };
    const answers = { [PING]: request, [ATR]: this.#atr };
    expectAnswer(heard, channel, command, answers[command] ?? new Uint8Array());
  }

  #init(channel: number, nonce: Uint8Array, heard: readonly Heard[]): void {
    const [answer] = heard as [Heard];
    const isInit = heard.length === 1 && answer.channel === channel && answer.command === INIT;
    if (!isInit || answer.data.length !== 17) expect.fail(`expected an answer to INIT, got ${describe(heard)}`);
    if (!equalBytes(answer.data.subarray(0, 8), nonce)) expect.fail(`expected ${toHex(nonce)}, got ${describe(heard)}`);
    const allocated = new DataView(answer.data.buffer).getUint32(8);
    if (channel === BROADCAST) {
      if (this.channels.has(allocated)) expect.fail(`channel ${allocated} was given twice`);
      expect([0, BROADCAST]).not.toContain(allocated);
      this.channels.add(allocated);
      return;
    }
    expect(allocated).toBe(channel);
    if (this.#incoming?.channel === channel) this.#incoming = undefined;
    if (this.#running?.channel === channel) this.#running = undefined;
  }

  #isLocked(channel: number, now: number): boolean {
    return this.#lock !== undefined && this.#lock.channel !== channel && now < this.#lock.until;
  }
}

function isPossible(command: number, length: number): boolean {
  if (command === INIT) return false; // the possible length was dealt with
  if (command === LOCK) return length === 1;
  if (command === WINK) return length === 0;
  return command !== CBOR || length > 0;
}

function expectNothing(heard: readonly Heard[]): void {
  if (heard.length > 0) expect.fail(`expected silence, got ${describe(heard)}`);
}

function expectAnswer(heard: readonly Heard[], channel: number, command: number, data: Uint8Array): void {
  const [answer] = heard;
  const fits =
    heard.length === 1 &&
    answer!.channel === channel &&
    answer!.command === command &&
    toHex(answer!.data) === toHex(data);
  if (!fits) expect.fail(`expected ${describe([{ channel, command, data }])}, got ${describe(heard)}`);
}

function expectError(heard: readonly Heard[], channel: number, codes: readonly number[]): void {
  const [answer] = heard;
  const fits =
    heard.length === 1 &&
    answer!.channel === channel &&
    answer!.command === ERROR &&
    answer!.data.length === 1 &&
    codes.includes(answer!.data[0]!);
  if (!fits) expect.fail(`expected error ${codes.join(' or ')} on ${channel}, got ${describe(heard)}`);
}

function describe(heard: readonly Heard[]): string {
  if (heard.length === 0) return 'silence';
  return heard.map(({ channel, command, data }) => `${command} on ${channel}: ${toHex(data)}`).join(', ');
}
