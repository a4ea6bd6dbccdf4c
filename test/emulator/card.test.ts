import { beforeEach, describe, expect, it } from 'vitest';
import { concat, fromHex, fromUtf8, toHex, utf8 } from '../../ctap/bytes.ts';
import { Command } from '../../ctap/commands/index.ts';
import { decodeAtr } from '../../ctap/iso7816/atr.ts';
import { FIDO_AID } from '../../ctap/iso7816/fido-applet.ts';
import { OTP_AID, readTokenHistoricalBytes } from '../../ctap/token2/otp-applet.ts';
import { ManualPresence } from '../../emulator/presence.ts';
import { CardHost } from './applets/card-host.ts';
import { type KeyOptions, Platform } from './authenticator/platform.ts';

let platform: Platform;
let host: CardHost;
async function open(options: KeyOptions = {}) {
  platform = await Platform.open(options);
  host = new CardHost(platform.key);
}
beforeEach(() => open());

const ctapMsg = { cla: 0x80, ins: 0x10, p1: 0, p2: 0 };
const getInfo = Uint8Array.of(Command.authenticatorGetInfo);

describe('the card', () => {
  it('has an ATR that names the key', () => {
    const { historicalBytes, protocols } = decodeAtr(platform.key.atr);
    expect(protocols).toEqual([1]);
    expect(readTokenHistoricalBytes(historicalBytes)).toEqual({
      productId: platform.key.identity.productId,
      serialSuffix: platform.key.identity.serial?.slice(-8),
    });
  });

  it('selects applets by name, or by its beginning, and keeps the selection where there is none', async () => {
    expect((await host.raw('80C5010000')).statusWord).toBe(0x6d00);
    expect((await host.select(fromHex('a000000308'))).statusWord).toBe(0x6a82);
    expect((await host.select(FIDO_AID.slice(0, 6))).data).toEqual(utf8('U2F_V2'));
    expect((await host.select(fromHex('a000000308000010000100'))).statusWord).toBe(0x6a82);
    expect((await host.select(fromHex('a0'))).statusWord).toBe(0x6a82);
    expect((await host.send({ ...ctapMsg, data: getInfo, le: 256 })).statusWord).toBe(0x9000);
    host.card.reset();
    expect((await host.send({ ...ctapMsg, data: getInfo, le: 256 })).statusWord).toBe(0x6d00);
  });

  it.each(['', '00', '00A404', '00A4040009A0'])('answers 6700 to %s', async (hex) => {
    expect((await host.raw(hex)).statusWord).toBe(0x6700);
  });

  it('speaks CTAP2: chained or extended in, in parts or whole out', async () => {
    await host.select(FIDO_AID);
    const over = await host.send({ ...ctapMsg, data: getInfo, le: 256 });
    expect(over.data[0]).toBe(0);
    expect(await host.send({ ...ctapMsg, data: getInfo, le: 65536 }, { extended: true })).toEqual(over);
    expect(await host.send({ ...ctapMsg, data: getInfo, le: 10 })).toEqual(over);
    const long = concat(getInfo, new Uint8Array(600));
    const chained = await host.send({ ...ctapMsg, data: long, le: 256 });
    expect(chained).toEqual({ data: Uint8Array.of(0x03), statusWord: 0x9000 });
    expect(await host.send({ ...ctapMsg, data: long, le: 256 }, { extended: true })).toEqual(chained);
    expect((await host.raw('80100000')).statusWord).toBe(0x6700);
    expect((await host.raw('8012010000')).statusWord).toBe(0x9000);
  });

  it('speaks U2F in short and extended APDUs', async () => {
    await host.select(FIDO_AID);
    expect(fromUtf8((await host.raw('0003000000')).data)).toBe('U2F_V2');
    expect(fromUtf8((await host.raw('00030000000000')).data)).toBe('U2F_V2');
    const registered = await host.send({ cla: 0, ins: 1, p1: 3, p2: 0, data: new Uint8Array(64), le: 256 });
    expect([registered.data[0], registered.statusWord]).toEqual([5, 0x9000]);
    expect((await host.raw('0002030000')).statusWord).toBe(0x6700);
    expect((await host.raw('0009000000')).statusWord).toBe(0x6d00);
    await open({ model: { versions: ['FIDO_2_0'] } });
    expect((await host.select(FIDO_AID)).data).toEqual(utf8('FIDO_2_0'));
    expect((await host.raw('0003000000')).statusWord).toBe(0x6d00);
  });

  it.each([
    ['usb', 0x27],
    ['nfc', 0x00],
  ] as const)('is reset over a transport that its model takes a reset from: %s alone', async (transport, status) => {
    await open({ model: { transportsForReset: [transport] } });
    await platform.setPin('194726');
    await host.select(FIDO_AID);
    for (const p1 of [0x00, 0x80]) {
      const reset = { ...ctapMsg, p1, data: Uint8Array.of(Command.authenticatorReset), le: 256 };
      expect(await host.send(reset)).toEqual({ data: Uint8Array.of(status), statusWord: 0x9000 });
    }
    expect((await platform.getInfo()).options?.clientPin).toBe(status !== 0);
  });

  it('tells who polls that it waits for a touch, and cancels', async () => {
    let presence: ManualPresence | undefined;
    await open({
      presence: (clock) => {
        presence = new ManualPresence(clock);
        return presence;
      },
    });
    await host.select(FIDO_AID);
    const selection = { ...ctapMsg, p1: 0x80, data: Uint8Array.of(Command.authenticatorSelection), le: 256 };
    const poll = { cla: 0x80, ins: 0x11, p1: 0, p2: 0, le: 256 };
    const waiting = async (answer: Promise<unknown>) => {
      await new Promise(setImmediate);
      platform.clock.advance(100);
      return answer;
    };
    const upNeeded = { data: Uint8Array.of(2), statusWord: 0x9100 };
    expect(await waiting(host.send(selection))).toEqual(upNeeded);
    expect(await waiting(host.send(poll))).toEqual(upNeeded);
    presence?.touch();
    expect(await host.send(poll)).toEqual({ data: Uint8Array.of(0), statusWord: 0x9000 });
    expect((await host.send(poll)).statusWord).toBe(0x6985);

    expect(await waiting(host.send(selection))).toEqual(upNeeded);
    expect(await host.send({ ...poll, p1: 0x11 })).toEqual({ data: Uint8Array.of(0x2d), statusWord: 0x9000 });
    expect(platform.defects).toEqual([]);
  });

  it('is empty-handed once removed in the middle of a command', async () => {
    let presence: ManualPresence | undefined;
    await open({
      presence: (clock) => {
        presence = new ManualPresence(clock);
        return presence;
      },
    });
    await host.select(FIDO_AID);
    const answer = host.send({ ...ctapMsg, data: Uint8Array.of(Command.authenticatorSelection), le: 256 });
    await new Promise(setImmediate);
    expect(presence?.pending).toHaveLength(1);
    host.card.remove();
    expect((await answer).data).toEqual(Uint8Array.of(0x2d));
    expect(presence?.pending).toHaveLength(0);
  });

  it('does not mix the answers of its applets', async () => {
    await host.select(FIDO_AID);
    const first = await host.raw(`80100000 01 ${toHex(getInfo)} 0A`);
    expect(first.statusWord >> 8).toBe(0x61);
    await host.select(OTP_AID);
    expect((await host.raw('00C0000000')).statusWord).toBe(0x6985);
  });
});
