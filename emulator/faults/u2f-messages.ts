/** Makers of faults of U2F: each says which messages it spoils, and how. */
import { HidCommand } from '../../ctap/hid/packet.ts';
import {
  decodeU2fCommand,
  StatusWord,
  type U2fCommand,
  U2fError,
  U2fInstruction,
  u2fResponse,
} from '../../ctap/u2f/raw-messages.ts';
import type { Fault, FaultHooks } from './fault.ts';

const { REGISTER, AUTHENTICATE } = U2fInstruction;
const hidCommands = [HidCommand.MSG];
/** Bytes of an authentication request before the key handle's length. */
export const CHALLENGE_AND_APPLICATION = 64;

/** A request as a fault looks at it; of a malformed one the header. */
export interface SeenU2f extends U2fCommand {
  readonly apdu: Uint8Array;
  /** False where the lengths are in the short encoding, or there are none. */
  readonly extended: boolean;
}

export function seen(apdu: Uint8Array): SeenU2f {
  const header = {
    apdu,
    cla: apdu[0] ?? 0,
    ins: apdu[1] ?? 0,
    p1: apdu[2] ?? 0,
    extended: apdu[4] === 0 && apdu.length > 5,
  };
  try {
    return { ...header, data: decodeU2fCommand(apdu).data };
  } catch (error) {
    if (error instanceof U2fError) return { ...header, data: new Uint8Array(0) };
    throw error;
  }
}

export function statusOf(answer: Uint8Array): number {
  return (answer.at(-2)! << 8) | answer.at(-1)!;
}

export function fault(id: string, summary: string, install: () => FaultHooks, commands?: readonly number[]): Fault {
  return { id, summary, hidCommands, ...(commands && { commands }), install };
}

/** Another answer to the requests that fit. */
export function answers(
  id: string,
  summary: string,
  when: (request: SeenU2f, answer: Uint8Array) => boolean,
  change: (answer: Uint8Array, request: SeenU2f) => Uint8Array,
): Fault {
  return fault(id, summary, () => ({
    msg: async (apdu, next) => {
      const answer = await next(apdu);
      const request = seen(apdu);
      return when(request, answer) ? change(answer, request) : answer;
    },
  }));
}

/** A status word in place of an answer. */
export function says(
  id: string,
  summary: string,
  when: (request: SeenU2f) => boolean,
  from: number,
  to: number,
): Fault {
  return answers(
    id,
    summary,
    (request, answer) => when(request) && statusOf(answer) === from,
    () => u2fResponse(to),
  );
}

export function withByte(answer: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  answer[at] = change(answer[at]!);
  return answer;
}

/** Key handles that U2F has given, with their applications, so that a fault knows them again. */
export function remembering(
  id: string,
  summary: string,
  spoil: (request: SeenU2f, answer: Uint8Array, given: ReadonlyMap<string, Uint8Array>) => Uint8Array,
): Fault {
  return fault(id, summary, () => {
    const given = new Map<string, Uint8Array>();
    return {
      msg: async (apdu, next) => {
        const answer = await next(apdu);
        const request = seen(apdu);
        if (request.ins === REGISTER && statusOf(answer) === StatusWord.NO_ERROR) {
          given.set(nameOf(answer.subarray(67, 67 + answer[66]!)), request.data.slice(32));
        }
        return spoil(request, answer, given);
      },
    };
  });
}

export function nameOf(bytes: Uint8Array): string {
  return [...bytes].join();
}

export function keyHandleOf({ ins, data }: SeenU2f): Uint8Array | undefined {
  return ins === AUTHENTICATE ? data.subarray(CHALLENGE_AND_APPLICATION + 1) : undefined;
}
