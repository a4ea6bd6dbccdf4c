/** Checks of requests with one thing wrong in them. */
import type { CborMap } from '../../../ctap/cbor.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { Check, Needs, Severity } from '../check.ts';
import { expectRefused, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';

export interface Refusal {
  readonly id: string;
  readonly section: string;
  readonly statement: string;
  readonly severity?: Severity;
  readonly needs?: Needs;
  readonly faults: readonly string[];
  readonly parameters: (key: Subject) => Promise<CborMap | Uint8Array>;
  /** What the key may answer; any refusal where the specification leaves it open. */
  readonly statuses?: readonly StatusName[];
}

/** A check that the key refuses the request. */
export function refusal(command: number, { parameters, statuses, ...rest }: Refusal): Check {
  return {
    ...rest,
    async run(key) {
      const answer = await key.request(command, await parameters(key));
      if (statuses === undefined) expectRefused(answer);
      else expectStatus(answer, ...statuses);
    },
  };
}
