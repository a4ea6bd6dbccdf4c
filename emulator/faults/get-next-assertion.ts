/** Faults of authenticatorGetNextAssertion. */
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { Status } from '../../ctap/status.ts';
import { answerFault, authDataFault, mapOf } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const commands = [Command.authenticatorGetNextAssertion];
/** Milliseconds after which a key does not go on. */
const LIMIT = 30_000;

/** What happened since the first assertion of several; `none`: there was none. */
type Past = 'none' | 'over' | 'other command' | 'long pause' | 'power cycle' | 'nothing';

/** The key says yes where there is nothing to go on with, if that is why. */
function goesOn(id: string, summary: string, why: Past): Fault {
  const concerns = (bytes: Uint8Array) => bytes[0] === Command.authenticatorGetNextAssertion;
  return {
    id,
    summary,
    commands: [Command.authenticatorGetAssertion, Command.authenticatorGetInfo, ...commands],
    concerns,
    install: ({ clock, authenticator }) => {
      let past: Past = 'none';
      let left = 0;
      let since = 0;
      let power = 0;
      const reason = (): Past => {
        if (past === 'nothing' && power < authenticator.poweredUpAt) return 'power cycle';
        if (past === 'nothing' && clock.now() - since >= LIMIT) return 'long pause';
        return past;
      };
      return {
        cbor: async (bytes, next) => {
          if (concerns(bytes) && reason() === why) return Uint8Array.of(Status.CTAP2_OK);
          const answer = await next(bytes);
          if (bytes[0] === Command.authenticatorGetAssertion) {
            left = Number(mapOf(answer.subarray(1)).get(0x05) ?? 1) - 1;
            past = left > 0 ? 'nothing' : 'over';
            [since, power] = [clock.now(), authenticator.poweredUpAt];
          } else if (!concerns(bytes)) past = past === 'nothing' ? 'other command' : past;
          else if (past === 'nothing' && --left === 0) past = 'over';
          return answer;
        },
      };
    },
  };
}

function change(id: string, summary: string, changed: (answer: CborMap) => CborMap): Fault {
  return answerFault({ id, summary, commands, change: changed });
}

/** Answers that the key has kept from one request for another. */
const repeatsItself: Fault = {
  id: 'get-next-assertion-repeats-itself',
  summary: 'answers getNextAssertion with the same credential each time',
  commands,
  install: () => {
    let kept: Uint8Array | undefined;
    return {
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        if (answer[0] !== Status.CTAP2_OK) return answer;
        kept ??= answer;
        return kept;
      },
    };
  },
};

const outOfOrder: Fault = {
  id: 'get-next-assertion-out-of-order',
  summary: 'answers getNextAssertion with the third credential before the second',
  commands,
  install: () => {
    let kept: Uint8Array | undefined;
    return {
      cbor: async (bytes, next) => {
        if (kept !== undefined) {
          const second = kept;
          kept = undefined;
          return second;
        }
        const answer = await next(bytes);
        const third = answer[0] === Status.CTAP2_OK ? await next(bytes) : answer;
        if (third[0] !== Status.CTAP2_OK) return answer;
        kept = answer;
        return third;
      },
    };
  },
};

export const getNextAssertionFaults: readonly Fault[] = [
  repeatsItself,
  outOfOrder,
  change('get-next-assertion-bad-signature', 'signs the answers of getNextAssertion wrongly', (answer) => {
    const signature = answer.get(0x03);
    if (!(signature instanceof Uint8Array)) return answer;
    return answer.set(
      0x03,
      signature.map((byte, index) => (index === signature.length - 1 ? byte ^ 1 : byte)),
    );
  }),
  change('get-next-assertion-counts-again', 'puts numberOfCredentials into each answer', (answer) =>
    answer.set(0x05, 3),
  ),
  authDataFault({
    id: 'get-next-assertion-other-rp-id-hash',
    summary: 'puts the hash of another RP ID into the answers of getNextAssertion',
    commands,
    change: (data) => ({ ...data, rpIdHash: data.rpIdHash.map((byte) => byte ^ 0xff) }),
  }),
  authDataFault({
    id: 'get-next-assertion-no-up-flag',
    summary: 'leaves the flag UP out of the answers of getNextAssertion',
    commands,
    change: (data) => ({ ...data, flags: data.flags & ~Flag.UP }),
  }),
  authDataFault({
    id: 'get-next-assertion-no-uv-flag',
    summary: 'leaves the flag UV out of the answers of getNextAssertion',
    commands,
    change: (data) => ({ ...data, flags: data.flags & ~Flag.UV }),
  }),
  authDataFault({
    id: 'get-next-assertion-does-not-count',
    summary: 'counts no signatures of getNextAssertion',
    commands,
    change: (data) => ({ ...data, signCount: 1 }),
  }),
  change(
    'get-next-assertion-no-user',
    'does not name the user in the answers of getNextAssertion',
    (answer) => new Map([...answer].filter(([member]) => member !== 0x04)),
  ),
  goesOn('get-next-assertion-without-first', 'answers getNextAssertion without an assertion before it', 'none'),
  goesOn('get-next-assertion-beyond-end', 'answers getNextAssertion after all credentials have answered', 'over'),
  goesOn('get-next-assertion-after-other-command', 'goes on with assertions after another command', 'other command'),
  goesOn('get-next-assertion-after-long-pause', 'goes on with assertions after half a minute', 'long pause'),
  goesOn('get-next-assertion-after-power-cycle', 'goes on with assertions after a power cycle', 'power cycle'),
];
