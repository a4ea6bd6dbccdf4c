import { describe, expect, it } from 'vitest';
import { hexDump } from '../../../../emulator/lab/panel/browser/hex-dump.ts';
import { pinInWords, questionInWords } from '../../../../emulator/lab/panel/browser/words.ts';

describe('a question in words', () => {
  it.each([
    [
      { operation: 'makeCredential', rpId: 'a.example', userName: 'alice' },
      'a.example wants to enroll this key for alice',
    ],
    [{ operation: 'makeCredential', rpId: 'a.example' }, 'a.example wants to enroll this key'],
    [{ operation: 'getAssertion', rpId: 'a.example', userName: 'alice' }, 'a.example wants you to sign in as alice'],
    [{ operation: 'getAssertion', rpId: 'a.example' }, 'a.example wants you to sign in'],
    [{ operation: 'reset' }, 'A program wants to reset this key: everything on it is erased'],
    [{ operation: 'something' }, 'A program asks for something'],
  ])('%j', (question, words) => {
    expect(questionInWords(question)).toBe(words);
  });
});

describe('the PIN in words', () => {
  const pin = { set: true, retries: 8, blocked: false, powerCycleNeeded: false };
  it.each([
    [{ ...pin, set: false }, 'No PIN is set'],
    [pin, 'PIN set, 8 tries left'],
    [{ ...pin, retries: 1 }, 'PIN set, 1 try left'],
    [{ ...pin, retries: 5, powerCycleNeeded: true }, 'Locked until it is plugged in again, 5 tries left'],
    [{ ...pin, retries: 0, blocked: true, powerCycleNeeded: true }, 'Locked for good'],
  ])('%j', (facts, words) => {
    expect(pinInWords(facts).state).toBe(words);
  });
});

describe('bytes as people read them', () => {
  it('are lines of sixteen, with what of them is ASCII, and hidden ones as stars', () => {
    expect(hexDump(`${'41'.repeat(16)}00ff**`)).toBe(
      [
        '0000  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA',
        '0010  00 ff **                                          ···',
      ].join('\n'),
    );
    expect(hexDump('')).toBe('');
  });
});
