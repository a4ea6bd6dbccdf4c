import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { encodeCarrierFrames } from '../../../ctap/token2/hid-carrier.ts';
import { DisabledInterface } from '../../../ctap/token2/otp-applet.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { UserPresence } from '../../../emulator/environment.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { findModel, type Model } from '../../../emulator/models/index.ts';
import { autoPresence, denyPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { CtapCardDevice } from '../../../harness/client/ctap-card.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { OathClient } from '../../../harness/client/oath.ts';
import { Token2OtpClient } from '../../../harness/client/token2.ts';
import { Token2HidCard } from '../../../harness/client/token2-hid.ts';
import type { CardConnection, HidConnection } from '../../../harness/transports/connection.ts';
import { connectCardInProcess, connectInProcess } from '../../../harness/transports/in-process.ts';

const SEED = utf8('12345678901234567890');
const entry = {
  type: 'totp',
  algorithm: 'SHA1',
  period: 30,
  digits: 6,
  touch: false,
  app: 'Example',
  account: 'alice',
  seed: SEED,
} as const;

function openKey(changes: Partial<Model> = {}, presence: UserPresence = autoPresence): Promise<VirtualKey> {
  const environment = { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store: memoryStore(), presence };
  return VirtualKey.open({ environment, model: { ...findModel('token2-r3.3-pin-plus'), ...changes } });
}

describe.each(['HID', 'card'] as const)('the OTP client over %s', (way) => {
  let key: VirtualKey;
  let client: Token2OtpClient;
  /** Commands that were sent, continuations among them. */
  let calls: number;
  async function open(...options: Parameters<typeof openKey>): Promise<void> {
    key = await openKey(...options);
    const card = way === 'HID' ? new Token2HidCard(connectInProcess(key)) : connectCardInProcess(key);
    const counting: CardConnection = {
      name: card.name,
      transmit(apdu) {
        calls += 1;
        return card.transmit(apdu);
      },
      close: () => card.close(),
    };
    calls = 0;
    client = await Token2OtpClient.open(counting, { selects: way === 'card' });
  }
  beforeEach(() => open());

  it('writes, lists, reads and deletes entries', async () => {
    expect(await client.entries(59)).toEqual([]);
    await client.writeEntry(entry);
    await client.writeEntry({
      ...entry,
      type: 'hotp',
      account: 'bob',
      app: 'a'.repeat(64),
      seed: new Uint8Array(64).fill(7),
    });
    expect((await client.entries(59)).map(({ account, code }) => [account, code])).toEqual([
      ['alice', '287082'],
      ['bob', undefined],
    ]);
    expect((await client.entry(entry, 1111111109)).code).toBe('081804');
    await client.deleteEntry(entry);
    await expect(client.entry(entry, 59)).rejects.toThrow(/6A83: there is no such entry/);
    await client.eraseEntries();
    expect(await client.entries(59)).toEqual([]);
  });

  it('reads any number of entries in calls that grow in a line', async () => {
    await open({ otp: { maxEntries: 300 } });
    let written = 0;
    const callsFor = async (count: number) => {
      for (; written < count; written++) {
        await client.writeEntry({ ...entry, account: `account ${String(written).padStart(4, '0')}` });
      }
      calls = 0;
      const entries = await client.entries(59);
      expect(new Set(entries.map(({ account }) => account)).size).toBe(count);
      expect(entries.every(({ code }) => code === '287082')).toBe(true);
      return calls;
    };
    const perCall = 75 / (await callsFor(75));
    for (const count of [150, 300]) expect(await callsFor(count)).toBeLessThanOrEqual(Math.ceil(count / perCall));
  });

  it('says why the key refuses', async () => {
    await open({ otp: { maxEntries: 1, buttonHotp: false } }, denyPresence);
    await client.writeEntry({ ...entry, touch: true });
    await expect(client.writeEntry({ ...entry, account: 'bob' })).rejects.toThrow(/6A84: the key is full/);
    await expect(client.entry(entry, 59)).rejects.toThrow(/6985: the user declined/);
    await expect(client.writeButtonSeed({ digits: 6, seed: SEED })).rejects.toThrow(/6A86: this key does not type/);
    await expect(client.writeEntry({ ...entry, account: 'zoë' })).rejects.toThrow(/account: expected ASCII/);
  });

  it('sets up the button, and the interfaces but never none', async () => {
    const button = async () => (await client.deviceInfo()).details;
    await client.writeButtonSeed({ digits: 8, seed: SEED });
    await client.configureButton({ noEnter: true, longTouch: true, keypad: true });
    expect(await button()).toMatchObject({ buttonSeedPresent: true, noEnter: true, longTouch: true, keypad: true });
    await client.configureButton({ keypad: false });
    await client.writeButtonSeed(undefined);
    expect(await button()).toMatchObject({ buttonSeedPresent: false, noEnter: true, longTouch: true, keypad: false });
    await client.setDisabledInterfaces(DisabledInterface.CCID);
    expect((await client.deviceInfo()).disabledInterfaces).toBe(DisabledInterface.CCID);
    await expect(client.setDisabledInterfaces(7)).rejects.toThrow(/leaves the key an interface, got 0x7/);
    expect((await client.deviceInfo()).disabledInterfaces).toBe(DisabledInterface.CCID);
    await client.setEntriesEnabled(false);
    await expect(client.writeEntry(entry)).rejects.toThrow(/6985/);
  });

  it('reads the serial number', async () => {
    expect(await client.serialNumber()).toBe(key.identity.serial);
  });
});

describe('the HID card', () => {
  /** A connection whose key says what the test says. */
  function scripted(answers: readonly Uint8Array[]): HidConnection & { gone(): void } {
    let listener: (report: Uint8Array) => void = () => {};
    let lose: (error: Error) => void = () => {};
    return {
      write: async () => {
        for (const report of answers) queueMicrotask(() => listener(report));
      },
      onReport: (next) => {
        listener = next;
      },
      onGone: (next) => {
        lose = next;
      },
      close: async () => {},
      gone: () => lose(new Error('unplugged')),
    };
  }
  const apdu = Uint8Array.of(0x80, 0xc5, 2, 0, 10);

  it('fails where frames do not fit, nothing comes, or the key goes', async () => {
    const [first] = encodeCarrierFrames(new Uint8Array(100));
    const [, second] = encodeCarrierFrames(new Uint8Array(200));
    await expect(new Token2HidCard(scripted([second!])).transmit(apdu)).rejects.toThrow(
      /expected sequence number 0, got 1/,
    );
    await expect(new Token2HidCard(scripted([first!, new Uint8Array(64)])).transmit(apdu)).rejects.toThrow(
      /first byte/,
    );
    await expect(new Token2HidCard(scripted([]), { silence: 1 }).transmit(apdu)).rejects.toThrow(
      /said nothing for 1 ms/,
    );
    const connection = scripted([]);
    const lost = new Token2HidCard(connection).transmit(apdu);
    await Promise.resolve();
    connection.gone();
    await expect(lost).rejects.toThrow('unplugged');
  });

  it('tells once that the key waits, and takes one command after the other', async () => {
    const [busy] = [Uint8Array.from({ length: 64 }, (_, i) => [0x21, 0xc0][i] ?? 0)];
    let told = 0;
    const card = new Token2HidCard(scripted([busy, busy, ...encodeCarrierFrames(Uint8Array.of(0x90, 0))]), {
      onBusy: () => {
        told += 1;
      },
    });
    const both = await Promise.all([card.transmit(apdu), card.transmit(apdu)]);
    expect(both).toEqual([Uint8Array.of(0x90, 0), Uint8Array.of(0x90, 0)]);
    expect(told).toBe(2);
    await card.close();
    await expect(card.transmit(apdu)).rejects.toThrow(/closed/);
  });
});

describe('the OATH client', () => {
  let card: CardConnection;
  let client: OathClient;
  beforeEach(async () => {
    card = connectCardInProcess(await openKey());
    client = await OathClient.open(card);
  });
  const credential = {
    name: 'a',
    type: 'totp',
    algorithm: 'SHA1',
    digits: 6,
    key: SEED,
    touch: false,
    counter: 0,
  } as const;

  it('puts, lists, calculates, renames and deletes', async () => {
    await client.put(credential);
    await client.put({ ...credential, name: 'b', type: 'hotp', counter: 9 });
    expect(await client.calculate('a', { seconds: 59 })).toBe('287082');
    expect(await client.calculate('a', { seconds: 1111111109, period: 60 })).toBe('360094');
    expect(await client.calculate('b', undefined)).toBe('520489');
    expect(await client.calculateAll(59)).toEqual([
      { name: 'a', code: '287082', needs: 'nothing' },
      { name: 'b', code: undefined, needs: 'counter' },
    ]);
    await client.rename({ from: 'b', to: 'c' });
    await client.delete('a');
    expect((await client.list()).map(({ name }) => name)).toEqual(['c']);
    await expect(client.delete('a')).rejects.toThrow(/6984: there is no such entry/);
  });

  it('sets, tells and removes a password', async () => {
    expect(client.locked).toBe(false);
    await client.setPassword('secret');
    client = await OathClient.open(card);
    expect(client.locked).toBe(true);
    await expect(client.list()).rejects.toThrow(/6982: a password is set/);
    await expect(client.unlock('wrong')).rejects.toThrow(/6A80/);
    client = await OathClient.open(card);
    await client.unlock('secret');
    expect(await client.list()).toEqual([]);
    await client.setPassword(undefined);
    expect((await OathClient.open(card)).locked).toBe(false);
    await client.reset();
  });
});

describe('CTAP over a card', () => {
  it('asks a key for its info, and U2F for its version', async () => {
    const device = await CtapCardDevice.open(connectCardInProcess(await openKey()));
    const info = await new Ctap2Client(device).getInfo();
    expect(info.versions).toContain('FIDO_2_1');
    expect(await device.msg(Uint8Array.of(0, 3, 0, 0, 0, 0, 0))).toEqual(Uint8Array.from([...utf8('U2F_V2'), 0x90, 0]));
    expect(device.hid.capabilities & 0x04).toBe(0x04);
    await device.close();
  });

  it('says so where the card has no FIDO applet', async () => {
    const empty: CardConnection = {
      name: 'a card',
      transmit: async () => Uint8Array.of(0x6a, 0x82),
      close: async () => {},
    };
    await expect(CtapCardDevice.open(empty)).rejects.toThrow(/6A82: a card has no FIDO applet/);
  });
});
