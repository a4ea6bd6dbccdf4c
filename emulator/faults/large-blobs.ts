/** Faults of authenticatorLargeBlobs. */
import { Command } from '../../ctap/commands/index.ts';
import { largeBlobsRequest } from '../../ctap/commands/large-blobs.ts';
import { Status, type StatusName } from '../../ctap/status.ts';
import { acceptIf, aftermathFault, changeMap } from './aftermath-faults.ts';
import { acceptsFault, answerFault, type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { parameterFaults } from './parameters.ts';
import { tokenFault } from './token-faults.ts';

const commands = [Command.authenticatorLargeBlobs];
const CONFIG = 0x01;
const MIN_LENGTH = 17;
const LATE = 30_000;

/** A request's members; undefined for one that is not there, or of another type. */
function parts({ parameters }: SeenRequest) {
  const number = (key: number) => {
    const value = parameters.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  const set = parameters.get(0x02);
  return {
    get: number(0x01),
    set: set instanceof Uint8Array ? set : undefined,
    offset: number(0x03),
    length: number(0x04),
    param: parameters.has(0x05),
    protocol: parameters.has(0x06),
  };
}
type Parts = ReturnType<typeof parts>;

const has = (holds: (parts: Parts) => boolean) => (request: SeenRequest) =>
  request.command === Command.authenticatorLargeBlobs && holds(parts(request));
const reads = has(({ get, set }) => get !== undefined && set === undefined);
const begins = has(({ get, set, offset }) => get === undefined && set !== undefined && offset === 0);
const goesOn = has(({ get, set, offset = 0 }) => get === undefined && set !== undefined && offset > 0);
const isWhole = ({ set, length }: Parts) => set !== undefined && set.length === length;

const INVALID = 'CTAP1_ERR_INVALID_PARAMETER';
const refusals: readonly (readonly [
  id: string,
  what: string,
  refusal: StatusName,
  holds: (parts: Parts) => boolean,
])[] = [
  ['takes-neither', 'requests without get and set', INVALID, ({ get, set }) => get === undefined && set === undefined],
  ['takes-both', 'requests with get and set', INVALID, ({ get, set }) => get !== undefined && set !== undefined],
  [
    'reads-without-offset',
    'get without an offset',
    INVALID,
    ({ get, set, offset }) => get !== undefined && set === undefined && offset === undefined,
  ],
  [
    'writes-without-offset',
    'set without an offset',
    INVALID,
    ({ get, set, offset }) => get === undefined && set !== undefined && offset === undefined,
  ],
  [
    'reads-with-length',
    'get with length',
    INVALID,
    ({ get, set, length }) => get !== undefined && !set && length !== undefined,
  ],
  ['reads-with-param', 'get with pinUvAuthParam', INVALID, ({ get, param }) => get !== undefined && param],
  ['reads-with-protocol', 'get with pinUvAuthProtocol', INVALID, ({ get, protocol }) => get !== undefined && protocol],
  [
    'reads-more-than-a-fragment',
    'get above the longest fragment',
    'CTAP1_ERR_INVALID_LENGTH',
    ({ get }) => get !== undefined,
  ],
  [
    'reads-behind-the-end',
    'get behind the end of the array',
    INVALID,
    ({ get, set, offset = 0, length, param, protocol }) =>
      get !== undefined && !set && offset > 0 && length === undefined && !param && !protocol,
  ],
  [
    'writes-without-length',
    'a first fragment without length',
    INVALID,
    ({ get, set, offset, length }) => get === undefined && set !== undefined && offset === 0 && length === undefined,
  ],
  [
    'writes-less-than-a-hash',
    'arrays that are too short for a hash',
    INVALID,
    ({ get, set, offset, length }) =>
      get === undefined && set !== undefined && offset === 0 && length !== undefined && length < MIN_LENGTH,
  ],
  [
    'writes-more-than-it-stores',
    'arrays longer than it can store',
    'CTAP2_ERR_LARGE_BLOB_STORAGE_FULL',
    ({ offset }) => offset === 0,
  ],
  [
    'writes-beyond-length',
    'fragments longer than the array that they begin',
    INVALID,
    ({ get, set, offset, length }) =>
      get === undefined &&
      set !== undefined &&
      offset === 0 &&
      length !== undefined &&
      length >= MIN_LENGTH &&
      set.length > length,
  ],
  [
    'takes-length-again',
    'a length with a later fragment',
    INVALID,
    ({ get, set, offset = 0, length }) => get === undefined && set !== undefined && offset > 0 && length !== undefined,
  ],
  [
    'takes-any-hash',
    'arrays that do not end in their hash',
    'CTAP2_ERR_INTEGRITY_FAILURE',
    ({ set }) => set !== undefined,
  ],
];

const stored = ({ authenticator }: FaultContext) => authenticator.largeBlobs.stored;
const flips = changeMap((answer) => {
  const config = answer.get(CONFIG);
  return config instanceof Uint8Array && config.length > 0
    ? new Map([[CONFIG, Uint8Array.of(config[0]! ^ 0xff, ...config.subarray(1))]])
    : answer;
});

/** Goes on with an array that has not begun since the key was made. */
const goesOnWithNothing: Fault = {
  id: 'large-blobs-goes-on-with-nothing',
  summary: 'takes a later fragment of an array that has not begun',
  commands,
  concerns: (bytes) => goesOn(seen(bytes)),
  install: () => {
    let begun = false;
    return {
      cbor: async (bytes, next) => {
        const request = seen(bytes);
        const answer = await next(bytes);
        begun ||= begins(request);
        const spoils = !begun && goesOn(request) && answer[0] === Status.CTAP1_ERR_INVALID_SEQ;
        return spoils ? Uint8Array.of(Status.CTAP2_OK) : answer;
      },
    };
  },
};

export const largeBlobsFaults: readonly Fault[] = [
  ...parameterFaults({
    name: 'large-blobs',
    command: Command.authenticatorLargeBlobs,
    table: largeBlobsRequest,
  }),
  ...refusals.map(([id, what, refusal, holds]) =>
    acceptsFault({ id: `large-blobs-${id}`, summary: `takes ${what}`, commands, refusal, when: has(holds) }),
  ),
  goesOnWithNothing,
  acceptsFault({
    id: 'large-blobs-takes-fragments-out-of-order',
    summary: 'takes fragments that leave a gap',
    commands,
    refusal: 'CTAP1_ERR_INVALID_SEQ',
    when: goesOn,
    given: ({ authenticator }, request) =>
      authenticator.largeBlobs.pending !== undefined &&
      parts(request).offset !== authenticator.largeBlobs.pending.nextOffset,
  }),
  acceptsFault({
    id: 'large-blobs-goes-on-after-30-seconds',
    summary: 'goes on with an array that has waited for half a minute',
    commands,
    refusal: 'CTAP1_ERR_INVALID_SEQ',
    when: goesOn,
    given: ({ authenticator, clock }, request) => {
      const { pending } = authenticator.largeBlobs;
      return (
        pending !== undefined && parts(request).offset === pending.nextOffset && clock.now() - pending.since >= LATE
      );
    },
  }),
  aftermathFault({
    id: 'large-blobs-goes-on-after-power-cycle',
    summary: 'goes on with an array that was begun before a power cycle',
    commands,
    trigger: begins,
    aftermath: goesOn,
    powerCycle: true,
    change: acceptIf('CTAP1_ERR_INVALID_SEQ'),
  }),
  answerFault({
    id: 'large-blobs-initial-hash-is-wrong',
    summary: 'begins its life with an array whose hash is wrong',
    commands,
    when: reads,
    given: (context, request) => {
      const { get = 0, offset = 0 } = parts(request);
      const { length } = stored(context);
      return length === MIN_LENGTH && offset < length && offset + get >= length;
    },
    change: (answer) => {
      const config = (answer.get(CONFIG) as Uint8Array).slice();
      config[config.length - 1]! ^= 0xff;
      return new Map([[CONFIG, config]]);
    },
  }),
  {
    id: 'large-blobs-ignores-offset',
    summary: 'reads from the beginning whatever offset is asked for, but for the last fragment',
    commands,
    concerns: (bytes) => reads(seen(bytes)),
    install: (context) => ({
      cbor: async (bytes, next) => {
        const request = seen(bytes);
        const { get = 0, offset = 0 } = parts(request);
        const spoils = reads(request) && offset > 0 && offset + get <= stored(context).length;
        if (!spoils) return next(bytes);
        return changeMap(() => new Map([[CONFIG, stored(context).subarray(0, get)]]))(await next(bytes), request);
      },
    }),
  },
  answerFault({
    id: 'large-blobs-pads-the-last-fragment',
    summary: 'pads a fragment from the middle with zeros where less is left than was asked for',
    commands,
    when: has(({ get, set, offset = 0 }) => get !== undefined && !set && offset > 0),
    given: (context, request) => (parts(request).offset ?? 0) < stored(context).length,
    change: (answer, request) => {
      const config = answer.get(CONFIG) as Uint8Array;
      const whole = new Uint8Array(Math.max(config.length, parts(request).get ?? 0));
      whole.set(config);
      return new Map([[CONFIG, whole]]);
    },
  }),
  statusFault({
    id: 'large-blobs-refuses-the-end',
    summary: 'refuses to read at the end of the array',
    commands,
    status: INVALID,
    when: reads,
    given: (context, request) => parts(request).offset === stored(context).length,
  }),
  statusFault({
    id: 'large-blobs-reads-only-with-token',
    summary: 'refuses to read without a token where a PIN is set',
    commands,
    status: 'CTAP2_ERR_PUAT_REQUIRED',
    when: reads,
    given: ({ authenticator }) => authenticator.pin.isSet,
  }),
  aftermathFault({
    id: 'large-blobs-changes-what-comes-whole',
    summary: 'changes an array that comes in one fragment',
    commands,
    trigger: has((of) => of.offset === 0 && isWhole(of)),
    aftermath: reads,
    powerCycle: false,
    change: flips,
  }),
  aftermathFault({
    id: 'large-blobs-changes-what-comes-in-fragments',
    summary: 'changes an array that comes in several fragments',
    commands,
    trigger: goesOn,
    aftermath: reads,
    change: flips,
  }),
  aftermathFault({
    id: 'large-blobs-forgets-without-power',
    summary: 'changes the array when it is without power',
    commands,
    trigger: has((of) => of.offset === 0 && isWhole(of)),
    aftermath: reads,
    powerCycle: true,
    change: flips,
  }),
  aftermathFault({
    id: 'large-blobs-loses-the-old-array-to-a-wrong-hash',
    summary: 'loses the array to one that does not end in its hash',
    commands,
    trigger: begins,
    status: 'CTAP2_ERR_INTEGRITY_FAILURE',
    aftermath: reads,
    change: flips,
  }),
  aftermathFault({
    id: 'large-blobs-loses-the-old-array-to-a-beginning',
    summary: 'loses the array once another one has begun to come',
    commands,
    trigger: has((of) => of.offset === 0 && of.set !== undefined && !isWhole(of)),
    aftermath: reads,
    until: goesOn,
    change: flips,
  }),
  statusFault({
    id: 'large-blobs-begins-only-once',
    summary: 'does not begin an array anew before the one under way is whole',
    commands,
    status: 'CTAP1_ERR_INVALID_SEQ',
    when: begins,
    given: ({ authenticator }) => authenticator.largeBlobs.pending !== undefined,
  }),
  tokenFault({
    id: 'large-blobs-authenticates-no-offset',
    summary: 'takes a later fragment with a pinUvAuthParam of another offset',
    commands,
    when: ({ token, request }) => token === undefined && goesOn(request),
  }),
  acceptsFault({
    id: 'large-blobs-authenticates-the-first-fragment-alone',
    summary: 'takes later fragments without a pinUvAuthParam',
    commands,
    refusal: 'CTAP2_ERR_PUAT_REQUIRED',
    when: goesOn,
  }),
];
