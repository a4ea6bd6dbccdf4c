/** How checks of authenticatorLargeBlobs read and write the array. */
import { concat } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  INITIAL_LARGE_BLOB_ARRAY,
  LARGE_BLOB_OVERHEAD,
  type LargeBlobsRequest,
  largeBlobsRequest,
} from '../../../ctap/commands/large-blobs.ts';
import type { Answer } from '../answer.ts';
import type { Needs } from '../check.ts';
import { expect } from '../expect.ts';
import { responseOf } from '../response.ts';
import type { Subject } from '../subject.ts';

export const command = Command.authenticatorLargeBlobs;

export const section = 'CTAP 2.3 §6.10.2';

export const LEAST_MAX_MSG_SIZE = 1024;

export function send(key: Subject, request: LargeBlobsRequest): Promise<Answer> {
  return key.request(command, largeBlobsRequest.encode(request));
}

export async function fragment(key: Subject, offset: number, get: number): Promise<Uint8Array> {
  const config = responseOf(await send(key, { get, offset })).get(0x01);
  expect(config instanceof Uint8Array, 'a byte string as config (0x01)', config ?? 'none');
  return config;
}

export async function maxFragmentLength(key: Subject): Promise<number> {
  return Math.max((await key.info()).maxMsgSize ?? 0, LEAST_MAX_MSG_SIZE) - LARGE_BLOB_OVERHEAD;
}

/** The whole array. */
export async function read(key: Subject): Promise<Uint8Array> {
  const most = await maxFragmentLength(key);
  let array: Uint8Array = new Uint8Array(0);
  for (;;) {
    const next = await fragment(key, array.length, most);
    array = concat(array, next);
    if (next.length < most) return array;
  }
}

/** Without a PIN nothing has to be authenticated. */
export const OPEN: Needs = { options: ['largeBlobs'], pin: false };

export const FIRST = INITIAL_LARGE_BLOB_ARRAY.subarray(0, 8);

export const LENGTH = INITIAL_LARGE_BLOB_ARRAY.length;

export const begin = () => ({ set: FIRST, offset: 0, length: LENGTH });
