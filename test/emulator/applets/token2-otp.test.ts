import { beforeEach, describe, expect, it } from 'vitest';
import { uintBytes } from '../../../ctap/byte-reader.ts';
import { concat, fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import { hotp } from '../../../ctap/otp/hotp.ts';
import { digitStrokes, Usage } from '../../../ctap/otp/keyboard-usages.ts';
import { totp } from '../../../ctap/otp/totp.ts';
import {
  DisabledInterface,
  decodeDeviceInfo,
  decodeSerial,
  encodeButtonSeed,
  encodeSerialRequest,
  OTP_AID,
  OtpCommand,
} from '../../../ctap/token2/otp-applet.ts';
import {
  decodePage,
  decodeReading,
  encodeDeletion,
  encodeEntry,
  encodeReadRequest,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../../ctap/token2/otp-entries.ts';
import { BUTTON_SEED_IV, ENTRY_IV } from '../../../ctap/token2/sealing.ts';
import { autoPresence, denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { type KeyOptions, Platform } from '../authenticator/platform.ts';
import { CardHost } from './card-host.ts';

const SEED = utf8('12345678901234567890');
const entry: OtpEntryWithSeed = {
  type: 'totp',
  algorithm: 'SHA1',
  period: 30,
  digits: 6,
  touch: false,
  app: 'Example',
  account: 'alice',
  seed: SEED,
};

let platform: Platform;
let host: CardHost;

async function open(options: KeyOptions = {}) {
  platform = await Platform.open(options);
  host = new CardHost(platform.key);
  expect((await host.select(OTP_AID)).statusWord).toBe(0x9000);
}
beforeEach(() => open());

const write = (value: OtpEntryWithSeed) => host.sealed(OtpCommand.writeEntry, ENTRY_IV, encodeEntry(value));
const readAll = (time = 59n) => host.send({ ...OtpCommand.readEntries, data: encodeReadRequest({ time }) });
const readOne = (name: { app: string; account: string }, time = 59n) =>
  host.send({ ...OtpCommand.readEntries, data: encodeReadRequest({ time, one: name }) });
const setFlag = (command: keyof typeof OtpCommand, byte: number) =>
  host.status({ ...OtpCommand[command], data: Uint8Array.of(byte) });
const info = async () => decodeDeviceInfo((await host.send({ ...OtpCommand.readDeviceInfo, le: 10 })).data);

describe('entries', () => {
  it('are written sealed and read with their codes', async () => {
    expect((await write(entry)).statusWord).toBe(0x9000);
    const { seed: _, ...settings } = entry;
    expect(decodePage((await readAll()).data)).toEqual({ entries: [{ ...settings, code: '287082' }], more: false });
    expect(decodeReading((await readOne(entry, 1111111109n)).data).code).toBe('081804');
    await write({ ...entry, algorithm: 'SHA256', digits: 10, period: 60 });
    const code = totp(SEED, 20_000_000_000, { algorithm: 'SHA256', digits: 10, period: 60 });
    expect(decodePage((await readAll(20_000_000_000n)).data).entries[0]?.code).toBe(code);
    expect(platform.defects).toEqual([]);
  });

  it('of HOTP count up with each reading, and keep the count over a power loss', async () => {
    const store = memoryStore();
    await open({ store });
    await write({ ...entry, type: 'hotp' });
    const code = async () => decodeReading((await readOne(entry)).data).code;
    expect(decodePage((await readAll()).data).entries[0]?.code).toBeUndefined();
    expect([await code(), await code()]).toEqual(['755224', '287082']);
    await open({ store });
    expect(await code()).toBe('359152');
    await write({ ...entry, type: 'hotp' });
    expect(await code()).toBe('755224');
  });

  it('with touch give a code only when touched', async () => {
    await open({ presence: denyPresence });
    await write({ ...entry, touch: true });
    expect(decodePage((await readAll()).data).entries[0]?.code).toBeUndefined();
    expect((await readOne(entry)).statusWord).toBe(0x6985);
    await open({ presence: autoPresence });
    await write({ ...entry, touch: true });
    expect(decodeReading((await readOne(entry)).data).code).toBe('287082');
  });

  it('answer 6FF9 when nobody touches, and 6F00 when the card is pulled', async () => {
    let presence: ManualPresence | undefined;
    await open({
      presence: (clock) => {
        presence = new ManualPresence(clock);
        return presence;
      },
    });
    await write({ ...entry, touch: true });
    const asked = () =>
      new Promise<void>((resolve) => {
        const stop = presence!.onChange(() => {
          if (presence!.pending.length === 0) return;
          stop();
          resolve();
        });
      });
    const [late] = [readOne(entry), await asked()];
    expect(presence?.pending[0]?.request).toEqual({ operation: 'otpCode', rpId: 'Example', userName: 'alice' });
    platform.clock.advance(60_000);
    expect((await late).statusWord).toBe(0x6ff9);
    const [pulled] = [readOne(entry), await asked()];
    host.card.remove();
    expect((await pulled).statusWord).toBe(0x6f00);
    expect(platform.defects).toEqual([]);
  });

  it('are deleted one by one, or all after a touch', async () => {
    await write(entry);
    await write({ ...entry, account: 'bob' });
    const removal = await host.sealed(OtpCommand.writeEntry, ENTRY_IV, encodeDeletion(entry));
    expect(removal.statusWord).toBe(0x9000);
    expect((await readOne(entry)).statusWord).toBe(0x6a83);
    expect((await host.sealed(OtpCommand.writeEntry, ENTRY_IV, encodeDeletion(entry))).statusWord).toBe(0x6a83);
    expect(await host.status(OtpCommand.writeEntry)).toBe('9000');
    expect((await readAll()).statusWord).toBe(0x6a83);
  });

  it('are not erased without the touch', async () => {
    await open({ presence: denyPresence });
    await write(entry);
    expect(await host.status(OtpCommand.writeEntry)).toBe('6985');
    expect((await readAll()).statusWord).toBe(0x9000);
  });

  it('fill the key, which still takes a new seed for one that it has', async () => {
    await open({ model: { otp: { maxEntries: 2 } } });
    await write(entry);
    await write({ ...entry, account: 'bob' });
    expect((await write({ ...entry, account: 'carol' })).statusWord).toBe(0x6a84);
    expect((await write({ ...entry, digits: 8 })).statusWord).toBe(0x9000);
  });

  it('come in pages, all of them, each once', async () => {
    const count = 200;
    await open({ model: { otp: { maxEntries: count } } });
    for (let i = 0; i < count; i++) await write({ ...entry, account: `account ${i}`, type: i % 3 ? 'totp' : 'hotp' });
    const entries: OtpEntryReading[] = [];
    let pages = 0;
    for (let response = await readAll(); ; pages++) {
      const page = decodePage(response.data);
      entries.push(...page.entries);
      if (!page.more) break;
      response = await host.send({ ...OtpCommand.readNextPage, data: uintBytes(59, 8) });
    }
    expect(pages).toBeGreaterThan(2);
    expect(new Set(entries.map(({ account }) => account)).size).toBe(count);
    expect(entries).toHaveLength(count);
    expect(entries.filter(({ code }) => code === '287082')).toHaveLength(Math.floor((count * 2) / 3));
    expect((await host.send({ ...OtpCommand.readNextPage, data: uintBytes(59, 8) })).statusWord).toBe(0x6a83);
  });

  it('are hidden while they are switched off', async () => {
    await write(entry);
    expect(await setFlag('setTotpEnabled', 0)).toBe('9000');
    expect((await readAll()).statusWord).toBe(0x6985);
    expect((await info()).details?.totpSupported).toBe(false);
    expect(await setFlag('setTotpEnabled', 1)).toBe('9000');
    expect((await readAll()).statusWord).toBe(0x9000);
  });
});

describe('bad input', () => {
  const sealed = async () => {
    const { data } = await host.send({ ...OtpCommand.getPublicKey, le: 256 });
    return data;
  };

  it.each([
    ['80C50500', '6a80'], // a read request without a body
    ['80C50500 02 0300', '6a80'],
    ['80C50500 09 02 0000000000000000', '6a80'],
    ['80C50500 0B 01 0000000000000000 01FF', '6a80'],
    ['80C50500 09 03 FFFFFFFFFFFFFFFF', '6a80'], // a time beyond numbers
    ['80C50501 01 00', '6700'],
    ['80C50201 02 0000', '6700'],
    ['80C50201 01 08', '6a80'], // no such interface
    ['80C50202 01 02', '6a80'],
    ['80C50203 01 00', '6a86'],
    ['80C60000', '6d00'],
    ['84C50500', '6e00'],
    ['80C502', '6700'],
    ['80C50502 05 0102', '6700'],
    ['80C50502 01 00', '6985'], // sealed before the public key was got
  ])('%s is answered with %s, and nothing changes', async (hex, status) => {
    expect((await host.raw(hex)).statusWord.toString(16)).toBe(status);
    expect((await readAll()).statusWord).toBe(0x6a83);
    expect(platform.defects).toEqual([]);
  });

  it('in sealed bodies is answered with 6A80, and nothing is written', async () => {
    await sealed();
    const bodies = [
      new Uint8Array(64),
      new Uint8Array(80),
      concat(await sealed(), new Uint8Array(16)),
      new Uint8Array(79),
    ];
    for (const data of bodies) expect(await host.status({ ...OtpCommand.writeEntry, data })).toBe('6a80');
    const latin1 = encodeEntry(entry);
    latin1[7] = 0xe9;
    for (const plain of [
      new Uint8Array(3),
      latin1,
      encodeEntry(entry).slice(0, -1),
      concat(encodeEntry(entry), Uint8Array.of(0)),
    ]) {
      expect((await host.sealed(OtpCommand.writeEntry, ENTRY_IV, plain)).statusWord).toBe(0x6a80);
    }
    expect((await host.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, fromHex('0701ff'))).statusWord).toBe(0x6a80);
    expect((await readAll()).statusWord).toBe(0x6a83);
    expect((await info()).details?.buttonSeedPresent).toBe(false);
    expect(platform.defects).toEqual([]);
  });
});

describe('settings', () => {
  it('show in the device info', async () => {
    const before = (await info()).details;
    expect(before).toMatchObject({
      noEnter: false,
      longTouch: false,
      keypad: false,
      buttonSeedPresent: false,
      nfc: true,
    });
    expect([await setFlag('setNoEnter', 1), await setFlag('setLongTouch', 1), await setFlag('setKeypad', 1)]).toEqual(
      Array(3).fill('9000'),
    );
    await host.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, encodeButtonSeed({ digits: 6, seed: SEED }));
    expect((await info()).details).toMatchObject({
      noEnter: true,
      longTouch: true,
      keypad: true,
      buttonSeedPresent: true,
    });
    await platform.setPin('1234');
    expect((await info()).details?.pinSet).toBe(true);
    expect((await host.send({ ...OtpCommand.readDeviceInfo, data: new Uint8Array(10) })).data).toHaveLength(10);
    expect((await host.send({ ...OtpCommand.readDeviceInfo, le: 1 })).data).toHaveLength(1);
  });

  it('switch interfaces off from the next power-up on, all of them if so told', async () => {
    const plug = platform.key.plugIn(() => {});
    expect(await setFlag('setDisabledInterfaces', DisabledInterface.FIDO | DisabledInterface.KEYBOARD)).toBe('9000');
    expect((await info()).disabledInterfaces).toBe(3);
    plug.unplug();
    expect(() => platform.key.plugIn(() => {})).toThrow(/its FIDO interface switched off/);
    expect(platform.key.keyboard).toBeUndefined();
    expect(await setFlag('setDisabledInterfaces', 7)).toBe('9000');
    expect(() => platform.key.insertCard()).toThrow(/its CCID interface switched off/);
  });

  it('have the keyboard off on a new key of release 3.3 or later', async () => {
    for (const [serialPrefix, mask] of [
      ['72103', 0],
      ['66105', DisabledInterface.KEYBOARD],
      ['65103', DisabledInterface.KEYBOARD],
    ] as const) {
      await open({ model: { serialPrefix } });
      expect((await info()).disabledInterfaces).toBe(mask);
      expect(platform.key.keyboard === undefined).toBe(mask !== 0);
    }
  });

  it('are refused with 6A86 by a model that does not type', async () => {
    await open({ model: { otp: { buttonHotp: false } } });
    expect(await setFlag('setKeypad', 1)).toBe('6a86');
    expect((await host.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, fromHex('0000'))).statusWord).toBe(0x6a86);
    expect((await info()).details?.buttonHotpNotSupported).toBe(true);
  });

  it('have the serial number, which the ATR ends in', async () => {
    expect(await setFlag('prepareSerial', 4)).toBe('9000');
    const { data } = await host.send({ ...OtpCommand.readSerial, data: encodeSerialRequest() });
    const serial = decodeSerial(data);
    expect(serial).toBe(platform.key.identity.serial);
    expect(toHex(platform.key.atr)).toContain(toHex(utf8(serial.slice(-8))));
  });
});

describe('the button', () => {
  /** Plugs a keyboard whose typing takes no time to wait for. */
  function typeInto() {
    const reports: Uint8Array[] = [];
    const plug = platform.key.keyboard!.plugIn((report) => reports.push(report));
    const touch = async (press?: 'short' | 'long') => {
      const typed = platform.key.touch(press);
      let done = false;
      typed.then(
        () => {
          done = true;
        },
        () => {
          done = true;
        },
      );
      while (!done) {
        platform.clock.advance(8);
        await new Promise(setImmediate);
      }
      return typed;
    };
    return { reports, plug, touch };
  }
  const program = (digits: 6 | 8 = 6) =>
    host.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, encodeButtonSeed({ digits, seed: SEED }));

  it('types the next HOTP and Enter', async () => {
    const { touch } = typeInto();
    expect(await touch()).toBeUndefined();
    expect((await program()).statusWord).toBe(0x9000);
    expect(await touch()).toEqual([...digitStrokes('755224'), { usage: Usage.ENTER }]);
    expect(await touch()).toEqual([...digitStrokes('287082'), { usage: Usage.ENTER }]);
    expect(await touch('long')).toBeUndefined();
  });

  it('types as it is told: 8 digits, by a long touch, on the keypad, without Enter', async () => {
    await program(8);
    await setFlag('setNoEnter', 1);
    await setFlag('setLongTouch', 1);
    await setFlag('setKeypad', 1);
    const { touch } = typeInto();
    expect(await touch('short')).toBeUndefined();
    expect(await touch('long')).toEqual(digitStrokes('84755224', { keypad: true }));
    await setFlag('setNoEnter', 0);
    expect((await touch('long'))?.at(-1)).toEqual({ usage: Usage.KEYPAD_ENTER });
  });

  it('types as fast as its model', async () => {
    await open({ model: { otp: { reportInterval: 3 } } });
    await program();
    const times: number[] = [];
    const { clock, key } = platform;
    key.keyboard!.plugIn(() => times.push(clock.now()));
    const typed = key.touch();
    while (times.length < 14) {
      await new Promise(setImmediate);
      clock.advance(1);
    }
    await typed;
    expect(times.map((time) => time - times[0]!)).toEqual(times.map((_, index) => 3 * index));
  });

  it('loses a password whose typing is cut off, and never types one twice', async () => {
    await program();
    const { reports, plug } = typeInto();
    const typed = platform.key.touch();
    while (reports.length < 3) {
      await new Promise(setImmediate);
      platform.clock.advance(8);
    }
    plug.unplug();
    const cut = expect(typed).rejects.toThrow(/unplugged before all was typed/);
    platform.clock.advance(8);
    await cut;
    expect(reports).toHaveLength(3);
    expect(await typeInto().touch()).toEqual([...digitStrokes(hotp(SEED, 1)), { usage: Usage.ENTER }]);
  });

  it('types nothing when its seed is deleted, or no keyboard is plugged in', async () => {
    await program();
    expect(await platform.key.touch()).toBeUndefined();
    await host.sealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, encodeButtonSeed(undefined));
    expect(await typeInto().touch()).toBeUndefined();
  });

  it('types a Yubico OTP on the press that the HOTP leaves', async () => {
    await program();
    await platform.key.writeYubicoSlot({
      publicId: fromHex('010203040506'),
      privateId: fromHex('a1a2a3a4a5a6'),
      key: fromHex('000102030405060708090a0b0c0d0e0f'),
    });
    const { touch } = typeInto();
    expect((await touch('short'))?.length).toBe(7);
    expect((await touch('long'))?.length).toBe(45);
  });
});
