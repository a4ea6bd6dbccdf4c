/** Faults of keys that go on with an enumeration of authenticatorCredentialManagement that there is not. */
import { CredentialManagementSubcommand as Subcommand } from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { isSubcommand } from './credential-management.ts';
import { seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const REAL = Command.authenticatorCredentialManagement;
/** Commands of which one in between ends an enumeration. */
const OTHERS = [Command.authenticatorClientPIN];

interface Enumeration {
  readonly name: string;
  readonly begin: number;
  readonly next: number;
}
type Reason = 'unbegun' | 'ended' | 'interrupted' | 'left' | 'unpowered' | 'late';
const LATE = 30_000;

/** Says yes to what goes on with an enumeration that there is not, for one of the reasons why. */
function continuationFault({ name, begin, next }: Enumeration, id: string, summary: string, reason: Reason): Fault {
  return {
    id: `next-${name}-${id}`,
    summary: `goes on with an enumeration of ${name === 'rp' ? 'RPs' : 'credentials'} ${summary}`,
    commands: [REAL, ...OTHERS],
    concerns: (bytes) => isSubcommand(next)(seen(bytes)),
    install: ({ authenticator, clock }) => {
      let state: 'unbegun' | 'under way' | 'interrupted' | 'left' = 'unbegun';
      let at = 0;
      let powerUps = 0;
      return {
        cbor: async (bytes, pass) => {
          const request = seen(bytes);
          const answer = await pass(bytes);
          if (request.command !== REAL) {
            if (state === 'under way') state = 'left';
            return answer;
          }
          const now = clock.now();
          const late = now - at >= LATE ? 'late' : 'ended';
          const underWay = powerUps < authenticator.powerUps ? 'unpowered' : late;
          const refusedFor: Reason = state === 'under way' ? underWay : state;
          ({ powerUps } = authenticator);
          if (isSubcommand(begin, next)(request)) {
            if (answer[0] === Status.CTAP2_OK) state = 'under way';
            at = now;
          } else if (state === 'under way') state = 'interrupted';
          const spoils =
            isSubcommand(next)(request) && answer[0] === Status.CTAP2_ERR_NOT_ALLOWED && refusedFor === reason;
          return spoils ? Uint8Array.of(Status.CTAP2_OK) : answer;
        },
      };
    },
  };
}

const enumerations: readonly Enumeration[] = [
  { name: 'rp', begin: Subcommand.enumerateRPsBegin, next: Subcommand.enumerateRPsGetNextRP },
  {
    name: 'credential',
    begin: Subcommand.enumerateCredentialsBegin,
    next: Subcommand.enumerateCredentialsGetNextCredential,
  },
];

export const credentialManagementNextFaults: readonly Fault[] = enumerations.flatMap((enumeration) => [
  continuationFault(enumeration, 'without-begin', 'that has not begun', 'unbegun'),
  continuationFault(enumeration, 'after-the-last', 'that has ended', 'ended'),
  continuationFault(enumeration, 'after-another-subcommand', 'that another subcommand has ended', 'interrupted'),
  continuationFault(enumeration, 'after-another-command', 'that another command has ended', 'left'),
  continuationFault(enumeration, 'after-power-cycle', 'of before a power cycle', 'unpowered'),
  continuationFault(enumeration, 'after-30-seconds', 'that has waited for half a minute', 'late'),
]);
