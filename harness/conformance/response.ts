/** What a key's answer says, where it is no refusal. How canonical that is, checks of its own tell. */
import type { CborMap } from '../../ctap/cbor.ts';
import type { Answer } from './answer.ts';
import { expect, expectOk } from './expect.ts';
import { lenientCbor } from './lenient-cbor.ts';

/** The response; empty where there is none. @throws CheckFailure for a refusal, and for what is no map */
export function responseOf(answer: Answer): CborMap {
  expectOk(answer);
  const value = answer.body.length === 0 ? new Map() : lenientCbor(answer.body);
  expect(value instanceof Map, 'a CBOR map in the answer');
  return value;
}
