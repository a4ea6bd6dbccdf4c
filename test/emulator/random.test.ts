import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../ctap/bytes.ts';
import { seededRandom, systemRandom } from '../../emulator/random.ts';

describe("the system's random bytes", () => {
  it.each([0, 1, 32, 511, 512, 513, 4096, 10_000])('come in the length that was asked for: %i', (length) => {
    expect(systemRandom.bytes(length)).toHaveLength(length);
  });

  it('never come twice, and stay as they were given', () => {
    const given = Array.from({ length: 1000 }, () => systemRandom.bytes(16));
    const before = given.map(toHex);
    for (let i = 0; i < 1000; i++) systemRandom.bytes(300);
    expect(new Set(before).size).toBe(1000);
    expect(given.map(toHex)).toEqual(before);
  });
});

describe('seeded random bytes', () => {
  it('are AES-256-CTR of zeros under SHA-256 of the seed', () => {
    // openssl enc -aes-256-ctr -K $(printf '\x00' | sha256sum) -iv 0, of 16 zero bytes
    expect(toHex(seededRandom('00').bytes(16))).toBe('b6e601deddb2cf246ad71d9a4b292b44');
  });

  it('are the same for the same seed, however they are asked for', () => {
    const whole = seededRandom('c0ffee').bytes(100);
    const pieces = seededRandom('C0FFEE');
    expect(toHex(concat(...[1, 0, 15, 16, 17, 51].map((length) => pieces.bytes(length))))).toBe(toHex(whole));
  });

  it('differ between seeds', () => {
    const seeds = ['', '00', '0000', '01'];
    expect(new Set(seeds.map((seed) => toHex(seededRandom(seed).bytes(32)))).size).toBe(seeds.length);
  });

  it.each(['0', 'xy', '0x00'])('want a hexadecimal seed, not "%s"', (seed) => {
    expect(() => seededRandom(seed)).toThrow(TypeError);
  });
});
