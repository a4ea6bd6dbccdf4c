import { beforeEach, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../ctap/bytes.ts';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { CarrierAssembler, encodeCarrierFrames } from '../../../ctap/token2/hid-carrier.ts';
import { encodeEntry } from '../../../ctap/token2/otp-entries.ts';
import { ENTRY_IV, seal } from '../../../ctap/token2/sealing.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { HidPlug } from '../../../emulator/exchange.ts';
import { ManualPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { Platform } from '../authenticator/platform.ts';

let platform: Platform;
let presence: ManualPresence;
let plug: HidPlug;
let sent: Uint8Array[];
let onSent: () => void;
beforeEach(async () => {
  platform = await Platform.open({
    presence: (clock) => {
      presence = new ManualPresence(clock);
      return presence;
    },
  });
  sent = [];
  onSent = () => {};
  plug = platform.key.plugIn((report) => {
    sent.push(report);
    onSent();
  });
});

/** The next whole answer among the reports that the key sends. */
async function answer(): Promise<string> {
  const assembler = new CarrierAssembler();
  for (;;) {
    while (sent.length === 0) {
      await new Promise<void>((resolve) => {
        onSent = resolve;
      });
    }
    const step = assembler.accept(sent.shift()!);
    if (step.kind === 'whole') return toHex(step.message);
  }
}

async function ask(apdu: Uint8Array | string): Promise<string> {
  const bytes = typeof apdu === 'string' ? fromHex(apdu) : apdu;
  for (const frame of encodeCarrierFrames(bytes)) plug.receive(frame);
  return answer();
}

async function write(touch: boolean): Promise<string> {
  const deviceKey = fromHex((await ask('80c5010000')).slice(0, -4));
  const hostKey = nodeCrypto.generateEcdhKeyPair((length) => systemRandom.bytes(length));
  const seed = fromHex('3132333435363738393031323334353637383930');
  const entry = { type: 'totp', algorithm: 'SHA1', period: 30, digits: 6, touch, app: '', account: 'a', seed } as const;
  const sealed = seal(nodeCrypto, hostKey, deviceKey, ENTRY_IV, encodeEntry(entry));
  return ask(Uint8Array.of(0x80, 0xc5, 5, 2, sealed.length, ...sealed));
}

const READ_ALL = '80c505000903000000000000003b';
const READ_ONE = '80c505000c01000000000000003b000161';
const LISTED = '01c1001e060000016106323837303832';

describe('Token2’s carrier', () => {
  it('takes commands of several frames beside CTAPHID', async () => {
    expect(await ask('80c502000a')).toMatch(/^00.{18}9000$/);
    expect(await write(false)).toBe('9000');
    expect(await ask(READ_ALL)).toBe(`${LISTED}9000`);
    const [init] = encodeMessage(0xffffffff, HidCommand.INIT, new Uint8Array(8));
    plug.receive(init!);
    expect(sent.shift()?.[4]).toBe(0x80 | HidCommand.INIT);
  });

  it('is busy until the key is touched, and 6FF9 when it is not', async () => {
    await write(true);
    for (const frame of encodeCarrierFrames(fromHex(READ_ONE))) plug.receive(frame);
    await new Promise(setImmediate);
    platform.clock.advance(350);
    expect(sent.map((report) => toHex(report.subarray(0, 3)))).toEqual(Array(4).fill('21c000'));
    presence.touch();
    expect(await answer()).toBe('01c1001e060100016106323837303832' + '9000');
    for (const frame of encodeCarrierFrames(fromHex(READ_ONE))) plug.receive(frame);
    await new Promise(setImmediate);
    platform.clock.advance(30_000);
    expect(await answer()).toBe('6ff9');
  });

  it('gives a command up when another begins, or when it is unplugged', async () => {
    await write(true);
    for (const frame of encodeCarrierFrames(fromHex(READ_ONE))) plug.receive(frame);
    await new Promise(setImmediate);
    expect(presence.pending).toHaveLength(1);
    expect(await ask('80c502000a')).toMatch(/9000$/);
    expect(presence.pending).toHaveLength(0);
    for (const frame of encodeCarrierFrames(fromHex(READ_ONE))) plug.receive(frame);
    await new Promise(setImmediate);
    plug.unplug();
    expect(presence.pending).toHaveLength(0);
    expect(platform.defects).toEqual([]);
  });

  it('works as feature reports, busy frames included', async () => {
    await write(true);
    const feature = (apdu: string) => encodeCarrierFrames(fromHex(apdu)).map((frame) => plug.setFeature!(frame));
    expect(plug.getFeature!()).toBeUndefined();
    expect(plug.setFeature!(new Uint8Array(64))).toBe(false);
    expect(feature(READ_ONE)).toEqual([true]);
    await new Promise(setImmediate);
    platform.clock.advance(500);
    for (let i = 0; i < 3; i++) expect(toHex(plug.getFeature!()!.subarray(0, 3))).toBe('21c000');
    presence.touch();
    await new Promise(setImmediate);
    expect(plug.getFeature!()![2]).toBe(18);
    expect(plug.getFeature!()).toBeUndefined();
    expect(feature('80c5010000')).toEqual([true]);
    await new Promise(setImmediate);
    expect([plug.getFeature!()?.[1], plug.getFeature!()?.[1], plug.getFeature!()]).toEqual([0x20, 0x01, undefined]);
    expect(sent).toEqual([]);
  });

  it('answers 6700 to frames that make no command, and goes on', async () => {
    const frame = (...bytes: number[]) => Uint8Array.from({ length: 64 }, (_, i) => bytes[i] ?? 0);
    for (const wrong of [
      frame(0x21, 0x03, 1),
      frame(0x21, 0, 62),
      frame(0x21, 0, 3, 0x80, 0xc5, 1),
      frame(0x21, 0, 0),
    ]) {
      plug.receive(wrong);
      expect(await answer()).toBe('6700');
    }
    expect(await ask('80c505000102')).toBe('6a80');
    expect(await ask(`90c5050001${'02'}`)).toBe('6e00');
    expect(await ask('80c502000a')).toMatch(/9000$/);
    expect(platform.defects).toEqual([]);
  });

  it('is not there on a model without the applet', async () => {
    platform = await Platform.open({ model: { applets: ['fido2', 'u2f'] } });
    plug = platform.key.plugIn((report) => {
      sent.push(report);
      onSent();
    });
    expect(await ask('80c502000a')).toBe('6d00');
    expect(platform.key.keyboard).toBeUndefined();
  });
});
