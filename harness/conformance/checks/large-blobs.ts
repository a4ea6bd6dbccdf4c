/** authenticatorLargeBlobs: CTAP 2.3 §6.10. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import {
  LARGE_BLOB_HASH_LENGTH,
  largeBlobsAuthMessage,
  largeBlobsRequest,
} from '../../../ctap/commands/large-blobs.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { paramsOf } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { refusals } from './large-blobs-refusals.ts';

import { begin, command, FIRST, fragment, LENGTH, OPEN, read, section, send } from './large-blobs-steps.ts';
import { parameterChecks } from './parameters.ts';

/** An array that no other check writes, with its hash. */
function serialized(key: Subject, text: string): Uint8Array {
  const bytes = utf8(text);
  const array = concat(Uint8Array.of(0x81, 0x58, bytes.length), bytes);
  return concat(array, key.bench.crypto.sha256(array).subarray(0, LARGE_BLOB_HASH_LENGTH));
}

const WRITES: Needs = { ...OPEN, spoils: true };

const reading: readonly Check[] = [
  {
    id: 'largeBlobs.hash',
    section: 'CTAP 2.3 §6.10',
    statement: 'The array ends in the first 16 bytes of the SHA-256 of what is before them.',
    needs: OPEN,
    faults: ['large-blobs-initial-hash-is-wrong'],
    async run(key) {
      const array = await read(key);
      const end = array.length - LARGE_BLOB_HASH_LENGTH;
      const hash = key.bench.crypto.sha256(array.subarray(0, end)).subarray(0, LARGE_BLOB_HASH_LENGTH);
      expectEqual(array.subarray(end), hash, 'the end of the array');
    },
  },
  {
    id: 'largeBlobs.get.part',
    section,
    statement: 'get and offset choose a part of the array.',
    needs: OPEN,
    faults: ['large-blobs-ignores-offset'],
    async run(key) {
      const array = await read(key);
      expectEqual(await fragment(key, 3, 5), array.subarray(3, 8), 'five bytes from offset 3');
    },
  },
  {
    id: 'largeBlobs.get.short',
    section,
    statement: 'Where less is left than get asks for, what is left comes.',
    needs: OPEN,
    faults: ['large-blobs-pads-the-last-fragment'],
    async run(key) {
      const array = await read(key);
      const offset = array.length - 4;
      expectEqual((await fragment(key, offset, 100)).length, 4, 'the bytes left 4 before the end');
    },
  },
  {
    id: 'largeBlobs.get.end',
    section,
    statement: 'At the end of the array there are no bytes left, which is no error.',
    needs: OPEN,
    faults: ['large-blobs-refuses-the-end'],
    async run(key) {
      const { length } = await read(key);
      expectEqual((await fragment(key, length, 1)).length, 0, 'the bytes at the end');
    },
  },
];

async function write(key: Subject, array: Uint8Array): Promise<void> {
  expectOk(await send(key, { set: array, offset: 0, length: array.length }));
}

const writing: readonly Check[] = [
  {
    id: 'largeBlobs.set.whole',
    section,
    statement: 'An array that came in one fragment is read as it was written.',
    needs: WRITES,
    faults: ['large-blobs-changes-what-comes-whole'],
    async run(key) {
      const array = serialized(key, 'in one fragment');
      await write(key, array);
      expectEqual(await read(key), array, 'the array');
    },
  },
  {
    id: 'largeBlobs.set.fragments',
    section,
    statement: 'An array that came in fragments is read as it was written.',
    needs: WRITES,
    faults: ['large-blobs-changes-what-comes-in-fragments'],
    async run(key) {
      const array = serialized(key, 'in three fragments');
      expectOk(await send(key, { set: array.subarray(0, 5), offset: 0, length: array.length }));
      expectOk(await send(key, { set: array.subarray(5, 20), offset: 5 }));
      expectOk(await send(key, { set: array.subarray(20), offset: 20 }));
      expectEqual(await read(key), array, 'the array');
    },
  },
  {
    id: 'largeBlobs.set.survivesPowerCycle',
    section: 'CTAP 2.3 §6.10',
    statement: 'The array is kept when the key has been without power.',
    needs: WRITES,
    faults: ['large-blobs-forgets-without-power'],
    async run(key) {
      const array = serialized(key, 'kept without power');
      await write(key, array);
      await key.replug();
      expectEqual(await read(key), array, 'the array');
    },
  },
  {
    id: 'largeBlobs.set.hash.keeps',
    section,
    statement: 'An array that does not end in its hash leaves the old one in place.',
    needs: OPEN,
    faults: ['large-blobs-loses-the-old-array-to-a-wrong-hash'],
    async run(key) {
      const before = await read(key);
      await send(key, { set: new Uint8Array(LENGTH), offset: 0, length: LENGTH });
      expectEqual(await read(key), before, 'the array');
    },
  },
  {
    id: 'largeBlobs.set.unfinished.keeps',
    section,
    statement: 'An array that has not come whole leaves the old one in place.',
    needs: OPEN,
    faults: ['large-blobs-loses-the-old-array-to-a-beginning'],
    async run(key) {
      const before = await read(key);
      expectOk(await send(key, begin()));
      expectEqual(await read(key), before, 'the array');
    },
  },
  {
    id: 'largeBlobs.set.anew',
    section,
    statement: 'A fragment at offset 0 begins an array anew.',
    needs: OPEN,
    faults: ['large-blobs-begins-only-once'],
    async run(key) {
      expectOk(await send(key, begin()));
      expectOk(await send(key, begin()));
    },
  },
  {
    id: 'largeBlobs.set.powerCycle',
    section: `${section}, §6`,
    statement: 'A power cycle ends an array that has not come whole.',
    needs: OPEN,
    faults: ['large-blobs-goes-on-after-power-cycle'],
    async run(key) {
      expectOk(await send(key, begin()));
      await key.replug();
      expectStatus(await send(key, { set: Uint8Array.of(1), offset: FIRST.length }), 'CTAP1_ERR_INVALID_SEQ');
    },
  },
  {
    id: 'largeBlobs.set.late',
    section: `${section}, §6`,
    statement: 'An array that nobody has gone on with for 30 seconds is over.',
    needs: { ...OPEN, seconds: 32 },
    faults: ['large-blobs-goes-on-after-30-seconds'],
    async run(key) {
      expectOk(await send(key, begin()));
      await key.wait(31_000);
      expectStatus(await send(key, { set: Uint8Array.of(1), offset: FIRST.length }), 'CTAP1_ERR_INVALID_SEQ');
    },
  },
];

const LOCKED: Needs = { options: ['largeBlobs', 'pinUvAuthToken'], pin: true };

/** A first fragment with its authorization, and what authorizes others. */
async function authorized(key: Subject) {
  const token = await key.token(Permission.largeBlobWrite);
  const authorize = (offset: number, set: Uint8Array) =>
    paramsOf(token, largeBlobsAuthMessage(offset, key.bench.crypto.sha256(set)));
  expectOk(await send(key, { ...begin(), ...authorize(0, FIRST) }));
  return authorize;
}

const authorization: readonly Check[] = [
  {
    id: 'largeBlobs.pinUvAuthParam.offset',
    section,
    statement: 'A pinUvAuthParam of another offset is not taken.',
    needs: LOCKED,
    faults: ['large-blobs-authenticates-no-offset'],
    async run(key) {
      const authorize = await authorized(key);
      const set = Uint8Array.of(1);
      const answer = await send(key, { set, offset: FIRST.length, ...authorize(0, set) });
      expectStatus(answer, 'CTAP2_ERR_PIN_AUTH_INVALID');
    },
  },
  {
    id: 'largeBlobs.pinUvAuthParam.everyFragment',
    section,
    statement: 'Every fragment needs a pinUvAuthParam, where a PIN is set.',
    needs: LOCKED,
    faults: ['large-blobs-authenticates-the-first-fragment-alone'],
    async run(key) {
      await authorized(key);
      const answer = await send(key, { set: Uint8Array.of(1), offset: FIRST.length });
      expectStatus(answer, 'CTAP2_ERR_PUAT_REQUIRED');
    },
  },
  {
    id: 'largeBlobs.get.withPin',
    section,
    statement: 'The array is read without a pinUvAuthParam though a PIN is set.',
    needs: LOCKED,
    faults: ['large-blobs-reads-only-with-token'],
    async run(key) {
      expectOk(await send(key, { get: 1, offset: 0 }));
    },
  },
];

export const largeBlobsChecks: CheckGroup = {
  name: 'authenticatorLargeBlobs',
  checks: [
    ...parameterChecks({
      name: 'largeBlobs',
      command,
      section,
      table: largeBlobsRequest,
      members: ['get', 'offset'],
      needs: OPEN,
      parameters: async () => largeBlobsRequest.encode({ get: 1, offset: 0 }),
    }),
    ...parameterChecks({
      name: 'largeBlobs',
      command,
      section,
      table: largeBlobsRequest,
      members: ['set', 'length', 'pinUvAuthParam', 'pinUvAuthProtocol'],
      needs: OPEN,
      parameters: async () => largeBlobsRequest.encode(begin()),
    }),
    ...refusals,
    ...reading,
    ...writing,
    ...authorization,
  ],
};
