import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import { decodeCommand, encodeCommand } from '../../../ctap/iso7816/apdu.ts';
import { programmableTokenOfSerial, securityKeyOfSerial } from '../../../ctap/token2/models.ts';
import {
  answerCommand,
  challengeAnswer,
  challengeCommand,
  customerSm4Key,
  DEFAULT_CUSTOMER_KEY,
  decodeTokenInfo,
  decryptBody,
  decryptNewKey,
  deleteSeedCommand,
  encodeTokenInfo,
  openSecureCommand,
  readInfoCommand,
  readProfileCommand,
  SINGLE_PROFILE_KEY,
  writeKeyCommand,
  writeSeedCommand,
  writeSettingsCommand,
  writeTitleCommand,
} from '../../../ctap/token2/programmable-token.ts';
import {
  DEFAULT_TOKEN_CONFIG,
  decodeProfile,
  decodeSettings,
  encodeProfile,
  encodeSettings,
  type TokenSettings,
} from '../../../ctap/token2/token-settings.ts';
import { nodeSm4 } from '../../../emulator/sm4-node.ts';

const sm4 = nodeSm4();
const key = SINGLE_PROFILE_KEY;
const hex = (command: Parameters<typeof encodeCommand>[0]) => toHex(encodeCommand(command));

describe('SM4', () => {
  it('is that of GM/T 0002', () => {
    const vector = fromHex('0123456789abcdeffedcba9876543210');
    expect(toHex(sm4.encrypt(vector, vector))).toBe('681edf34d206965e86b3e94f536e4246');
    expect(sm4.decrypt(vector, sm4.encrypt(vector, vector))).toEqual(vector);
    expect(sm4.encryptCbc(vector, vector)).toEqual(sm4.encrypt(vector, vector));
  });
});

describe('programmable tokens', () => {
  it('are asked with the bytes of their family', () => {
    expect(hex(readInfoCommand('single'))).toBe('80410000020211');
    expect(hex(readInfoCommand('molto2'))).toBe('8041000000');
    expect(hex(challengeCommand('single'))).toBe('804b08000100');
    expect(hex(challengeCommand('molto2'))).toBe('804b080000');
    expect(hex(readProfileCommand(99))).toBe('804100630170');
    expect(hex(deleteSeedCommand(7))).toBe('80e6000700');
    expect(hex(answerCommand(new Uint8Array(16)))).toBe(`80ce000010${'00'.repeat(16)}`);
  });

  it('derive the key of a new Molto2 from its customer key', () => {
    expect(toHex(customerSm4Key(DEFAULT_CUSTOMER_KEY))).toBe('099250fdb017f442da429ecbbee17f79');
  });

  it('answer challenges of eight bytes', () => {
    const challenge = fromHex('1122334455667788');
    expect(sm4.decrypt(key, challengeAnswer(sm4, key, challenge))).toEqual(
      fromHex(`1122334455667788${'00'.repeat(8)}`),
    );
    expect(() => challengeAnswer(sm4, key, fromHex('11'))).toThrow(/expected 8 bytes, got 1/);
  });

  it.each([
    [10, 16],
    [16, 16],
    [20, 32],
    [32, 48],
    [48, 48],
    [63, 64],
  ])('take a seed of %i bytes in %i of ciphertext and a MAC', (length, size) => {
    const seed = Uint8Array.from({ length }, (_, i) => i + 1);
    const command = decodeCommand(encodeCommand(writeSeedCommand(sm4, key, 0, seed)));
    expect([command.cla, command.ins, command.p1, command.p2, command.data.length]).toEqual([
      0x84,
      0xc5,
      1,
      0,
      size + 4,
    ]);
    expect(decryptBody(sm4, key, openSecureCommand(sm4, key, command), 63)).toEqual(seed);
  });

  it('refuse seeds and titles of other lengths', () => {
    expect(() => writeSeedCommand(sm4, key, 0, new Uint8Array(64))).toThrow(/1 to 63 bytes, got 64/);
    expect(() => writeTitleCommand(sm4, key, 0, 'thirteen char')).toThrow(/1 to 12 bytes of UTF-8, got 13/);
  });

  it('compute the MAC over the plain class and the length of the body alone', () => {
    const command = decodeCommand(encodeCommand(writeTitleCommand(sm4, key, 3, 'hello')));
    const message = fromHex(`80d5000310${toHex(command.data.subarray(0, 16))}80${'00'.repeat(10)}`);
    expect(toHex(command.data.subarray(16))).toBe(toHex(sm4.encryptCbc(key, message).subarray(16, 20)));
    expect(decryptBody(sm4, key, openSecureCommand(sm4, key, command), 12)).toEqual(utf8('hello'));
    for (const place of [0, 15, 16, 19]) {
      const data = command.data.slice();
      data[place]! ^= 1;
      expect(() => openSecureCommand(sm4, key, { ...command, data })).toThrow(/status word 6988/);
    }
    expect(() => openSecureCommand(sm4, key, { ...command, p2: 4 })).toThrow(/status word 6988/);
    expect(() => openSecureCommand(sm4, key, { ...command, data: new Uint8Array(3) })).toThrow(/status word 6700/);
  });

  it('carry a new customer key', () => {
    const next = utf8('another key');
    const body = openSecureCommand(sm4, key, decodeCommand(encodeCommand(writeKeyCommand(sm4, key, next))));
    expect(body).toHaveLength(32);
    expect(decryptNewKey(sm4, key, body)).toEqual(customerSm4Key(next));
    expect(() => decryptNewKey(sm4, key, sm4.encrypt(key, new Uint8Array(16)))).toThrow(/status word 6A80/);
    expect(() => decryptBody(sm4, key, new Uint8Array(15), 63)).toThrow(/status word 6700/);
  });

  it('tell serial number and clock', () => {
    const info = { serial: '8659622123456', time: 1_700_000_000 };
    const bytes = encodeTokenInfo(info);
    expect([bytes[3], bytes.length]).toEqual([13, 4 + 13 + 2 + 4]);
    expect(decodeTokenInfo(bytes)).toEqual(info);
    expect(() => decodeTokenInfo(bytes.slice(0, -1))).toThrow(/time: expected 4 bytes, got 3/);
  });

  it('are known by the first digits of their serial number', () => {
    expect(programmableTokenOfSerial('8659632000001')).toMatchObject({ name: 'c302-i', timeSync: 'unrestricted' });
    expect(programmableTokenOfSerial('1')).toBeUndefined();
    expect(securityKeyOfSerial('66105123456')).toMatchObject({ release: '3.3', form: 'USB-A' });
  });
});

describe('settings', () => {
  it('are 19 bytes for a single profile, 22 for Molto2, 8 for the time alone', () => {
    const settings = {
      time: 0x66123456,
      config: { ...DEFAULT_TOKEN_CONFIG, algorithm: 'SHA256', digits: 8, period: 60 },
    } as const;
    expect(toHex(encodeSettings('single', settings))).toBe('81111f01010f046612345686060a01020d013c');
    expect(toHex(encodeSettings('molto2', settings))).toBe('81141f01010f046612345686090a01020b01080d013c');
    expect(toHex(encodeSettings('molto2', { time: 0x66123456 }))).toBe('81060f0466123456');
    expect(hex(writeSettingsCommand(sm4, key, 'single', 0, settings))).toMatch(/^84d4000017/);
    expect(hex(writeSettingsCommand(sm4, key, 'molto2', 12, settings))).toMatch(/^84d4010c1a/);
  });

  it('are read as they are written', () => {
    const settings: fc.Arbitrary<TokenSettings> = fc.record({
      time: fc.integer({ min: 0, max: 0xffffffff }),
      config: fc.option(
        fc.record({
          display: fc.constantFrom(15 as const, 30 as const, 60 as const, 120 as const),
          algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const),
          digits: fc.constantFrom(4 as const, 6 as const, 8 as const, 10 as const),
          period: fc.constantFrom(30 as const, 60 as const),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(settings, (value) => {
        expect(decodeSettings('molto2', encodeSettings('molto2', value))).toEqual(value);
      }),
    );
    expect(() => encodeSettings('molto2', { time: 2 ** 32 })).toThrow(/fits in 4 bytes/);
  });

  it.each([
    ['8106', /tag 81: expected 6 bytes, got 0/],
    ['81060f046612345600', /length: expected 1 bytes, got 0/],
    ['82060f0466123456', /the tag 81 is missing/],
    ['81050f03661234', /tag f: expected 4 bytes, got 3/],
    ['81111f01040f046612345686060a01020d013c', /display: expected one of 0, 1, 2, 3, got 4/],
    ['81111f01010f046612345686060a01030d013c', /algorithm: expected one of 1, 2, got 3/],
    ['81111f01010f046612345686060a01020d011f', /period: expected one of 30, 60, got 31/],
    ['81090f04661234561f0101', /the tag 86 is missing/],
    ['810c0f04661234560f0466123456', /the tag f comes twice/],
  ])('say what is wrong with %s, as 6A80', (bytes, message) => {
    expect(() => decodeSettings('single', fromHex(bytes))).toThrow(message);
    expect(() => decodeSettings('single', fromHex(bytes))).toThrow(/status word 6A80/);
  });
});

describe('the public block of a profile', () => {
  it('is read as it was seen on a Molto2', () => {
    // Envelope, title, algorithm, step, digits and presence as a device gave them.
    const block = `951f701d20${toHex(utf8('KRPROBE99')).padEnd(32, '0')}${'00'.repeat(8)}011e0601`;
    const profile = {
      title: 'KRPROBE99',
      seedPresent: true,
      config: { algorithm: 'SHA1', period: 30, digits: 6 },
    } as const;
    expect(decodeProfile(fromHex(block))).toEqual(profile);
    expect(toHex(encodeProfile(profile))).toBe(block);
  });

  it('is empty for a new profile', () => {
    const empty = { title: '', seedPresent: false, config: undefined };
    expect(toHex(encodeProfile(empty))).toBe(`951f701d${'00'.repeat(29)}`);
    expect(decodeProfile(encodeProfile(empty))).toEqual(empty);
    expect(() => decodeProfile(fromHex('9503700100'))).toThrow(/expected 29 bytes, got 1/);
  });
});
