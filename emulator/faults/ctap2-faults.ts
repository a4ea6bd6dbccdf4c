/** Makers of faults of CTAP2 commands: each says which requests it spoils, and how. */
import type { AuthenticatorData } from '../../ctap/authenticator-data.ts';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { CtapError, Status, type StatusName } from '../../ctap/status.ts';
import type { PresenceRequest } from '../environment.ts';
import type { Fault, FaultContext } from './fault.ts';

/** A request as a fault looks at it. */
export interface SeenRequest {
  readonly command: number;
  /** All bytes, the command among them. */
  readonly bytes: Uint8Array;
  /** Its parameters; an empty map where it has none, or bytes that are no map. */
  readonly parameters: CborMap;
}

interface Names {
  readonly id: string;
  readonly summary: string;
  readonly commands: readonly number[];
}

interface Selective extends Names {
  /** Default: every request of the commands. */
  readonly when?: (request: SeenRequest) => boolean;
  /** What else must hold, of the state that the key is in before it hears the request. Default: nothing. */
  readonly given?: (context: FaultContext, request: SeenRequest) => boolean;
}

const always = () => true;

export function seen(bytes: Uint8Array): SeenRequest {
  return { command: bytes[0] ?? 0, bytes, parameters: mapOf(bytes.subarray(1)) };
}

/** The map that the bytes are; an empty one where they are none. */
export function mapOf(bytes: Uint8Array): CborMap {
  try {
    const value: CborValue = bytes.length > 0 ? decodeCbor(bytes) : null;
    return value instanceof Map ? value : new Map();
  } catch (error) {
    if (error instanceof CtapError) return new Map(); // malformed on purpose: the key is to refuse it, not the fault
    throw error;
  }
}

/** A hook for the requests that are concerned; others pass. */
function selectively(
  { id, summary, commands, when = always, given = always }: Selective,
  hook: (
    bytes: Uint8Array,
    next: (bytes: Uint8Array) => Promise<Uint8Array>,
    request: SeenRequest,
  ) => Promise<Uint8Array>,
): Fault {
  return {
    id,
    summary,
    commands,
    concerns: (bytes) => when(seen(bytes)),
    install: (context) => ({
      cbor: (bytes, next) => {
        const request = seen(bytes);
        return when(request) && given(context, request) ? hook(bytes, next, request) : next(bytes);
      },
    }),
  };
}

/** The key says yes, without a response, to what it has refused; `refusal`: to what it has refused by that status. */
export function acceptsFault({ refusal, ...names }: Selective & { readonly refusal?: StatusName }): Fault {
  return selectively(names, async (bytes, next) => {
    const answer = await next(bytes);
    const [status] = answer;
    const refused = refusal === undefined ? status !== Status.CTAP2_OK : status === Status[refusal];
    return refused ? Uint8Array.of(Status.CTAP2_OK) : answer;
  });
}

/**
 * The key answers with that status: in place of success, of the one that `instead` names, or of any answer where
 * `always` is set.
 */
export function statusFault({
  status,
  always: everyAnswer = false,
  instead = 'CTAP2_OK',
  ...names
}: Selective & { readonly status: StatusName; readonly always?: boolean; readonly instead?: StatusName }): Fault {
  return selectively(names, async (bytes, next) => {
    const answer = await next(bytes);
    return everyAnswer || answer[0] === Status[instead] ? Uint8Array.of(Status[status]) : answer;
  });
}

/** The key's successful answer is another map than it should be. */
export function answerFault({
  change,
  ...names
}: Selective & { readonly change: (answer: CborMap, request: SeenRequest) => CborMap }): Fault {
  return bytesFault({ ...names, change: (bytes, request) => encodeCbor(change(mapOf(bytes), request)) });
}

/** The CBOR of the key's successful answer is other bytes than it should be. */
export function bytesFault({
  change,
  ...names
}: Selective & { readonly change: (answer: Uint8Array, request: SeenRequest) => Uint8Array }): Fault {
  return selectively(names, async (bytes, next, request) => {
    const answer = await next(bytes);
    if (answer[0] !== Status.CTAP2_OK) return answer;
    return Uint8Array.of(Status.CTAP2_OK, ...change(answer.subarray(1), request));
  });
}

/** The key hears another request than it was sent. */
export function hearingFault({
  change,
  ...names
}: Selective & { readonly change: (parameters: CborMap, request: SeenRequest) => CborMap }): Fault {
  return selectively(names, (_, next, request) =>
    next(Uint8Array.of(request.command, ...encodeCbor(change(new Map(request.parameters), request)))),
  );
}

/** The key signs authenticator data that are not what they should be. */
export function authDataFault({
  when = always,
  given = always,
  change,
  ...names
}: Selective & {
  readonly change: (data: AuthenticatorData, command: number, request: SeenRequest) => AuthenticatorData;
}): Fault {
  return {
    ...names,
    concerns: (bytes) => when(seen(bytes)),
    install: (context) => {
      let request = seen(new Uint8Array(0)); // the one under way: a key does one thing at a time
      return {
        cbor: (bytes, next) => {
          request = seen(bytes);
          return next(bytes);
        },
        authData: (data, command) => (when(request) && given(context, request) ? change(data, command, request) : data),
      };
    },
  };
}

/** The key takes the user for present where it should ask for a touch. */
export function presenceFault({
  when = always,
  asked,
  ...names
}: Names & {
  /** Requests at which it does so. Default: all. */
  readonly when?: (request: SeenRequest) => boolean;
  /** What it leaves unasked. */
  readonly asked: (question: PresenceRequest) => boolean;
}): Fault {
  return {
    ...names,
    install: () => {
      let request = seen(new Uint8Array(0)); // the one under way
      return {
        cbor: (bytes, next) => {
          request = seen(bytes);
          return next(bytes);
        },
        present: (question) => asked(question) && when(request),
      };
    },
  };
}
