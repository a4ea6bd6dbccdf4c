/** Maker of faults that show later: something happens, and the answer to what comes after it is wrong. */
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import { Status, type StatusName } from '../../ctap/status.ts';
import { mapOf, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';

export type AnswerChange = (answer: Uint8Array, request: SeenRequest) => Uint8Array;

interface AftermathOptions {
  readonly id: string;
  readonly summary: string;
  readonly commands: readonly number[];
  /** The request that it begins with. */
  readonly trigger: (request: SeenRequest) => boolean;
  /** The answer that the trigger has to get. Default: success. */
  readonly status?: StatusName;
  /** What must hold besides, before the key hears the trigger. */
  readonly given?: (context: FaultContext, request: SeenRequest) => boolean;
  /** The requests whose answer is wrong then. */
  readonly aftermath: (request: SeenRequest, context: FaultContext) => boolean;
  readonly change: AnswerChange;
  /** Whether the key has been without power between the two. Default: either. */
  readonly powerCycle?: boolean;
  /** Another request that ends it. Default: none does. */
  readonly until?: (request: SeenRequest) => boolean;
  /** How many answers are wrong. Default: all. */
  readonly times?: number;
}

export function aftermathFault(options: AftermathOptions): Fault {
  const { id, summary, commands, trigger, status = 'CTAP2_OK', given = () => true, aftermath, change } = options;
  const { powerCycle, until = () => false, times = Number.POSITIVE_INFINITY } = options;
  return {
    id,
    summary,
    commands,
    concerns: (bytes) => trigger(seen(bytes)),
    install: (context) => {
      let left = 0;
      let powerUps = 0;
      const fits = () => powerCycle === undefined || powerCycle === context.authenticator.powerUps > powerUps;
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const triggers = trigger(request) && given(context, request);
          const spoils = left > 0 && fits() && aftermath(request, context);
          const answer = await next(bytes);
          if (spoils) {
            left--;
            return change(answer, request);
          }
          if (triggers && answer[0] === Status[status]) {
            left = times;
            ({ powerUps } = context.authenticator);
          } else if (until(request)) left = 0;
          return answer;
        },
      };
    },
  };
}

/** Any answer becomes that refusal. */
export function refuseBy(status: StatusName): AnswerChange {
  return () => Uint8Array.of(Status[status]);
}

/** Any refusal, or the one that is named, becomes success without a response. */
export function acceptIf(refusal?: StatusName): AnswerChange {
  return (answer) =>
    (refusal === undefined ? answer[0] !== Status.CTAP2_OK : answer[0] === Status[refusal])
      ? Uint8Array.of(Status.CTAP2_OK)
      : answer;
}

/** A successful answer becomes another map. */
export function changeMap(change: (map: CborMap, request: SeenRequest) => CborMap): AnswerChange {
  return (answer, request) =>
    answer[0] === Status.CTAP2_OK
      ? Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(change(mapOf(answer.subarray(1)), request)))
      : answer;
}

/** A number of the answer becomes another. */
export function changeNumber(member: number, change: (value: number) => number): AnswerChange {
  return changeMap((map) => new Map([...map, [member, change(Number(map.get(member) ?? 0))] as const]));
}
