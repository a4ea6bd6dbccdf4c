/** What checks of CTAPHID have in common. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { encodeMessage, HidCommand, HidError, packetCommand } from '../../../ctap/hid/packet.ts';
import type { HidMessage } from '../../../ctap/hid/reassembler.ts';
import { makeCredentialParameters } from '../ceremony.ts';
import type { Needs } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';
import type { HidWire } from '../wire.ts';

/** Checks of packets, whatever the key speaks in them. */
export const OVER_HID: Needs = { carrier: 'hid', ctap2: false };
/** Checks of a request that waits for a touch. */
export const WAITING: Needs = { carrier: 'hid', user: 'absent' };
export const NO_DATA = new Uint8Array(0);
/** Fits into one packet. */
export const SHORT = utf8('a message of a single packet');
/** Takes three packets. */
export const LONG: Uint8Array = Uint8Array.from({ length: 150 }, (_, index) => index);

/** The packets of a ping of three, the first of which has been sent. */
export async function halfSent(wire: HidWire, channel: number): Promise<readonly [Uint8Array, Uint8Array]> {
  const [first, second, third] = encodeMessage(channel, HidCommand.PING, LONG);
  await wire.send(first!);
  return [second!, third!];
}

/** The answer is the echo of a ping. */
export function expectEcho(answer: HidMessage, data: Uint8Array): void {
  const { command } = answer;
  const code = command === HidCommand.ERROR ? ` ${answer.data[0]}` : '';
  expect(command === HidCommand.PING, 'an answer to CTAPHID_PING', `command 0x${command.toString(16)}${code}`);
  expectEqual(answer.data, data, 'the bytes of the answer');
}

/** A channel answers a ping. */
export async function expectAnswering(wire: HidWire, channel: number): Promise<void> {
  expectEcho(await wire.transact(channel, HidCommand.PING, SHORT), SHORT);
}

/**
 * Begins a request that waits for a touch: what comes first, a keepalive, is heard already. It is a selection, or where
 * the key does not wait for that, a makeCredential request.
 */
export async function waitingRequest(key: Subject, channel: number): Promise<void> {
  const selection = encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorSelection));
  if (await waits(key, channel, selection)) return;
  const waiting = await waits(key, channel, await makeCredentialPackets(key, channel));
  expect(waiting, 'the key to wait for a touch', 'an answer');
}

async function waits({ wire }: Subject, channel: number, packets: readonly Uint8Array[]): Promise<boolean> {
  await wire.send(...packets);
  const heard = await wire.next(channel, 1000);
  return heard === undefined || packetCommand(heard) === HidCommand.KEEPALIVE;
}

export async function makeCredentialPackets(key: Subject, channel: number): Promise<Uint8Array[]> {
  const parameters = encodeCbor(await makeCredentialParameters(key));
  return encodeMessage(
    channel,
    HidCommand.CBOR,
    concat(Uint8Array.of(Command.authenticatorMakeCredential), parameters),
  );
}

/** Locks the key for a channel. @throws NotApplicable where the key has no locks */
export async function lock(wire: HidWire, channel: number, seconds: number): Promise<void> {
  const { command, data } = await wire.transact(channel, HidCommand.LOCK, Uint8Array.of(seconds));
  if (command === HidCommand.ERROR && data[0] === HidError.INVALID_CMD) throw new NotApplicable('no CTAPHID_LOCK');
  expect(command === HidCommand.LOCK, 'an answer to CTAPHID_LOCK', `command 0x${command.toString(16)}`);
}

/** All packets on a channel within so many milliseconds. */
export async function collected(key: Subject, channel: number, milliseconds: number): Promise<Uint8Array[]> {
  const STEP = 50;
  const packets: Uint8Array[] = [];
  for (let waited = 0; waited < milliseconds; waited += STEP) {
    await key.wait(STEP);
    for (let packet = await key.wire.next(channel, 0); packet !== undefined; packet = await key.wire.next(channel, 0)) {
      packets.push(packet);
    }
  }
  return packets;
}
