import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import { crc16, formatYubicoOtp, fromModhex, readYubicoOtp, toModhex } from '../../../ctap/otp/yubico-otp.ts';

// Test vectors of Yubico's libyubikey (its documentation and self-test).
const KEY = fromHex('ecde18dbe76fbd0c33330f1c354871db');
const OTP = 'dteffujehknhfjbrjnlnldnhcujvddbikngjrtgh';

describe('Yubico OTP', () => {
  it('is written in modhex', () => {
    expect(toModhex(utf8('test'))).toBe('ifhgieif');
    expect(fromModhex('ifhgieif')).toEqual(utf8('test'));
    expect(() => fromModhex('abcd')).toThrow(/modhex: expected one of cbdefghijklnrtuv, got "a"/);
    expect(() => fromModhex('ifh')).toThrow(/even number/);
  });

  it('reads a password that a YubiKey typed', () => {
    const read = readYubicoOtp(KEY, OTP);
    expect(read && toHex(read.fields.privateId)).toBe('8792ebfe26cc');
    expect(read?.publicId).toEqual(fromModhex('dteffuje'));
    expect(read?.fields).toMatchObject({ useCounter: 19, sessionCounter: 17, timestamp: 49712, random: 40904 });
  });

  it('writes that password from its fields', () => {
    const { publicId, fields } = readYubicoOtp(KEY, OTP)!;
    expect(formatYubicoOtp(KEY, publicId, fields)).toBe(OTP);
  });

  it('tells a wrong key and a short password', () => {
    expect(readYubicoOtp(new Uint8Array(16), OTP)).toBeUndefined();
    expect(() => readYubicoOtp(KEY, 'dteffuje')).toThrow(/at least 32 letters, got 8/);
    expect(() =>
      formatYubicoOtp(KEY, new Uint8Array(6), { ...readYubicoOtp(KEY, OTP)!.fields, privateId: new Uint8Array(5) }),
    ).toThrow(/private id: expected 6 bytes, got 5/);
  });

  it('has the CRC of ISO 13239', () => {
    expect(crc16(utf8('123456789'))).toBe(0x6f91); // CRC-16/MCRF4XX
  });
});
