/** Faults of authenticatorGetInfo: keys that describe themselves wrongly. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { answerFault, bytesFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const commands = [Command.authenticatorGetInfo];

/** getInfo says another value of a member; undefined leaves the member out. */
function says(
  id: string,
  summary: string,
  member: number,
  value: (said: CborValue | undefined) => CborValue | undefined,
): Fault {
  const change = (answer: CborMap) => {
    const changed = new Map(answer);
    const next = value(answer.get(member));
    if (next === undefined) changed.delete(member);
    else changed.set(member, next);
    return changed;
  };
  return answerFault({ id, summary, commands, change });
}

export const getInfoFaults: readonly Fault[] = [
  says('get-info-short-aaguid', 'says an AAGUID of 15 bytes', 0x03, (aaguid) => (aaguid as Uint8Array).subarray(0, 15)),
  says('get-info-small-max-msg-size', 'says a maxMsgSize of 512 bytes', 0x05, () => 512),
  bytesFault({
    id: 'get-info-trailing-byte',
    summary: 'ends the answer to getInfo with a byte too many',
    commands,
    change: (answer) => Uint8Array.of(...answer, 0),
  }),
];
