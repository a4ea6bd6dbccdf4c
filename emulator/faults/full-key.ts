/** Faults of keys that have no room for another discoverable credential. */
import { CredentialManagementSubcommand as Subcommand } from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { type AnswerChange, aftermathFault, changeNumber, refuseBy } from './aftermath-faults.ts';
import { createdCredentialId } from './created.ts';
import { discoverable, hasCredentialOf, isSubcommand, Member } from './credential-management.ts';
import { names } from './credential-management-delete.ts';
import { type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';

const MAKE = Command.authenticatorMakeCredential;
const SIGN = Command.authenticatorGetAssertion;
const MANAGE = Command.authenticatorCredentialManagement;
const INFO = Command.authenticatorGetInfo;
const REMAINING = 0x14;

const counts = isSubcommand(Subcommand.getCredsMetadata);

const isFull = ({ authenticator: { credentials, model } }: FaultContext) =>
  credentials.count >= model.maxDiscoverableCredentials;

/** Wrong once a credential has not fitted. */
function afterRefusal(
  id: string,
  summary: string,
  command: number,
  aftermath: (request: SeenRequest) => boolean,
  change: AnswerChange,
  given?: (context: FaultContext) => boolean,
): Fault {
  return aftermathFault({
    id: `full-key-${id}`,
    summary,
    commands: [MAKE, command],
    trigger: discoverable,
    status: 'CTAP2_ERR_KEY_STORE_FULL',
    aftermath: (request, context) => aftermath(request) && (given?.(context) ?? true),
    change,
  });
}

/** Every passkey that does not fit is counted all the same. */
const countsWhatDidNotFit: Fault = {
  id: 'full-key-counts-what-did-not-fit',
  summary: 'counts passkeys that did not fit',
  commands: [MAKE, MANAGE],
  concerns: (bytes) => discoverable(seen(bytes)),
  install: () => {
    let refused = 0;
    return {
      cbor: async (bytes, next) => {
        const request = seen(bytes);
        const answer = await next(bytes);
        if (discoverable(request) && answer[0] === Status.CTAP2_ERR_KEY_STORE_FULL) refused++;
        return counts(request) ? changeNumber(Member.existing, (count) => count + refused)(answer, request) : answer;
      },
    };
  },
};

/** The first passkey that it made since it was switched on is gone once another did not fit. */
const dropsAnOlder: Fault = {
  id: 'full-key-drops-an-older-passkey',
  summary: 'does not find a passkey any more once another did not fit',
  commands: [MAKE, SIGN],
  concerns: (bytes) => discoverable(seen(bytes)),
  install: () => {
    let first: Uint8Array | undefined;
    let dropped = false;
    return {
      cbor: async (bytes, next) => {
        const request = seen(bytes);
        if (dropped && first !== undefined && names(request, first))
          return Uint8Array.of(Status.CTAP2_ERR_NO_CREDENTIALS);
        const answer = await next(bytes);
        if (!discoverable(request)) return answer;
        if (answer[0] === Status.CTAP2_OK) first ??= createdCredentialId(answer);
        dropped ||= answer[0] === Status.CTAP2_ERR_KEY_STORE_FULL;
        return answer;
      },
    };
  },
};

export const fullKeyFaults: readonly Fault[] = [
  statusFault({
    id: 'full-key-says-limit-exceeded',
    summary: 'refuses a passkey that it has no room for by CTAP2_ERR_LIMIT_EXCEEDED',
    commands: [MAKE],
    instead: 'CTAP2_ERR_KEY_STORE_FULL',
    status: 'CTAP2_ERR_LIMIT_EXCEEDED',
  }),
  dropsAnOlder,
  statusFault({
    id: 'full-key-makes-no-credentials-at-all',
    summary: 'makes no credential of any kind where it has no room for passkeys',
    commands: [MAKE],
    status: 'CTAP2_ERR_KEY_STORE_FULL',
    when: (request) => !discoverable(request),
    given: isFull,
  }),
  statusFault({
    id: 'full-key-replaces-no-passkey',
    summary: 'has no room for a passkey that takes the place of another',
    commands: [MAKE],
    status: 'CTAP2_ERR_KEY_STORE_FULL',
    when: discoverable,
    given: (context, request) => isFull(context) && hasCredentialOf(context, request),
  }),
  afterRefusal(
    'tells-room-by-get-info',
    'says by getInfo that there is room for one more passkey where there is none',
    INFO,
    ({ command }) => command === INFO,
    changeNumber(REMAINING, (room) => room + 1),
  ),
  afterRefusal(
    'tells-room-by-metadata',
    'says by getCredsMetadata that there is room for one more passkey where there is none',
    MANAGE,
    counts,
    changeNumber(Member.remaining, (room) => room + 1),
  ),
  countsWhatDidNotFit,
  afterRefusal(
    'stays-full',
    'has no room again where a passkey is deleted',
    MANAGE,
    discoverable,
    refuseBy('CTAP2_ERR_KEY_STORE_FULL'),
    (context) => !isFull(context),
  ),
];
