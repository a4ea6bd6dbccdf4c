import { createHash } from 'node:crypto';
import { deflateRawSync, deflateSync, inflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  INITIAL_LARGE_BLOB_ARRAY,
  largeBlobAssociatedData,
  largeBlobMap,
  largeBlobsRequest,
  largeBlobsResponse,
} from '../../../ctap/commands/large-blobs.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { findModel, type Model } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { LargeBlobsClient } from '../../../harness/client/large-blobs.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn } from './keys.ts';

const PIN = '735917';
const everything = findModel('ctap2.3-everything');
const [ALICE, BOB, CAROL] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
/** Does not compress, so that it takes its full length on the key. */
const noise = (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length));

let ctap2: Ctap2Client;
let blobs: LargeBlobsClient;
/** Requests of authenticatorLargeBlobs that were sent. */
let sent: number;

async function open(model: Model = everything): Promise<void> {
  const device = await plugIn(await openKey({ model }));
  sent = 0;
  const { cbor } = device;
  device.cbor = (request, exchange) => {
    if (request[0] === Command.authenticatorLargeBlobs) sent++;
    return cbor.call(device, request, exchange);
  };
  ctap2 = new Ctap2Client(device);
  blobs = new LargeBlobsClient(ctap2);
}

/** Writes bytes as they are, hash and all, on a key without a PIN. */
async function writeRaw(serialized: Uint8Array): Promise<void> {
  await ctap2.largeBlobs({ set: serialized, offset: 0, length: serialized.length });
}

function withHash(array: Uint8Array): Uint8Array {
  return concat(array, createHash('sha256').update(array).digest().subarray(0, 16));
}

/** A large-blob map as another program makes it. */
function seal(key: Uint8Array, blob: Uint8Array, origSize = blob.length, compressed = deflateRawSync(blob)): CborValue {
  const nonce = new Uint8Array(12).fill(9);
  const ciphertext = nodeCrypto.aesGcmSeal(key, nonce, compressed, largeBlobAssociatedData(origSize));
  return largeBlobMap.encode({ ciphertext, nonce, origSize });
}

beforeEach(() => open());

describe('large blobs', () => {
  it('are none on a fresh key', async () => {
    expect(await blobs.readArray()).toEqual({ elements: [], size: INITIAL_LARGE_BLOB_ARRAY.length, intact: true });
    expect(await blobs.capacity()).toBe(everything.maxSerializedLargeBlobArray);
    expect(await blobs.get(ALICE)).toBeUndefined();
    expect(await blobs.delete(ALICE)).toBe(false);
  });

  it('belong to one credential each, are replaced, and deleted', async () => {
    await blobs.set(ALICE, utf8('one'));
    await blobs.set(BOB, utf8('two'));
    await blobs.set(ALICE, utf8('three'));
    expect(await blobs.get(ALICE)).toEqual(utf8('three'));
    expect(await blobs.get(BOB)).toEqual(utf8('two'));
    expect(await blobs.get(CAROL)).toBeUndefined();
    expect((await blobs.readArray()).elements).toHaveLength(2);
    expect(await blobs.delete(ALICE)).toBe(true);
    expect(await blobs.get(ALICE)).toBeUndefined();
    expect(await blobs.get(BOB)).toEqual(utf8('two'));
  });

  it('may be empty', async () => {
    await blobs.set(ALICE, new Uint8Array(0));
    expect(await blobs.get(ALICE)).toEqual(new Uint8Array(0));
  });

  it('are compressed and sealed as others read them', async () => {
    const text = utf8('abc'.repeat(1000));
    await blobs.set(ALICE, text);
    const { elements, size } = await blobs.readArray();
    expect(size).toBeLessThan(200);
    const { ciphertext, nonce, origSize } = largeBlobMap.decode(elements[0]!, 'element');
    expect(origSize).toBe(text.length);
    const compressed = nodeCrypto.aesGcmOpen(ALICE, nonce, ciphertext, largeBlobAssociatedData(origSize));
    expect(new Uint8Array(inflateRawSync(compressed!))).toEqual(text);
    // §6.10.3: "blob", then the size in 64 bits, little-endian
    expect(largeBlobAssociatedData(0x0102)).toEqual(concat(utf8('blob'), Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0)));
  });

  it('are read as others wrote them', async () => {
    await writeRaw(withHash(encodeCbor([seal(ALICE, utf8('from another program'))])));
    expect(await blobs.get(ALICE)).toEqual(utf8('from another program'));
    const framed = utf8('from an older one');
    await writeRaw(withHash(encodeCbor([seal(BOB, framed, framed.length, deflateSync(framed))])));
    expect(await blobs.get(BOB)).toEqual(framed);
  });

  it.each([
    ['a page', 1000],
    ['exactly one fragment with all that goes with it', 7609 - 64],
    ['as much as the key has room for', 16_000],
  ])('go in fragments: %s', async (_, length) => {
    const blob = noise(length);
    await blobs.set(ALICE, blob);
    const { size } = await blobs.readArray();
    const [reads, writes] = [Math.floor(size / (7609 - 64)) + 1, Math.ceil(size / (7609 - 64))];
    sent = 0;
    await blobs.set(ALICE, blob);
    expect(sent).toBe(reads + writes);
    expect(await blobs.get(ALICE)).toEqual(blob);
  });

  it.each(['token2-bio3', 'ctap2.1'])('go in fragments on %s too, with a token', async (name) => {
    const model = findModel(name);
    await open(model);
    const pin = new PinClient(ctap2);
    await pin.setPin(PIN);
    const token = await pin.getPinUvAuthToken({ pin: PIN, permissions: Permission.largeBlobWrite });
    const writer = new LargeBlobsClient(ctap2, { token });
    const blob = noise(model.maxSerializedLargeBlobArray - 120);
    await writer.set(ALICE, blob);
    expect(await blobs.get(ALICE)).toEqual(blob); // reading takes no token
    await expect(blobs.set(ALICE, blob)).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PUAT_REQUIRED' });
    const stranger = await pin.getPinUvAuthToken({ pin: PIN, permissions: Permission.credentialManagement });
    await expect(new LargeBlobsClient(ctap2, { token: stranger }).delete(ALICE)).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_PIN_AUTH_INVALID',
    });
    expect(await blobs.get(ALICE)).toEqual(blob);
  });

  it('find no room beyond the capacity, and then nothing is changed or sent', async () => {
    await blobs.set(ALICE, utf8('small'));
    sent = 0;
    await expect(blobs.set(ALICE, noise(16_384))).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_LARGE_BLOB_STORAGE_FULL',
      message: expect.stringMatching(/expected an array of at most 16384 bytes, got 164\d\d/),
    });
    expect(sent).toBe(1); // the reading
    expect(await blobs.get(ALICE)).toEqual(utf8('small'));
  });

  it('whose credential is gone are collected; what other programs keep there is not', async () => {
    const foreign: CborMap = new Map([[7, ['nested', [[['deep', new Uint8Array(3)]]]]]]);
    await blobs.writeArray([foreign, seal(BOB, utf8('gone'))]);
    await blobs.set(ALICE, utf8('here'));
    await blobs.set(CAROL, utf8('here too'));
    sent = 0;
    expect(await blobs.collectGarbage([ALICE, CAROL])).toBe(1);
    expect(sent).toBe(2);
    const { elements } = await blobs.readArray();
    expect(elements).toHaveLength(3);
    expect(elements[0]).toEqual(foreign);
    expect(await blobs.get(ALICE)).toEqual(utf8('here'));
    sent = 0;
    expect(await blobs.collectGarbage([ALICE, CAROL])).toBe(0);
    expect(sent).toBe(1); // nothing to write
  });
});

/** Answers reading with `serialized`, as a key whose memory is so. */
function answering(serialized: Uint8Array): LargeBlobsClient {
  const { device } = ctap2;
  const client = new Ctap2Client({
    hid: device.hid,
    name: device.name,
    msg: (request) => device.msg(request),
    ping: (data) => device.ping(data),
    wink: () => device.wink(),
    close: () => device.close(),
    async cbor(request, options) {
      if (request[0] !== Command.authenticatorLargeBlobs) return device.cbor(request, options);
      const { get, offset } = largeBlobsRequest.decode(decodeCbor(request.subarray(1)), 'request');
      return encodeCbor(largeBlobsResponse.encode({ config: serialized.subarray(offset, offset! + get!) }));
    },
  });
  return new LargeBlobsClient(client);
}

describe('a large-blob array', () => {
  const intact = withHash(encodeCbor([seal(ALICE, utf8('intact'))]));
  const changed = intact.map((byte, index) => (index === 5 ? byte ^ 1 : byte));

  it.each([
    ['a bit of which is changed', changed],
    ['that is cut short', intact.subarray(0, -1)],
    ['of no bytes', new Uint8Array(0)],
    ['of a hash alone', withHash(new Uint8Array(0))],
  ])('%s counts as a new one', async (_, serialized) => {
    const client = answering(serialized);
    expect(await client.readArray()).toEqual({ elements: [], size: serialized.length, intact: false });
    expect(await client.get(ALICE)).toBeUndefined();
  });

  it('whose hash fits is read', async () => {
    expect(await answering(intact).get(ALICE)).toEqual(utf8('intact'));
  });

  it.each([
    ['no CBOR', Uint8Array.of(0xff)],
    ['no array', encodeCbor('text')],
    ['an array and more', concat(encodeCbor([]), encodeCbor([]))],
  ])('of %s is refused, not thrown away', async (_, array) => {
    const client = answering(withHash(array));
    await expect(client.get(ALICE)).rejects.toMatchObject({ name: 'ProtocolError' });
    await expect(client.set(ALICE, utf8('x'))).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it('longer than the key has room for is not read to its end', async () => {
    const client = answering(new Uint8Array(100_000));
    await expect(client.readArray()).rejects.toThrow(/at most, got more/);
  });

  it.each([
    ['is shorter', 4, deflateRawSync(utf8('abc'))],
    ['is longer', 2, deflateRawSync(utf8('abc'))],
    ['would fill the memory', 10, deflateRawSync(new Uint8Array(10_000_000))],
    ['is no DEFLATE', 3, Buffer.from('abc')],
  ])('with a blob that %s than it says tells so', async (_, origSize, compressed) => {
    const client = answering(withHash(encodeCbor([seal(ALICE, utf8('abc'), origSize, compressed)])));
    await expect(client.get(ALICE)).rejects.toThrow(new RegExp(`expected DEFLATE of ${origSize} bytes, got`));
  });

  it('of elements of every other shape gives no blob', async () => {
    const strange: CborValue[] = [1, 'text', null, [], new Map([[1, new Uint8Array(3)]])];
    const client = answering(withHash(encodeCbor(strange)));
    expect((await client.readArray()).elements).toEqual(strange);
    expect(await client.get(ALICE)).toBeUndefined();
  });

  it('is none on a key without the option', async () => {
    await open(findModel('ctap2.0'));
    await expect(blobs.readArray()).rejects.toThrow('this key has no large blobs');
  });
});
