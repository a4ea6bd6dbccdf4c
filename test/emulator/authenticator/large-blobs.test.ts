import { beforeEach, describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  INITIAL_LARGE_BLOB_ARRAY,
  LARGE_BLOB_OVERHEAD,
  type LargeBlobsRequest,
  largeBlobsAuthMessage,
} from '../../../ctap/commands/large-blobs.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
/** maxFragmentLength of a small message. */
const FRAGMENT = 1024 - LARGE_BLOB_OVERHEAD;
let platform: Platform;
beforeEach(async () => {
  platform = await open();
});

const open = (options: Parameters<typeof Platform.open>[0] = {}) =>
  Platform.open({ ...options, model: { maxMsgSize: 1024, maxSerializedLargeBlobArray: 4096 } });

/** An array of that many bytes: content and the left half of its hash. */
function serialized(length: number, fill = 7): Uint8Array {
  const content = new Uint8Array(length - 16).fill(fill);
  return concat(content, nodeCrypto.sha256(content).subarray(0, 16));
}

/** The requests that write an array in fragments of a size. */
function fragments(array: Uint8Array, size = FRAGMENT, token?: Uint8Array): LargeBlobsRequest[] {
  const requests: LargeBlobsRequest[] = [];
  for (let offset = 0; offset < array.length; offset += size) {
    const set = array.slice(offset, offset + size);
    const message = largeBlobsAuthMessage(offset, nodeCrypto.sha256(set));
    const proof = token && { pinUvAuthParam: authenticate(token, message), pinUvAuthProtocol: 2 };
    requests.push({ set, offset, ...(offset === 0 ? { length: array.length } : {}), ...proof });
  }
  return requests;
}

async function write(array: Uint8Array, size = FRAGMENT, token?: Uint8Array) {
  for (const request of fragments(array, size, token)) await platform.largeBlobs(request);
}

async function readAll() {
  const parts: Uint8Array[] = [];
  for (let offset = 0; ; offset += FRAGMENT) {
    const { config } = await platform.largeBlobs({ get: FRAGMENT, offset });
    parts.push(config!);
    if (config!.length < FRAGMENT) return concat(...parts);
  }
}

describe('authenticatorLargeBlobs', () => {
  it('holds the empty array when new, and after a reset', async () => {
    expect(await readAll()).toEqual(INITIAL_LARGE_BLOB_ARRAY);
    await write(serialized(3000));
    await platform.call(Command.authenticatorReset);
    expect(await readAll()).toEqual(INITIAL_LARGE_BLOB_ARRAY);
    expect((await platform.getInfo()).maxSerializedLargeBlobArray).toBe(4096);
  });

  it.each([
    [17, FRAGMENT],
    [FRAGMENT, FRAGMENT],
    [FRAGMENT + 1, FRAGMENT],
    [4096, FRAGMENT],
    [1000, 100],
    [40, 1],
  ])('writes an array of %i bytes in fragments of %i and reads it back', async (length, size) => {
    const array = serialized(length);
    await write(array, size);
    expect(await readAll()).toEqual(array);
  });

  it('keeps the array over a power cycle and the process', async () => {
    const store = memoryStore();
    platform = await open({ store });
    await write(serialized(2000));
    platform.key.powerCycle();
    expect(await readAll()).toEqual(serialized(2000));
    platform = await open({ store });
    expect(await readAll()).toEqual(serialized(2000));
  });

  it('reads parts, less than asked at the end, nothing right behind it, and no further', async () => {
    await write(serialized(100));
    const read = async (get: number, offset: number) => (await platform.largeBlobs({ get, offset })).config!.length;
    expect([await read(0, 0), await read(30, 50), await read(60, 50), await read(1, 100)]).toEqual([0, 30, 50, 0]);
    expect(await statusOf(platform.largeBlobs({ get: 1, offset: 101 }))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await statusOf(platform.largeBlobs({ get: FRAGMENT + 1, offset: 0 }))).toBe('CTAP1_ERR_INVALID_LENGTH');
  });

  describe('a write that is broken off', () => {
    const array = serialized(4096, 9);
    const before = serialized(500);
    const count = fragments(array).length;

    it.each(Array.from({ length: count - 1 }, (_, index) => index + 1))(
      'after fragment %i leaves the stored array as it was',
      async (sent) => {
        await write(before);
        for (const request of fragments(array).slice(0, sent)) await platform.largeBlobs(request);
        expect(await readAll()).toEqual(before);
        await platform.getInfo();
        expect(await statusOf(platform.largeBlobs(fragments(array)[sent]!))).toBe('CTAP1_ERR_INVALID_SEQ');
        platform.key.powerCycle();
        expect(await readAll()).toEqual(before);
        await write(array);
        expect(await readAll()).toEqual(array);
      },
    );

    it('by 30 seconds of silence has to begin again', async () => {
      const [first, second, third] = fragments(array);
      await platform.largeBlobs(first!);
      platform.clock.advance(29_999);
      await platform.largeBlobs(second!);
      platform.clock.advance(30_000);
      expect(await statusOf(platform.largeBlobs(third!))).toBe('CTAP1_ERR_INVALID_SEQ');
    });

    it('by its own beginning anew is forgotten', async () => {
      await platform.largeBlobs(fragments(array)[0]!);
      await write(before);
      expect(await readAll()).toEqual(before);
    });
  });

  it('stores nothing whose hash does not fit', async () => {
    const spoilt = serialized(1500);
    spoilt[3]! ^= 1;
    expect(await statusOf(write(spoilt))).toBe('CTAP2_ERR_INTEGRITY_FAILURE');
    expect(await readAll()).toEqual(INITIAL_LARGE_BLOB_ARRAY);
    expect(await statusOf(platform.largeBlobs({ set: new Uint8Array(0), offset: 1500 }))).toBe('CTAP1_ERR_INVALID_SEQ');
  });

  const set = serialized(20);
  it.each<[string, LargeBlobsRequest, string]>([
    ['no offset', { get: 1 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['neither get nor set', { offset: 0 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['get and set', { get: 1, set, offset: 0, length: 20 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['length with get', { get: 1, offset: 0, length: 20 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a pinUvAuthParam with get', { get: 1, offset: 0, pinUvAuthParam: set }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a pinUvAuthProtocol with get', { get: 1, offset: 0, pinUvAuthProtocol: 2 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a first fragment without length', { set, offset: 0 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a later fragment with length', { set, offset: 20, length: 40 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a later fragment first', { set, offset: 20 }, 'CTAP1_ERR_INVALID_SEQ'],
    ['an array shorter than its hash', { set: set.slice(4), offset: 0, length: 16 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['more than announced', { set, offset: 0, length: 19 }, 'CTAP1_ERR_INVALID_PARAMETER'],
    ['an array that is too long', { set, offset: 0, length: 4097 }, 'CTAP2_ERR_LARGE_BLOB_STORAGE_FULL'],
    [
      'a fragment that is too long',
      { set: new Uint8Array(FRAGMENT + 1), offset: 0, length: 4096 },
      'CTAP1_ERR_INVALID_LENGTH',
    ],
  ])('refuses %s', async (_, request, status) => {
    expect(await statusOf(platform.largeBlobs(request))).toBe(status);
    expect(await readAll()).toEqual(INITIAL_LARGE_BLOB_ARRAY);
  });

  it('answers mistyped members by their status', async () => {
    for (const key of [1, 2, 3, 4, 5, 6]) {
      const request = new Map<number, boolean | number>(
        [
          [3, 0],
          [key, true],
        ].map(([k, v]) => [k as number, v!]),
      );
      const sorted = new Map([...request].sort(([a], [b]) => a - b));
      expect(await statusOf(platform.call(Command.authenticatorLargeBlobs, sorted))).toBe(
        'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
      );
    }
  });

  it('does not exist on a model without it', async () => {
    const { options } = platform.key.model;
    const without = await Platform.open({ model: { options: options.filter((name) => name !== 'largeBlobs') } });
    expect(await statusOf(without.largeBlobs({ get: 1, offset: 0 }))).toBe('CTAP1_ERR_INVALID_COMMAND');
    expect((await without.getInfo()).maxSerializedLargeBlobArray).toBeUndefined();
  });

  describe('on a key with a PIN', () => {
    const array = serialized(2500);
    beforeEach(() => platform.setPin(PIN));

    it('takes a write with the permission lbw, which outlives an assertion', async () => {
      await platform.makeCredential();
      const permissions = Permission.largeBlobWrite | Permission.makeCredential;
      const token = await platform.getToken(PIN, { permissions, rpId: RP_ID });
      await platform.makeCredential({ pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 });
      await write(array, FRAGMENT, token);
      expect(await readAll()).toEqual(array);
    });

    it('refuses a write without token, without protocol, without the permission, of other bytes or another offset', async () => {
      const [bare] = fragments(array);
      expect(await statusOf(platform.largeBlobs(bare!))).toBe('CTAP2_ERR_PUAT_REQUIRED');
      const cm = await platform.getToken(PIN, { permissions: Permission.credentialManagement });
      expect(await statusOf(platform.largeBlobs(fragments(array, FRAGMENT, cm)[0]!))).toBe(
        'CTAP2_ERR_PIN_AUTH_INVALID',
      );
      const token = await platform.getToken(PIN, { permissions: Permission.largeBlobWrite });
      const [first, second] = fragments(array, FRAGMENT, token);
      const attempt = (changes: Partial<LargeBlobsRequest>) => statusOf(platform.largeBlobs({ ...first!, ...changes }));
      expect(await attempt({ pinUvAuthProtocol: undefined })).toBe('CTAP2_ERR_MISSING_PARAMETER');
      expect(await attempt({ pinUvAuthProtocol: 3 })).toBe('CTAP1_ERR_INVALID_PARAMETER');
      expect(await attempt({ set: utf8('other bytes') })).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      expect(await attempt({ pinUvAuthParam: second!.pinUvAuthParam })).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      expect(await attempt({})).toBe('CTAP2_OK');
      expect(await statusOf(platform.largeBlobs({ ...second!, pinUvAuthParam: first!.pinUvAuthParam }))).toBe(
        'CTAP2_ERR_PIN_AUTH_INVALID',
      );
      expect(await readAll()).toEqual(INITIAL_LARGE_BLOB_ARRAY);
    });
  });
});
