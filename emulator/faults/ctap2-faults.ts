/** Makers of faults of CTAP2 commands: each says which requests it spoils, and how. */
import type { AuthenticatorData } from '../../ctap/authenticator-data.ts';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { CtapError, Status, type StatusName } from '../../ctap/status.ts';
import type { Fault } from './fault.ts';

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
}

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

/** The key says yes, without a response, to what it has refused. */
export function acceptsFault({ when = () => true, ...names }: Selective): Fault {
  return {
    ...names,
    concerns: (bytes) => when(seen(bytes)),
    install: () => ({
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        return answer[0] !== Status.CTAP2_OK && when(seen(bytes)) ? Uint8Array.of(Status.CTAP2_OK) : answer;
      },
    }),
  };
}

/** The key answers with that status: in place of success, or of any answer where `always` is set. */
export function statusFault({
  when = () => true,
  status,
  always = false,
  ...names
}: Selective & { readonly status: StatusName; readonly always?: boolean }): Fault {
  return {
    ...names,
    concerns: (bytes) => when(seen(bytes)),
    install: () => ({
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const concerned = (always || answer[0] === Status.CTAP2_OK) && when(seen(bytes));
        return concerned ? Uint8Array.of(Status[status]) : answer;
      },
    }),
  };
}

/** The key's successful answer is another map than it should be. */
export function answerFault({
  when = () => true,
  change,
  ...names
}: Selective & { readonly change: (answer: CborMap, request: SeenRequest) => CborMap }): Fault {
  return bytesFault({
    ...names,
    when,
    change: (bytes, request) => {
      const changed = encodeCbor(change(mapOf(bytes), request));
      return changed;
    },
  });
}

/** The CBOR of the key's successful answer is other bytes than it should be. */
export function bytesFault({
  when = () => true,
  change,
  ...names
}: Selective & { readonly change: (answer: Uint8Array, request: SeenRequest) => Uint8Array }): Fault {
  return {
    ...names,
    concerns: (bytes) => when(seen(bytes)),
    install: () => ({
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const request = seen(bytes);
        if (answer[0] !== Status.CTAP2_OK || !when(request)) return answer;
        const changed = change(answer.subarray(1), request);
        return Uint8Array.of(Status.CTAP2_OK, ...changed);
      },
    }),
  };
}

/** The key hears another request than it was sent. */
export function hearingFault({
  when = () => true,
  change,
  ...names
}: Selective & { readonly change: (parameters: CborMap, request: SeenRequest) => CborMap }): Fault {
  return {
    ...names,
    concerns: (bytes) => when(seen(bytes)),
    install: () => ({
      cbor: (bytes, next) => {
        const request = seen(bytes);
        if (!when(request)) return next(bytes);
        return next(Uint8Array.of(request.command, ...encodeCbor(change(new Map(request.parameters), request))));
      },
    }),
  };
}

/** The key signs authenticator data that are not what they should be. */
export function authDataFault({
  change,
  ...names
}: Names & { readonly change: (data: AuthenticatorData, command: number) => AuthenticatorData }): Fault {
  return { ...names, install: () => ({ authData: change }) };
}
