/** Requests of every kind of wrong, straight at the key's CBOR and U2F doors. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command, commandName } from '../../../ctap/commands/index.ts';
import { Status } from '../../../ctap/status.ts';
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
import { type ByteMutation, byteMutation, mutateBytes } from './mutations.ts';
import { expectStrictCborAnswer, expectStrictU2fAnswer } from './strict-answers.ts';
import { MODELS, type Prepared, plugInPrepared, prepare, readInfo } from './subject.ts';

const CASES = 12_500;
const BODIES_A_CASE = 8;
const U2F_CASES = 2_000;
const APDUS_A_CASE = 5;
/** For machines that have much else to do. */
const TIMEOUT = 900_000;

let keys: readonly Prepared[];
beforeAll(async () => {
  keys = await Promise.all(MODELS.map(prepare));
});

/** Which of the keys. */
const which = fc.nat({ max: MODELS.length - 1 });
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

test(`${CASES * BODIES_A_CASE} random and spoiled CBOR requests get answers that a strict host takes`, {
  timeout: TIMEOUT,
}, async () => {
  let bodies = 0;
  const succeeded = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      which,
      seed,
      fc.array(body, { minLength: BODIES_A_CASE, maxLength: BODIES_A_CASE }),
      async (which, seed, sequence) => {
        const prepared = keys[which]!;
        const platform = await plugInPrepared(prepared, { seed });
        for (const item of sequence) {
          const request = await bodyBytes(item, platform, prepared);
          const answer = await ask(platform, 'cbor', request);
          expectStrictCborAnswer(request, answer);
          bodies++;
          if (answer[0] === Status.CTAP2_OK) succeeded.add(commandName(request[0]!));
        }
        await expectToGoOn(platform);
      },
    ),
    { numRuns: CASES },
  );
  expect(bodies).toBe(CASES * BODIES_A_CASE);
  expect([...succeeded].sort(), 'commands that some request got through to').toEqual(Object.keys(Command).sort());
});

const application = nodeCrypto.sha256(utf8(RP_ID));
const { ENFORCE_USER_PRESENCE_AND_SIGN, CHECK_ONLY, DONT_ENFORCE_USER_PRESENCE_AND_SIGN } = U2fControl;

/** A right request, spoiled; `control` is U2F_AUTHENTICATE's. */
type Apdu =
  | { readonly kind: 'version' | 'register'; readonly how: readonly ByteMutation[] }
  | { readonly kind: 'authenticate'; readonly control: number; readonly how: readonly ByteMutation[] }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

const how = fc.array(byteMutation, { maxLength: 2 });
const apdu: fc.Arbitrary<Apdu> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('version' as const, 'register' as const), how }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('authenticate' as const),
      control: fc.constantFrom(ENFORCE_USER_PRESENCE_AND_SIGN, CHECK_ONLY, DONT_ENFORCE_USER_PRESENCE_AND_SIGN),
      how,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('raw' as const), bytes: fc.uint8Array({ maxLength: 200 }) }) },
);

function apduBytes(apdu: Apdu, { sealedId: keyHandle }: Prepared): Uint8Array {
  if (apdu.kind === 'raw') return apdu.bytes;
  const site = { challenge: CLIENT_DATA_HASH, application };
  const { VERSION, REGISTER, AUTHENTICATE } = U2fInstruction;
  const right = {
    version: () => encodeU2fCommand(VERSION, 0, new Uint8Array()),
    register: () => encodeU2fCommand(REGISTER, 0, encodeU2fRegisterRequest(site)),
    authenticate: () =>
      encodeU2fCommand(
        AUTHENTICATE,
        'control' in apdu ? apdu.control : 0,
        encodeU2fAuthenticateRequest({ ...site, keyHandle }),
      ),
  };
  return mutateBytes(right[apdu.kind](), apdu.how);
}

test(`${U2F_CASES * APDUS_A_CASE} random and spoiled U2F requests get answers that a strict host takes`, {
  timeout: TIMEOUT,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      which,
      seed,
      fc.array(apdu, { minLength: APDUS_A_CASE, maxLength: APDUS_A_CASE }),
      async (which, seed, sequence) => {
        const prepared = keys[which]!;
        const platform = await plugInPrepared(prepared, { seed });
        for (const item of sequence) {
          const request = apduBytes(item, prepared);
          expectStrictU2fAnswer(request, await ask(platform, 'msg', request));
        }
        await expectToGoOn(platform);
      },
    ),
    { numRuns: U2F_CASES },
  );
});
