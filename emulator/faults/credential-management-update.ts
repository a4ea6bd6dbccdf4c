/** Faults of updateUserInformation. */
import { equalBytes, toHex } from '../../ctap/bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import { CredentialManagementSubcommand as Subcommand } from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status, type StatusName } from '../../ctap/status.ts';
import type { DiscoverableCredential } from '../authenticator/credential-records.ts';
import { type AnswerChange, changeMap, changeNumber, refuseBy } from './aftermath-faults.ts';
import { isSubcommand, Member } from './credential-management.ts';
import { credentialIdOf, names } from './credential-management-delete.ts';
import { acceptsFault, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const REAL = Command.authenticatorCredentialManagement;
const SIGN = Command.authenticatorGetAssertion;
const ALLOW_LIST = 0x03;
/** Of getAssertion's response. */
const USER = 0x04;

const updates = isSubcommand(Subcommand.updateUserInformation);
const counts = isSubcommand(Subcommand.getCredsMetadata);
const tellsCredential = isSubcommand(
  Subcommand.enumerateCredentialsBegin,
  Subcommand.enumerateCredentialsGetNextCredential,
);

function withParameters({ command }: SeenRequest, parameters: CborMap): Uint8Array {
  return Uint8Array.of(command, ...encodeCbor(parameters));
}

function descriptorOf(id: Uint8Array): CborMap {
  return new Map<string, CborValue>([
    ['id', id],
    ['type', 'public-key'],
  ]);
}

function userOf({ parameters }: SeenRequest): CborMap | undefined {
  const params = parameters.get(0x02);
  const user = params instanceof Map ? params.get(0x03) : undefined;
  return user instanceof Map ? user : undefined;
}

interface Update {
  /** As it was before. */
  readonly credential: DiscoverableCredential;
  /** What came. */
  readonly user: CborMap;
  readonly powerCycled: boolean;
}

interface AfterUpdate {
  readonly id: string;
  readonly summary: string;
  /** The answer that the update gets. Default: success. */
  readonly status?: StatusName;
  /** What the key is wrong about afterwards. Default: authenticatorCredentialManagement. */
  readonly about?: number;
  readonly when: (request: SeenRequest, update: Update) => boolean;
  readonly hears?: (request: CborMap, update: Update) => CborMap;
  readonly change?: (update: Update) => AnswerChange;
}

const asItIs: AnswerChange = (answer) => answer;

/** Wrong answers about a credential whose user was updated, the last time. */
function afterUpdate(options: AfterUpdate): Fault {
  const { id, summary, status = 'CTAP2_OK', about = REAL, when, hears, change = () => asItIs } = options;
  return {
    id,
    summary,
    commands: [REAL, about],
    concerns: (bytes) => updates(seen(bytes)),
    install: ({ authenticator }) => {
      const done = new Map<string, { credential: DiscoverableCredential; user: CborMap; powerUps: number }>();
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const { credentials, powerUps } = authenticator;
          const id = updates(request) ? credentialIdOf(request) : undefined;
          const [credential, user] = [id && credentials.findDiscoverable(id), userOf(request)];
          const update = [...done.values()]
            .map((one) => ({ ...one, powerCycled: one.powerUps < powerUps }))
            .find((one) => bytes[0] === about && when(request, one));
          const heard = update && hears ? withParameters(request, hears(request.parameters, update)) : bytes;
          const answer = await next(heard);
          if (credential && user && answer[0] === Status[status]) {
            done.set(toHex(credential.id), { credential, user, powerUps });
          }
          return update === undefined ? answer : change(update)(answer, request);
        },
      };
    },
  };
}

/** The member of the user is told as it was, wherever that credential is told. */
function keeps(
  id: string,
  summary: string,
  member: 'name' | 'displayName',
  given: (value: CborValue | undefined, update: Update) => boolean,
  status: StatusName = 'CTAP2_OK',
): Fault {
  return afterUpdate({
    id: `credential-management-update-${id}`,
    summary,
    status,
    when: (request, update) => tellsCredential(request) && given(update.user.get(member), update),
    change: ({ credential, user }) =>
      changeMap((answer) => {
        const told = answer.get(Member.user);
        if (!(told instanceof Map) || !isOf(answer, credential)) return answer;
        const value = status === 'CTAP2_OK' ? credential.user[member] : user.get(member);
        return value === undefined ? answer : new Map([...answer, [Member.user, new Map([...told, [member, value]])]]);
      }),
  });
}

function isOf(answer: CborMap, { id }: DiscoverableCredential): boolean {
  const told = answer.get(Member.credentialId);
  const toldId = told instanceof Map ? told.get('id') : undefined;
  return toldId instanceof Uint8Array && equalBytes(toldId, id);
}

const given = (value: CborValue | undefined, { powerCycled }: Update) =>
  !powerCycled && value !== undefined && value !== '';
const absent = (value: CborValue | undefined) => value === undefined;
const empty = (value: CborValue | undefined) => value === '';

export const credentialManagementUpdateFaults: readonly Fault[] = [
  keeps('keeps-name', 'still tells the old name once another was given', 'name', given),
  keeps('keeps-display-name', 'still tells the old display name once another was given', 'displayName', given),
  keeps('keeps-name-left-out', 'keeps a name that an update leaves out', 'name', absent),
  keeps('keeps-display-name-left-out', 'keeps a display name that an update leaves out', 'displayName', absent),
  keeps('keeps-name-for-empty-one', 'keeps a name where the new one is empty', 'name', empty),
  keeps('keeps-display-name-for-empty-one', 'keeps a display name where the new one is empty', 'displayName', empty),
  keeps(
    'forgets-name-without-power',
    'tells the old name again once it was without power',
    'name',
    (_, { powerCycled }) => powerCycled,
  ),
  keeps(
    'refused-but-done',
    'takes the name of an update that it refuses for its user id',
    'name',
    () => true,
    'CTAP1_ERR_INVALID_PARAMETER',
  ),
  acceptsFault({
    id: 'credential-management-update-needs-no-user',
    summary: 'takes an update of user information without any',
    commands: [REAL],
    refusal: 'CTAP2_ERR_MISSING_PARAMETER',
    when: (request) => updates(request) && userOf(request) === undefined,
  }),
  acceptsFault({
    id: 'credential-management-update-takes-other-user-id',
    summary: 'says yes to an update for another user id than that of the credential',
    commands: [REAL],
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: updates,
  }),
  acceptsFault({
    id: 'credential-management-updates-unknown',
    summary: 'says yes to an update of a credential that there is not',
    commands: [REAL],
    refusal: 'CTAP2_ERR_NO_CREDENTIALS',
    when: updates,
  }),
  afterUpdate({
    id: 'credential-management-update-leaves-name-of-assertions',
    summary: 'tells the old name with assertions once another was given',
    about: SIGN,
    when: () => true,
    change: ({ credential: { user } }) =>
      changeMap((answer) => {
        const told = answer.get(USER);
        const id = told instanceof Map ? told.get('id') : undefined;
        if (!(told instanceof Map) || !(id instanceof Uint8Array) || !equalBytes(id, user.id)) return answer;
        if (!told.has('name') || user.name === undefined) return answer;
        return new Map([...answer, [USER, new Map([...told, ['name', user.name]])]]);
      }),
  }),
  afterUpdate({
    id: 'credential-management-update-makes-newest',
    summary: 'takes a credential whose user was updated for the newest',
    about: SIGN,
    when: ({ parameters }, { credential }) => !parameters.has(ALLOW_LIST) && parameters.get(0x01) === credential.rp.id,
    hears: (parameters, { credential: { id } }) => new Map([...parameters, [ALLOW_LIST, [descriptorOf(id)]]]),
  }),
  afterUpdate({
    id: 'credential-management-update-loses-credential',
    summary: 'does not find a credential by its id once its user was updated',
    about: SIGN,
    when: (request, { credential }) => names(request, credential.id),
    change: () => refuseBy('CTAP2_ERR_NO_CREDENTIALS'),
  }),
  afterUpdate({
    id: 'credential-management-update-counts-as-new',
    summary: 'counts a credential again once its user was updated',
    when: counts,
    change: () => changeNumber(Member.existing, (count) => count + 1),
  }),
];
