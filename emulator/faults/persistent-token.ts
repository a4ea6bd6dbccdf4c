/** Faults of the persistentPinUvAuthToken: it does too much, or too little, or lives too short or too long. */
import { ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import {
  credentialManagementAuthMessage,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { Status } from '../../ctap/status.ts';
import { type AnswerChange, acceptIf, refuseBy } from './aftermath-faults.ts';
import { isSubcommand } from './credential-management.ts';
import { type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';

const MANAGE = Command.authenticatorCredentialManagement;
const SIGN = Command.authenticatorGetAssertion;
const PIN = Command.authenticatorClientPIN;
/** Milliseconds that other tokens last. */
const MAX_USAGE_TIME_PERIOD = 600_000;
const GIVES: readonly unknown[] = [
  ClientPinSubcommand.getPinToken,
  ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
  ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions,
];

const reads = isSubcommand(
  Subcommand.getCredsMetadata,
  Subcommand.enumerateRPsBegin,
  Subcommand.enumerateCredentialsBegin,
);

/** What is known of the token when a request comes. */
interface Life {
  /** The request is authenticated by it. */
  readonly used: boolean;
  /** Tokens that have been given since it was given first: itself again, and others. */
  readonly again: number;
  readonly others: number;
  readonly powerCycled: boolean;
  /** Milliseconds since it was given first. */
  readonly age: number;
  /** What has ended it. */
  readonly endedBy: 'changePIN' | 'reset' | undefined;
  /** It was given just before, and another token before it. */
  readonly tookOver: boolean;
}

function isGiven({ command, parameters }: SeenRequest): boolean {
  return command === PIN && parameters.get(0x09) === Permission.persistentCredentialManagementReadOnly;
}

/** True where the request is authenticated by the persistent token. */
function isUsed({ authenticator, crypto }: FaultContext, { command, parameters }: SeenRequest): boolean {
  const [protocolAt, paramAt] = command === SIGN ? [0x07, 0x06] : [0x03, 0x04];
  const [version, param] = [Number(parameters.get(protocolAt)), parameters.get(paramAt)];
  if (!(version === 1 || version === 2) || !(param instanceof Uint8Array)) return false;
  const second = parameters.get(0x02); // clientDataHash of an assertion, subCommandParams of management
  const message =
    command === SIGN
      ? second
      : credentialManagementAuthMessage(Number(parameters.get(0x01)), second instanceof Map ? second : undefined);
  if (!(message instanceof Uint8Array)) return false;
  return authenticator.persistentToken.verify(pinUvAuthProtocol(version, crypto), message, param);
}

interface Options {
  readonly id: string;
  readonly summary: string;
  /** Requests of authenticatorCredentialManagement. Default: those that read. */
  readonly about?: (request: SeenRequest) => boolean;
  readonly when: (life: Life) => boolean;
  readonly change: AnswerChange;
}

function persistentFault({ id, summary, about = reads, when, change }: Options): Fault {
  return {
    id: `persistent-token-${id}`,
    summary,
    commands: [PIN, MANAGE, SIGN, Command.authenticatorReset],
    concerns: (bytes) => isGiven(seen(bytes)),
    install: (context) => {
      const { authenticator, clock } = context;
      let first: { at: number; powerUps: number; again: number; others: number } | undefined;
      let endedBy: Life['endedBy'];
      let [hasOther, tookOver] = [false, false];
      const given = (request: SeenRequest) => {
        const { powerUps } = authenticator;
        tookOver = isGiven(request) && hasOther;
        if (!isGiven(request)) hasOther = true;
        if (first !== undefined)
          first = isGiven(request) ? { ...first, again: first.again + 1 } : { ...first, others: first.others + 1 };
        else if (isGiven(request)) first = { at: clock.now(), powerUps, again: 0, others: 0 };
      };
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const { command, parameters } = request;
          const life = first && {
            used: isUsed(context, request),
            again: first.again,
            others: first.others,
            powerCycled: first.powerUps < authenticator.powerUps,
            age: clock.now() - first.at,
            endedBy,
            tookOver,
          };
          const answer = await next(bytes);
          if (life && (command === MANAGE || command === SIGN) && about(request) && when(life))
            return change(answer, request);
          if (answer[0] !== Status.CTAP2_OK) return answer;
          if (command === Command.authenticatorReset) endedBy = 'reset';
          if (command === PIN && parameters.get(0x02) === ClientPinSubcommand.changePIN) endedBy = 'changePIN';
          if (command === PIN && GIVES.includes(parameters.get(0x02))) given(request);
          return answer;
        },
      };
    },
  };
}

const refused = refuseBy('CTAP2_ERR_PIN_AUTH_INVALID');
const taken = acceptIf('CTAP2_ERR_PIN_AUTH_INVALID');

const readFaults = (
  [
    ['metadata', Subcommand.getCredsMetadata],
    ['rps', Subcommand.enumerateRPsBegin],
    ['credentials', Subcommand.enumerateCredentialsBegin],
  ] as const
).map(([name, subcommand]) =>
  persistentFault({
    id: `does-not-read-${name}`,
    summary: `takes the persistent token for no ${name}`,
    about: isSubcommand(subcommand),
    when: ({ used, again, others, powerCycled, age }) =>
      used && again === 0 && others === 0 && !powerCycled && age < MAX_USAGE_TIME_PERIOD,
    change: refused,
  }),
);

export const persistentTokenFaults: readonly Fault[] = [
  ...readFaults,
  persistentFault({
    id: 'deletes',
    summary: 'takes the persistent token for deleteCredential',
    about: isSubcommand(Subcommand.deleteCredential),
    when: ({ used }) => used,
    change: taken,
  }),
  persistentFault({
    id: 'updates',
    summary: 'takes the persistent token for updateUserInformation',
    about: isSubcommand(Subcommand.updateUserInformation),
    when: ({ used }) => used,
    change: taken,
  }),
  persistentFault({
    id: 'signs',
    summary: 'takes the persistent token for an assertion',
    about: ({ command }) => command === SIGN,
    when: ({ used }) => used,
    change: taken,
  }),
  persistentFault({
    id: 'ends-with-power',
    summary: 'forgets the persistent token when it is without power',
    when: ({ used, powerCycled }) => used && powerCycled,
    change: refused,
  }),
  persistentFault({
    id: 'ends-with-another',
    summary: 'forgets the persistent token when it gives another',
    when: ({ used, others }) => used && others > 0,
    change: refused,
  }),
  persistentFault({
    id: 'drawn-anew',
    summary: 'draws the persistent token anew whenever it gives it',
    when: ({ used, again }) => used && again > 0,
    change: refused,
  }),
  persistentFault({
    id: 'grows-old',
    summary: 'takes no persistent token that is older than ten minutes',
    when: ({ used, age }) => used && age >= MAX_USAGE_TIME_PERIOD,
    change: refused,
  }),
  persistentFault({
    id: 'outlives-its-pin',
    summary: 'takes a persistent token that a PIN gave which has been changed since',
    when: ({ endedBy }) => endedBy === 'changePIN',
    change: taken,
  }),
  persistentFault({
    id: 'outlives-reset',
    summary: 'takes a persistent token of before a reset',
    when: ({ endedBy }) => endedBy === 'reset',
    change: taken,
  }),
  persistentFault({
    id: 'ends-the-one-in-use',
    summary: 'forgets the token in use when it gives the persistent one',
    when: ({ used, tookOver }) => !used && tookOver,
    change: refused,
  }),
];
