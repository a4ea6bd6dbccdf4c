import { describe, expect, it } from 'vitest';
import { findKeyboardLayout, keyboardLayouts, readWithLayout } from '../../../ctap/otp/keyboard-layouts.ts';
import {
  digitStrokes,
  keyboardReportDescriptor,
  letterStrokes,
  pressReport,
  readStrokes,
  releaseReport,
  Usage,
} from '../../../ctap/otp/keyboard-usages.ts';
import { toModhex } from '../../../ctap/otp/yubico-otp.ts';

const reportsOf = (strokes: ReturnType<typeof digitStrokes>) =>
  strokes.flatMap((stroke) => [pressReport(stroke), releaseReport()]);
const read = (name: string, text: string) => readWithLayout(digitStrokes(text), findKeyboardLayout(name));

describe('keyboard reports', () => {
  it('have the usages of top row and keypad', () => {
    expect(digitStrokes('1904').map(({ usage }) => usage)).toEqual([0x1e, 0x26, 0x27, 0x21]);
    expect(digitStrokes('1904', { keypad: true }).map(({ usage }) => usage)).toEqual([0x59, 0x61, 0x62, 0x5c]);
    expect(letterStrokes('az').map(({ usage }) => usage)).toEqual([0x04, 0x1d]);
    expect(pressReport({ usage: Usage.DIGIT_1, shift: true })).toEqual(Uint8Array.of(2, 0, 0x1e, 0, 0, 0, 0, 0));
    expect(() => digitStrokes('12a')).toThrow(/expected a decimal digit, got "a"/);
    expect(() => letterStrokes('A')).toThrow(/letter/);
  });

  it('are read as a host reads them: a repeated digit needs its release', () => {
    const strokes = digitStrokes('1122');
    expect(readStrokes(reportsOf(strokes))).toEqual(strokes);
    expect(readStrokes(strokes.map(pressReport))).toEqual(digitStrokes('12'));
    expect(() => readStrokes([new Uint8Array(7)])).toThrow(/expected 8 bytes, got 7/);
  });

  it('are described by the descriptor of HID 1.11 appendix E.6', () => {
    expect(keyboardReportDescriptor()).toHaveLength(63);
  });
});

describe('keyboard layouts', () => {
  it.each([
    ['us', '0123456789'],
    ['de', '0123456789'],
    ['fr', 'à&é"\'(-è_ç'],
    ['cz', 'é+ěščřžýáí'],
    ['hu', 'ö123456789'],
  ])('show what %s reads from the top row', (name, text) => {
    expect(read(name, '0123456789')).toBe(text);
  });

  it('all read the keypad alike, with NumLock', () => {
    const strokes = digitStrokes('0123456789', { keypad: true });
    for (const layout of keyboardLayouts.values()) expect(readWithLayout(strokes, layout)).toBe('0123456789');
    expect(readWithLayout(strokes.slice(4, 6), findKeyboardLayout('us'), { numLock: false })).toBe('<Left><Begin>');
  });

  it('read modhex alike where they are Latin, AZERTY and QWERTZ among them', () => {
    const otp = toModhex(Uint8Array.from({ length: 256 }, (_, i) => i));
    for (const name of ['us', 'gb', 'de', 'ch', 'fr', 'be', 'es', 'it', 'cz', 'hu', 'se']) {
      expect(readWithLayout(letterStrokes(otp), findKeyboardLayout(name))).toBe(otp);
    }
    expect(readWithLayout(letterStrokes(otp), findKeyboardLayout('us-dvorak'))).not.toBe(otp);
  });

  it('have a character for every key', () => {
    for (const { name, letters, capitals = letters.toUpperCase(), topRow, shiftedTopRow } of keyboardLayouts.values()) {
      expect([name, letters.length, capitals.length, topRow.length, shiftedTopRow.length]).toEqual([
        name,
        26,
        26,
        10,
        10,
      ]);
    }
    expect(() => findKeyboardLayout('xx')).toThrow(/there is no keyboard layout "xx"; known layouts: us, gb/);
  });
});
