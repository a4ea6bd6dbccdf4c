/** Faults of keys that ask the user wrongly, or hear another answer. */
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { Status } from '../../ctap/status.ts';
import { authDataFault, presenceFault, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { valuesAt } from './nested.ts';

/** Milliseconds after which a user who has not answered is not there. */
const ABSENT = 5000;

const ceremonies = [
  {
    name: 'make-credential',
    command: Command.authenticatorMakeCredential,
    operation: 'makeCredential',
    ofPasskey: (parameters: CborMap) => valuesAt(parameters, [0x07, 'rk']).includes(true),
  },
  {
    name: 'get-assertion',
    command: Command.authenticatorGetAssertion,
    operation: 'getAssertion',
    ofPasskey: (parameters: CborMap) => !parameters.has(0x03),
  },
] as const;

interface Ending {
  readonly status: number | undefined;
  /** Milliseconds that the request took. */
  readonly took: number;
}

/** The key answers with another status where its own and the time that passed fit. */
function endingFault(
  id: string,
  summary: string,
  command: number,
  fits: (ending: Ending) => boolean,
  status: number,
): Fault {
  return {
    id,
    summary,
    commands: [command],
    install: ({ clock }) => ({
      cbor: async (bytes, next) => {
        const began = clock.now();
        const answer = await next(bytes);
        return fits({ status: answer[0], took: clock.now() - began }) ? Uint8Array.of(status) : answer;
      },
    }),
  };
}

function isWithoutPresence(parameters: CborMap): boolean {
  return valuesAt(parameters, [0x05, 'up']).includes(false);
}

const ofCeremonies = ceremonies.flatMap(({ name, command, operation, ofPasskey }): Fault[] => [
  presenceFault({
    id: `${name}-without-touch`,
    summary: `asks for no touch at ${operation} where passkeys are concerned`,
    commands: [command],
    when: ({ parameters }) => ofPasskey(parameters),
    asked: (question) => question.operation === operation,
  }),
  endingFault(
    `${name}-refusal-as-timeout`,
    `says that nobody came where the user refused ${operation}`,
    command,
    ({ status, took }) => status === Status.CTAP2_ERR_OPERATION_DENIED && took < ABSENT,
    Status.CTAP2_ERR_USER_ACTION_TIMEOUT,
  ),
  endingFault(
    `${name}-absence-as-other-error`,
    `answers with an error without meaning where nobody touches the key at ${operation}`,
    command,
    ({ status, took }) => status === Status.CTAP2_ERR_OPERATION_DENIED && took >= ABSENT,
    Status.CTAP1_ERR_OTHER,
  ),
  {
    id: `${name}-busy-after-cancel`,
    summary: `refuses the ${operation} that comes after a cancelled one`,
    commands: [command],
    install: () => {
      let cancelled = false;
      return {
        cbor: async (bytes, next) => {
          const busy = cancelled;
          const answer = await next(bytes);
          cancelled = answer[0] === Status.CTAP2_ERR_KEEPALIVE_CANCEL;
          return busy ? Uint8Array.of(Status.CTAP1_ERR_CHANNEL_BUSY) : answer;
        },
      };
    },
  },
]);

export const userPresenceFaults: readonly Fault[] = [
  ...ofCeremonies,
  {
    id: 'get-assertion-touch-without-up',
    summary: 'asks for a touch where an assertion is wanted without presence',
    commands: [Command.authenticatorGetAssertion],
    install: () => ({
      cbor: async (bytes, next) => {
        if (isWithoutPresence(seen(bytes).parameters)) await next(Uint8Array.of(Command.authenticatorSelection));
        return next(bytes);
      },
    }),
  },
  authDataFault({
    id: 'get-assertion-up-flag-without-touch',
    summary: 'sets the flag UP in assertions without presence',
    commands: [Command.authenticatorGetAssertion],
    when: ({ parameters }) => isWithoutPresence(parameters),
    change: (data) => ({ ...data, flags: data.flags | Flag.UP }),
  }),
];
