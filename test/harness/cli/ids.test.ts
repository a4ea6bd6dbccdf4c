import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../ctap/bytes.ts';
import { findById, shortIds } from '../../../harness/cli/ids.ts';

const ids = ['00112233445566778899', '0011223344556677aabb', 'ff00ff00ff00ff00ff00'].map(fromHex);
const find = (given: string) => findById(ids, (id) => id, given, { what: 'passkey', next: 'See the ids.' });

describe('an id', () => {
  it.each([
    ['hexadecimal', '0011223344556677aabb', 1],
    ['capital hexadecimal', '0011223344556677AABB', 1],
    ['base64url', 'ABEiM0RVZneImQ', 0],
    ['the beginning of hexadecimal', 'ff00', 2],
    ['the beginning of base64url', '_wD_', 2],
  ])('is known by %s', (_, given, index) => {
    expect(find(given)).toBe(ids[index]);
  });

  it.each([
    ['begins several', '00112233', 'usage', /more than one passkey/],
    ['is too short', 'ff', 'usage', /at least 4 characters/],
    ['is none', 'abcdef', 'failed', /has no passkey "abcdef"/],
  ])('that %s is told', (_, given, kind, message) => {
    expect(() => find(given)).toThrow(expect.objectContaining({ kind, message: expect.stringMatching(message) }));
  });

  it('is shown no longer than it takes to tell it from others', () => {
    expect(shortIds(ids)).toEqual(['001122334455667788', '0011223344556677aa', 'ff00ff00ff00ff00ff']);
    expect(shortIds([fromHex('0102')])).toEqual(['0102']);
    expect(shortIds([])).toEqual([]);
  });
});
