import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../ctap/bytes.ts';
import { findTotp, totp } from '../../ctap/otp/totp.ts';
import { findProgrammableToken } from '../../ctap/token2/models.ts';
import { DEFAULT_TOKEN_CONFIG } from '../../ctap/token2/token-settings.ts';
import { manualClock } from '../../emulator/clock.ts';
import { ProgrammableToken, type ProgrammableTokenOptions } from '../../emulator/programmable-token.ts';
import { systemRandom } from '../../emulator/random.ts';
import { nodeSm4 } from '../../emulator/sm4-node.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { ProgrammableTokenClient } from '../../harness/client/programmable-token.ts';
import { connectCardInProcess } from '../../harness/transports/in-process.ts';
import { CardHost } from './applets/card-host.ts';

const SEED = utf8('12345678901234567890');
const DAY = 86_400_000;
const sm4 = nodeSm4();

let clock: ReturnType<typeof manualClock>;
let store: ReturnType<typeof memoryStore>;
let token: ProgrammableToken;
let client: ProgrammableTokenClient;
let defects: unknown[];

async function open(name: string, options: Partial<ProgrammableTokenOptions> = {}, customerKey?: Uint8Array) {
  const environment = { clock, random: systemRandom, store };
  const onDefect = (error: unknown) => defects.push(error);
  token = await ProgrammableToken.open({ environment, sm4, model: findProgrammableToken(name), onDefect, ...options });
  client = await ProgrammableTokenClient.open(connectCardInProcess(token), { sm4, customerKey });
}
const seconds = () => clock.now() / 1000;

beforeEach(() => {
  clock = manualClock(Date.UTC(2026, 0, 1));
  store = memoryStore();
  defects = [];
});

describe('a single-profile token', () => {
  it('tells serial number, model and clock', async () => {
    await open('otpc-p2-i');
    expect(client.family).toBe('single');
    expect(client.info).toEqual({ serial: expect.stringMatching(/^8659622\d{6}$/), time: seconds() });
    expect(client.model?.name).toBe('otpc-p2-i');
    clock.advance(90_000);
    expect((await client.readInfo()).time).toBe(seconds());
  });

  it('shows codes once it has a seed, as it is configured', async () => {
    await open('otpc-p2-i');
    expect(token.code()).toBeUndefined();
    await client.writeSettings({
      time: seconds(),
      config: { ...DEFAULT_TOKEN_CONFIG, algorithm: 'SHA256', period: 60 },
    });
    await client.writeSeed(SEED);
    expect(token.code()).toBe(totp(SEED, seconds(), { algorithm: 'SHA256', period: 60 }));
    expect(() => token.code(1)).toThrow(/profile from 0 to 0, got 1/);
  });

  it('keeps serial number, seed, settings and clock over a power loss', async () => {
    await open('c302-i', { driftPpm: 100 });
    await client.writeSeed(SEED);
    clock.advance(10 * DAY);
    const before = [token.serial, token.clock.now(), token.code()];
    await open('c302-i', { driftPpm: 100 });
    expect([token.serial, token.clock.now(), token.code()]).toEqual(before);
  });

  it('that drifts by 50 ppm fails at a verifier of one step after the days that this takes, and no day before', async () => {
    await open('c302-i', { driftPpm: 50 });
    await client.writeSeed(SEED);
    // Off by more than one whole step and what is left of another: certain after two steps, 60 s.
    const days = 60 / (86_400 * 50e-6);
    expect(Math.ceil(days)).toBe(14);
    const accepted = () => findTotp(SEED, token.code()!, seconds(), { window: 1 }) !== undefined;
    // Within one step (30 s, 6.9 days) it is always accepted.
    for (let hour = 0; hour < 6 * 24; hour++) {
      clock.advance(DAY / 24);
      expect(accepted()).toBe(true);
    }
    clock.advance((14 - 6) * DAY);
    for (let second = 0; second < 30; second++) {
      clock.advance(1000);
      expect(accepted()).toBe(false);
    }
    await client.writeSettings({ time: seconds() });
    expect(token.code()).toBe(totp(SEED, seconds()));
    expect(accepted()).toBe(true);
  });

  it('of restricted time sync loses its seed with any setting of the clock', async () => {
    await open('otpc-p2-i', { driftPpm: 50 });
    await client.writeSeed(SEED);
    clock.advance(14 * DAY);
    await client.writeSettings({ time: seconds() });
    expect(token.clock.now()).toBe(seconds());
    expect(token.code()).toBeUndefined();
    await client.writeSeed(SEED);
    expect(token.code()).toBe(totp(SEED, seconds()));
    await open('otpc-p2-i', { timeSync: 'unrestricted' });
    await client.writeSettings({ time: seconds() });
    expect(token.code()).toBe(totp(SEED, seconds()));
  });

  it('does nothing without its key, and nothing with a wrong MAC', async () => {
    await open('otpc-p2-i');
    const host = new CardHost(token);
    const status = async (hex: string) => (await host.raw(hex)).statusWord.toString(16);
    expect(await status('84C50100 14 00000000000000000000000000000000 00000000')).toBe('6982');
    expect(await status('80CE0000 10 00000000000000000000000000000000')).toBe('6985');
    expect((await host.raw('804B08000100')).data).toHaveLength(8);
    expect(await status('80CE0000 10 00000000000000000000000000000000')).toBe('6983');
    expect(await status('80E6000000')).toBe('6d00');
    expect(await status('8056000000')).toBe('6d00');
    expect(await status('00A4040000')).toBe('6e00');
    expect(await status('804B')).toBe('6700');
    expect(defects).toEqual([]);
    expect(token.code()).toBeUndefined();
  });

  it('locks its key after eight wrong answers, power loss or not', async () => {
    await open('otpc-p2-i');
    const wrong = async () => {
      const host = new CardHost(token);
      await host.raw('804B08000100');
      return (await host.raw('80CE0000 10 00000000000000000000000000000000')).statusWord;
    };
    for (let i = 0; i < 8; i++) expect(await wrong()).toBe(0x6983);
    await open('otpc-p2-i');
    await expect(client.writeSeed(SEED)).rejects.toThrow(/6983: the token does not take the key, or has locked it/);
  });
});

describe('Molto2', () => {
  beforeEach(() => open('molto2'));

  it('has a hundred profiles of their own', async () => {
    expect(client.family).toBe('molto2');
    expect(client.info.serial).toMatch(/^\d{8}$/);
    expect(await client.readProfile(99)).toEqual({ title: '', seedPresent: false, config: undefined });
    await client.writeSettings({ time: seconds(), config: { ...DEFAULT_TOKEN_CONFIG, digits: 10 } }, 99);
    await client.writeSeed(SEED, 99);
    await client.writeTitle('Dürüm', 99);
    await client.writeSeed(SEED.slice(0, 10), 0);
    expect(await client.readProfile(99)).toEqual({
      title: 'Dürüm',
      seedPresent: true,
      config: { algorithm: 'SHA1', digits: 10, period: 30 },
    });
    expect([token.code(99), token.code(0), token.code(1)]).toEqual([
      totp(SEED, seconds(), { digits: 10 }),
      totp(SEED.slice(0, 10), seconds()),
      undefined,
    ]);
    await expect(client.readProfile(100)).rejects.toThrow(/6A86: the token has no such profile/);
  });

  it('deletes a seed without a key, and keeps the title', async () => {
    await client.writeSeed(SEED, 5);
    await client.writeTitle('mail', 5);
    await client.deleteSeed(5);
    expect(await client.readProfile(5)).toMatchObject({ title: 'mail', seedPresent: false });
    await expect(client.deleteSeed(5)).rejects.toThrow(/6A83: there is no seed/);
  });

  it('changes its key, and resets, when its button is pressed', async () => {
    expect(await client.writeCustomerKey(utf8('another key'))).toBe('button');
    expect(await token.press()).toBe(true);
    expect(await token.press()).toBe(false);
    await open('molto2');
    await expect(client.writeSeed(SEED, 0)).rejects.toThrow(/6307: the key is wrong; 7 tries are left/);
    await open('molto2', {}, utf8('another key'));
    await client.writeSeed(SEED, 0);
    expect(await client.reset()).toBe('button');
    expect(token.code(0)).toBe(totp(SEED, seconds()));
    await token.press();
    expect(token.code(0)).toBeUndefined();
    await open('molto2');
    await client.writeSeed(SEED, 0);
    expect(defects).toEqual([]);
  });

  it('is told from another card', async () => {
    const other = { name: 'a card', transmit: async () => Uint8Array.of(0x6d, 0), close: async () => {} };
    await expect(ProgrammableTokenClient.open(other, { sm4 })).rejects.toThrow(/a programmable token in a card/);
  });
});
