/** Requests of authenticatorLargeBlobs that a key refuses: CTAP 2.3 §6.10.2. */
import type { LargeBlobsRequest } from '../../../ctap/commands/large-blobs.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { Check } from '../check.ts';
import { expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { begin, FIRST, LENGTH, maxFragmentLength, OPEN, read, section, send } from './large-blobs-steps.ts';

const LEAST_CAPACITY = 1024;

interface Bad {
  readonly name: string;
  readonly fault: string;
  readonly statement: string;
  readonly status: StatusName;
  readonly request: (key: Subject) => LargeBlobsRequest | Promise<LargeBlobsRequest>;
  /** What is sent before. */
  readonly before?: (key: Subject) => LargeBlobsRequest;
}

const INVALID = 'CTAP1_ERR_INVALID_PARAMETER';

const bad: readonly Bad[] = [
  {
    name: 'neither',
    fault: 'takes-neither',
    statement: 'neither get nor set',
    status: INVALID,
    request: () => ({ offset: 0 }),
  },
  {
    name: 'both',
    fault: 'takes-both',
    statement: 'both get and set',
    status: INVALID,
    request: () => ({ get: 1, ...begin() }),
  },
  {
    name: 'get.offset.missing',
    fault: 'reads-without-offset',
    statement: 'get, but no offset,',
    status: INVALID,
    request: () => ({ get: 1 }),
  },
  {
    name: 'set.offset.missing',
    fault: 'writes-without-offset',
    statement: 'set, but no offset,',
    status: INVALID,
    request: () => ({ set: FIRST, length: LENGTH }),
  },
  {
    name: 'get.length',
    fault: 'reads-with-length',
    statement: 'get and length',
    status: INVALID,
    request: () => ({ get: 1, offset: 0, length: LENGTH }),
  },
  {
    name: 'get.pinUvAuthParam',
    fault: 'reads-with-param',
    statement: 'get and pinUvAuthParam',
    status: INVALID,
    request: () => ({ get: 1, offset: 0, pinUvAuthParam: new Uint8Array(16) }),
  },
  {
    name: 'get.pinUvAuthProtocol',
    fault: 'reads-with-protocol',
    statement: 'get and pinUvAuthProtocol',
    status: INVALID,
    request: () => ({ get: 1, offset: 0, pinUvAuthProtocol: 1 }),
  },
  {
    name: 'get.long',
    fault: 'reads-more-than-a-fragment',
    statement: 'a get above maxFragmentLength',
    status: 'CTAP1_ERR_INVALID_LENGTH',
    request: async (key) => ({ get: (await maxFragmentLength(key)) + 1, offset: 0 }),
  },
  {
    name: 'get.behindEnd',
    fault: 'reads-behind-the-end',
    statement: 'an offset behind the end of the array',
    status: INVALID,
    request: async (key) => ({ get: 1, offset: (await read(key)).length + 1 }),
  },
  {
    name: 'set.length.missing',
    fault: 'writes-without-length',
    statement: 'a first fragment without length',
    status: INVALID,
    request: () => ({ set: FIRST, offset: 0 }),
  },
  {
    name: 'set.length.short',
    fault: 'writes-less-than-a-hash',
    statement: 'a length below 17',
    status: INVALID,
    request: () => ({ set: FIRST, offset: 0, length: 16 }),
  },
  {
    name: 'set.length.long',
    fault: 'writes-more-than-it-stores',
    statement: 'a length above maxSerializedLargeBlobArray',
    status: 'CTAP2_ERR_LARGE_BLOB_STORAGE_FULL',
    request: async (key) => ({
      set: FIRST,
      offset: 0,
      length: ((await key.info()).maxSerializedLargeBlobArray ?? LEAST_CAPACITY) + 1,
    }),
  },
  {
    name: 'set.beyondLength',
    fault: 'writes-beyond-length',
    statement: 'a fragment longer than the array that it begins',
    status: INVALID,
    request: () => ({ set: new Uint8Array(LENGTH + 1), offset: 0, length: LENGTH }),
  },
  {
    name: 'set.length.later',
    fault: 'takes-length-again',
    statement: 'a length with a later fragment',
    status: INVALID,
    before: begin,
    request: () => ({ set: Uint8Array.of(1), offset: FIRST.length, length: LENGTH }),
  },
  {
    name: 'set.outOfOrder',
    fault: 'takes-fragments-out-of-order',
    statement: 'a fragment that leaves a gap',
    status: 'CTAP1_ERR_INVALID_SEQ',
    before: begin,
    request: () => ({ set: Uint8Array.of(1), offset: FIRST.length + 1 }),
  },
  {
    name: 'set.unbegun',
    fault: 'goes-on-with-nothing',
    statement: 'a later fragment of an array that has not begun',
    status: 'CTAP1_ERR_INVALID_SEQ',
    request: () => ({ set: Uint8Array.of(1), offset: FIRST.length }),
  },
  {
    name: 'set.hash',
    fault: 'takes-any-hash',
    statement: 'an array that does not end in its hash',
    status: 'CTAP2_ERR_INTEGRITY_FAILURE',
    request: () => ({ set: new Uint8Array(LENGTH), offset: 0, length: LENGTH }),
  },
];

export const refusals = bad.map(
  ({ name, fault, statement, status, request, before }): Check => ({
    id: `largeBlobs.${name}`,
    section,
    statement: `A request with ${statement} is refused by ${status}.`,
    needs: OPEN,
    faults: [`large-blobs-${fault}`],
    async run(key) {
      if (before !== undefined) expectOk(await send(key, before(key)));
      expectStatus(await send(key, await request(key)), status);
    },
  }),
);
