import { describe, expect, it } from 'vitest';
import { decodeOwner, encodeOwner, isAlive, thisOwner } from '../../../emulator/store/owner.ts';
import { StoreError } from '../../../emulator/store/store-error.ts';

describe("an owner's record", () => {
  it('comes back as it was written', () => {
    const owner = thisOwner();
    expect(decodeOwner(encodeOwner(owner))).toEqual(owner);
    expect(thisOwner().opening).not.toBe(owner.opening);
  });

  it.each(['', '{', 'null', '7', '{"pid":7}', '{"pid":"7","started":"","opening":""}'])('is not %j', (text) => {
    const decode = () => decodeOwner(new TextEncoder().encode(text));
    expect(decode).toThrow(StoreError);
    expect(decode).toThrow(`expected an owner's record, got ${text}`);
  });
});

describe('an owner', () => {
  it('lives as long as its process, whether the system tells when that began or not', () => {
    const owner = thisOwner();
    expect(isAlive(owner)).toBe(true);
    expect(isAlive({ ...owner, started: '' })).toBe(true);
  });

  it('is dead when its pid is nobody, or by now another process', () => {
    const beyondAll = 2 ** 22 + 1; // the kernel's highest pid is 2^22
    expect(isAlive({ ...thisOwner(), pid: beyondAll })).toBe(false);
    expect(isAlive({ ...thisOwner(), pid: beyondAll, started: '' })).toBe(false);
    expect(isAlive({ ...thisOwner(), started: 'some other boot 12345' })).toBe(false);
  });
});
