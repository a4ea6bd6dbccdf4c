import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import { nobleCrypto } from '../../../ctap/crypto-noble.ts';
import { decodeCommand } from '../../../ctap/iso7816/apdu.ts';
import {
  decodeButtonSeed,
  decodeDeviceInfo,
  decodeSerial,
  encodeButtonSeed,
  encodeDeviceInfo,
  encodeSerial,
  encodeSerialRequest,
  otpCommandName,
  readTokenHistoricalBytes,
  tokenHistoricalBytes,
} from '../../../ctap/token2/otp-applet.ts';
import {
  decodeEntry,
  decodePage,
  decodeReading,
  decodeReadRequest,
  encodeDeletion,
  encodeEntry,
  encodePage,
  encodeReading,
  encodeReadRequest,
  isListedWithCode,
  type OtpEntryReading,
} from '../../../ctap/token2/otp-entries.ts';
import { ENTRY_IV, seal, unseal } from '../../../ctap/token2/sealing.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { seededRandom } from '../../../emulator/random.ts';

const entry = {
  type: 'totp',
  algorithm: 'SHA1',
  period: 30,
  digits: 6,
  touch: false,
  app: 'Test',
  account: 'alice',
} as const;

describe('commands of the OTP applet', () => {
  it.each([
    ['80C5010000', 'getPublicKey'],
    ['80C502000A', 'readDeviceInfo'],
    ['80C502010102', 'setDisabledInterfaces'],
    ['80C50502', 'writeEntry'],
    [`80C5050109${'00'.repeat(9)}`, 'readNextPage'],
    [`8033000012D110${'00'.repeat(16)}`, 'readSerial'],
    ['80C50503', undefined],
    ['00C50502', undefined],
  ])('%s is %s', (hex, name) => {
    expect(otpCommandName(decodeCommand(fromHex(hex)))).toBe(name);
  });
});

describe('entries', () => {
  it('are written as the applet reads them', () => {
    const bytes = encodeEntry({ ...entry, seed: fromHex('3132') });
    expect(toHex(bytes)).toBe('01c1001e06000454657374' + '05616c696365' + '023132');
    expect(decodeEntry(bytes)).toEqual({ write: { ...entry, seed: fromHex('3132') } });
    const sha256 = encodeEntry({
      ...entry,
      type: 'hotp',
      algorithm: 'SHA256',
      touch: true,
      digits: 8,
      seed: fromHex('01'),
    });
    expect(toHex(sha256.subarray(0, 6))).toBe('00c2001e0801');
  });

  it('are deleted by an empty seed', () => {
    const bytes = encodeDeletion({ app: 'Test', account: 'alice' });
    expect(toHex(bytes)).toBe('000000000000' + '0454657374' + '05616c696365' + '00');
    expect(decodeEntry(bytes)).toEqual({ remove: { app: 'Test', account: 'alice' } });
  });

  it.each([
    [{ ...entry, app: 'a'.repeat(65) }, /app: expected 0 to 64 characters, got 65/],
    [{ ...entry, account: '' }, /account: expected 1 to 64 characters, got 0/],
    [{ ...entry, account: 'zoë' }, /account: expected ASCII, got "zoë"/],
    [{ ...entry, digits: 11 }, /digits: expected 4 to 10, got 11/],
    [{ ...entry, period: 0 }, /period: expected 1 to 65535 seconds, got 0/],
    [{ ...entry, seed: new Uint8Array(65) }, /seed: expected 1 to 64 bytes, got 65/],
  ])('name the field that is wrong before anything is sent', (wrong, message) => {
    expect(() => encodeEntry({ seed: fromHex('01'), ...wrong })).toThrow(message);
  });

  it.each([
    ['01c1001e0600', /app length: expected 1 bytes, got 0/],
    ['02c1001e0600000161' + '0101', /type: expected 0 \(HOTP\) or 1 \(TOTP\), got 2/],
    ['01c3001e0600000161' + '0101', /hash: expected 0xC1 or 0xC2, got 0xc3/],
    ['01c100000600000161' + '0101', /period/],
    ['01c1001e0300000161' + '0101', /digits/],
    ['01c1001e0602000161' + '0101', /touch: expected 0 or 1, got 2/],
    ['01c1001e060001ff0161' + '0101', /app: expected ASCII, got the byte 0xff/],
    ['01c1001e06000000' + '0101', /account: expected 1 to 64/],
    ['01c1001e0600000161' + '0201', /seed: expected 2 bytes, got 1/],
    ['01c1001e0600000161' + '010101', /expected its end, got 1 more bytes/],
  ])('name the field that is wrong in %s', (hex, message) => {
    expect(() => decodeEntry(fromHex(hex))).toThrow(message);
  });

  it('are read one by one with their code', () => {
    const reading = { ...entry, touch: true, code: '123456' };
    expect(decodeReading(encodeReading(reading))).toEqual(reading);
    expect(() => decodeReading(encodeReading(entry))).toThrow(/code length/);
  });

  it('come in pages, with codes of TOTPs that need no touch alone', () => {
    const text = (least: number) => fc.string({ minLength: least, maxLength: 64, unit: 'grapheme-ascii' });
    const reading: fc.Arbitrary<OtpEntryReading> = fc
      .record({
        type: fc.constantFrom('hotp' as const, 'totp' as const),
        algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const),
        period: fc.integer({ min: 1, max: 65535 }),
        digits: fc.integer({ min: 4, max: 10 }),
        touch: fc.boolean(),
        app: text(0),
        account: text(1),
      })
      .map((value) => (isListedWithCode(value) ? { ...value, code: '0'.repeat(value.digits) } : value));
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 8 }), fc.boolean(), (entries, more) => {
        expect(decodePage(encodePage({ entries, more }))).toEqual({ entries, more });
      }),
    );
    expect(() => decodePage(new Uint8Array())).toThrow(/at least one, got none/);
  });

  it('are asked for by name, or all, with a 64-bit time', () => {
    for (const one of [undefined, { app: '', account: 'a' }]) {
      const request = { time: 20_000_000_000n, one };
      expect(decodeReadRequest(encodeReadRequest(request))).toEqual(request);
    }
    expect(toHex(encodeReadRequest({ time: 59n }))).toBe('03000000000000003b');
    expect(() => decodeReadRequest(fromHex('02000000000000003b'))).toThrow(
      /kind: expected 1 \(one\) or 3 \(all\), got 2/,
    );
    expect(() => decodeReadRequest(fromHex('0300'))).toThrow(/time: expected 8 bytes, got 1/);
  });
});

describe('sealing', () => {
  const random = seededRandom('00');
  const fresh = () => nodeCrypto.generateEcdhKeyPair((length) => random.bytes(length));

  it('opens with the device key alone, and alike in both cryptographies', () => {
    const device = fresh();
    for (const length of [0, 1, 15, 16, 17, 200]) {
      const plain = random.bytes(length);
      const sealed = seal(nobleCrypto, fresh(), device.publicKey, ENTRY_IV, plain);
      expect(sealed).toHaveLength(64 + 16 * (Math.floor(length / 16) + 1));
      expect(toHex(unseal(nodeCrypto, device.privateKey, ENTRY_IV, sealed))).toBe(toHex(plain));
      expect(() => unseal(nodeCrypto, fresh().privateKey, ENTRY_IV, sealed)).toThrow(/padding is wrong/);
    }
  });

  it('refuses lengths, points and paddings that cannot be', () => {
    const device = fresh();
    const sealed = seal(nodeCrypto, fresh(), device.publicKey, ENTRY_IV, utf8('a seed'));
    const open = (body: Uint8Array) => () => unseal(nodeCrypto, device.privateKey, ENTRY_IV, body);
    expect(open(sealed.slice(0, 64))).toThrow(/expected 64 bytes and whole blocks of 16, got 64/);
    expect(open(sealed.slice(0, -1))).toThrow(/got 79/);
    expect(open(concat(new Uint8Array(64).fill(1), sealed.slice(64)))).toThrow(RangeError);
    const broken = sealed.slice();
    broken[broken.length - 1]! ^= 0x55;
    expect(open(broken)).toThrow(/padding is wrong/);
  });
});

describe('what the applet says of its key', () => {
  const details = {
    noEnter: true,
    pinSet: false,
    hotpSupported: true,
    fingerprintSensor: false,
    nfc: true,
    longTouch: true,
    pinLocked: false,
    buttonSeedPresent: true,
    totpSupported: true,
    fido21: true,
    keypad: true,
    ccidSupported: true,
    buttonHotpNotSupported: false,
    appearance: fromHex('01020304'),
    fidoVersion: [3, 1, 2] as const,
  };

  it('is packed in ten bytes', () => {
    const bytes = encodeDeviceInfo({ disabledInterfaces: 2, details });
    expect(toHex(bytes)).toBe('02b5010203040301021b');
    expect(decodeDeviceInfo(bytes)).toEqual({ disabledInterfaces: 2, details });
    expect(decodeDeviceInfo(concat(bytes, Uint8Array.of(9)))).toEqual({ disabledInterfaces: 2, details });
    expect(decodeDeviceInfo(Uint8Array.of(4))).toEqual({ disabledInterfaces: 4 });
    expect(() => decodeDeviceInfo(bytes.slice(0, 9))).toThrow(/1 byte or at least 10, got 9/);
  });

  it('has the serial number', () => {
    expect(encodeSerialRequest()).toHaveLength(18);
    expect(decodeSerial(encodeSerial('76104123456'))).toBe('76104123456');
    expect(() => decodeSerial(fromHex('d20131'))).toThrow(/expected tag 0xD1, got 0xd2/);
    expect(() => decodeSerial(fromHex('d10231'))).toThrow(/digits: expected 2 bytes, got 1/);
  });

  it('has a slot of 6 or 8 digits', () => {
    const slot = { digits: 8 as const, seed: fromHex('0102') };
    expect(decodeButtonSeed(encodeButtonSeed(slot))).toEqual(slot);
    expect(toHex(encodeButtonSeed(undefined))).toBe('0000');
    expect(decodeButtonSeed(fromHex('0000'))).toBeUndefined();
    expect(() => decodeButtonSeed(fromHex('07020102'))).toThrow(/digits: expected 6 or 8, got 7/);
    expect(() => decodeButtonSeed(fromHex('0600'))).toThrow(/seed: expected 1 to 64 bytes, got 0/);
  });

  it('shows in the ATR', () => {
    const bytes = tokenHistoricalBytes(0x0022, '76104123456');
    expect(toHex(bytes)).toBe(`868e0022000000${toHex(utf8('04123456'))}`);
    expect(readTokenHistoricalBytes(bytes)).toEqual({ productId: 0x22, serialSuffix: '04123456' });
    expect(readTokenHistoricalBytes(fromHex('80'))).toBeUndefined();
  });
});
