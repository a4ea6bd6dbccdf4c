/** Requests of every kind of wrong, straight at the key's CBOR and U2F doors. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  encodeU2fAuthenticateRequest,
  encodeU2fCommand,
  encodeU2fRegisterRequest,
  U2fControl,
  U2fInstruction,
} from '../../../ctap/u2f/raw-messages.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { CLIENT_DATA_HASH, type Platform, RP_ID } from '../authenticator/platform.ts';
import { body, bodyBytes } from './bodies.ts';
import { byteMutation, mutateBytes } from './mutations.ts';
import { expectStrictCborAnswer, expectStrictU2fAnswer } from './strict-answers.ts';
import { type Prepared, plugInPrepared, prepare, readInfo } from './subject.ts';

const CASES = 12_500;
const BODIES_A_CASE = 8;
const U2F_CASES = 2_000;
const APDUS_A_CASE = 5;

let prepared: Prepared;
beforeAll(async () => {
  prepared = await prepare();
});

const seed = fc.nat().map((n) => n.toString(16).padStart(8, '0'));

/** An answer, or a failure that tells of a hang: with a set clock and a touch at once nothing has to wait. */
async function answerOf(pending: Promise<Uint8Array>, request: Uint8Array): Promise<Uint8Array> {
  let answer: Uint8Array | undefined;
  const settled = pending.then((bytes) => {
    answer = bytes;
  });
  await Promise.race([settled, new Promise((resolve) => setImmediate(resolve))]);
  return answer ?? expect.fail(`expected an answer to ${toHex(request)}, got none: it hangs`);
}

async function ask(platform: Platform, door: 'cbor' | 'msg', request: Uint8Array): Promise<Uint8Array> {
  const exchange = { signal: new AbortController().signal, keepalive: () => {} };
  const answer = await answerOf(platform.key[door](request, exchange), request);
  if (platform.defects.length > 0) expect.fail(`a defect: ${platform.defects[0]}, at ${toHex(request)}`);
  return answer;
}

async function expectToGoOn(platform: Platform): Promise<void> {
  readInfo(await ask(platform, 'cbor', Uint8Array.of(Command.authenticatorGetInfo)));
}

test(`${CASES * BODIES_A_CASE} random and spoiled CBOR requests get answers that a strict host takes`, async () => {
  let bodies = 0;
  await fc.assert(
    fc.asyncProperty(
      seed,
      fc.array(body, { minLength: BODIES_A_CASE, maxLength: BODIES_A_CASE }),
      async (seed, sequence) => {
        const platform = await plugInPrepared(prepared, { seed });
        for (const item of sequence) {
          const request = await bodyBytes(item, platform, prepared);
          expectStrictCborAnswer(request, await ask(platform, 'cbor', request));
          bodies++;
        }
        await expectToGoOn(platform);
      },
    ),
    { numRuns: CASES },
  );
  expect(bodies).toBe(CASES * BODIES_A_CASE);
});

const application = nodeCrypto.sha256(utf8(RP_ID));
const rightApdus: readonly (() => Uint8Array)[] = [
  () => encodeU2fCommand(U2fInstruction.VERSION, 0, new Uint8Array()),
  () => register(),
  () => authenticate(U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN),
  () => authenticate(U2fControl.CHECK_ONLY),
  () => authenticate(U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN),
];

function register(): Uint8Array {
  const data = encodeU2fRegisterRequest({ challenge: CLIENT_DATA_HASH, application });
  return encodeU2fCommand(U2fInstruction.REGISTER, 0, data);
}

function authenticate(control: number): Uint8Array {
  const request = { challenge: CLIENT_DATA_HASH, application, keyHandle: prepared.sealedId };
  return encodeU2fCommand(U2fInstruction.AUTHENTICATE, control, encodeU2fAuthenticateRequest(request));
}

const apdu = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat({ max: rightApdus.length - 1 }), fc.array(byteMutation, { maxLength: 2 })).map(
      ([index, mutations]) =>
        () =>
          mutateBytes(rightApdus[index]!(), mutations),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => () => bytes) },
);

test(`${U2F_CASES * APDUS_A_CASE} random and spoiled U2F requests get answers that a strict host takes`, async () => {
  await fc.assert(
    fc.asyncProperty(
      seed,
      fc.array(apdu, { minLength: APDUS_A_CASE, maxLength: APDUS_A_CASE }),
      async (seed, sequence) => {
        const platform = await plugInPrepared(prepared, { seed });
        for (const make of sequence) {
          const request = make();
          expectStrictU2fAnswer(request, await ask(platform, 'msg', request));
        }
        await expectToGoOn(platform);
      },
    ),
    { numRuns: U2F_CASES },
  );
});
