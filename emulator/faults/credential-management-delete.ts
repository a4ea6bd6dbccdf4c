/** Faults of deleteCredential: what was deleted is not wholly gone, or more than it. */
import { equalBytes } from '../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import {
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { Status } from '../../ctap/status.ts';
import type { DiscoverableCredential } from '../authenticator/credential-records.ts';
import { type AnswerChange, acceptIf, changeNumber, refuseBy } from './aftermath-faults.ts';
import { isSubcommand, Member } from './credential-management.ts';
import { acceptsFault, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';

const REAL = Command.authenticatorCredentialManagement;
const PREVIEW = Command.prototypeAuthenticatorCredentialManagement;
const SIGN = Command.authenticatorGetAssertion;
const ALLOW_LIST = 0x03;

const deletes = isSubcommand(Subcommand.deleteCredential);
const tellsRps = isSubcommand(Subcommand.enumerateRPsBegin);
const tellsCredentials = isSubcommand(Subcommand.enumerateCredentialsBegin);
const counts = isSubcommand(Subcommand.getCredsMetadata);

function paramsOf({ parameters }: SeenRequest): CborMap {
  const params = parameters.get(0x02);
  return params instanceof Map ? params : new Map();
}

/** The credential that a subcommand is about. */
export function credentialIdOf(request: SeenRequest): Uint8Array | undefined {
  const credential = paramsOf(request).get(0x02);
  const id = credential instanceof Map ? credential.get('id') : undefined;
  return id instanceof Uint8Array ? id : undefined;
}

/** True where the allow list of getAssertion names the credential. */
export function names({ command, parameters }: SeenRequest, id: Uint8Array): boolean {
  const list = parameters.get(ALLOW_LIST);
  if (command !== SIGN || !Array.isArray(list)) return false;
  return list.some((item) => item instanceof Map && item.get('id') instanceof Uint8Array && sameId(item.get('id'), id));
}

function sameId(value: unknown, id: Uint8Array): boolean {
  return value instanceof Uint8Array && equalBytes(value, id);
}

interface Deleted {
  readonly credential: DiscoverableCredential;
  readonly rpIdHash: Uint8Array;
  readonly powerCycled: boolean;
}

interface AfterDeletion {
  readonly id: string;
  readonly summary: string;
  /** The command that deletes. */
  readonly command?: number;
  /** What the key is wrong about afterwards. Default: the command that deletes. */
  readonly about?: number;
  readonly when: (request: SeenRequest, deleted: Deleted) => boolean;
  readonly change: (deleted: Deleted) => AnswerChange;
}

/** Wrong answers once a credential has been deleted. */
function afterDeletion({ id, summary, command = REAL, about = command, when, change }: AfterDeletion): Fault {
  return {
    id,
    summary,
    commands: [command, about],
    concerns: (bytes) => deletes(seen(bytes)),
    install: ({ authenticator }) => {
      const gone: { credential: DiscoverableCredential; powerUps: number }[] = [];
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const { credentials, powerUps } = authenticator;
          const id = deletes(request) && bytes[0] === command ? credentialIdOf(request) : undefined;
          const credential = id && credentials.findDiscoverable(id);
          const answer = await next(bytes);
          if (credential !== undefined && answer[0] === Status.CTAP2_OK) gone.push({ credential, powerUps });
          const deleted = gone
            .map((one) => ({
              credential: one.credential,
              rpIdHash: credentials.rpIdHash(one.credential.rp.id),
              powerCycled: one.powerUps < powerUps,
            }))
            .find((one) => bytes[0] === about && when(request, one));
          return deleted === undefined ? answer : change(deleted)(answer, request);
        },
      };
    },
  };
}

/** Success with that response in place of CTAP2_ERR_NO_CREDENTIALS. */
function tellsInstead(response: Parameters<typeof credentialManagementResponse.encode>[0]): AnswerChange {
  return (answer) =>
    answer[0] === Status.CTAP2_ERR_NO_CREDENTIALS
      ? Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(credentialManagementResponse.encode(response)))
      : answer;
}

const isAt = ({ parameters }: SeenRequest, { credential }: Deleted) => parameters.get(0x01) === credential.rp.id;

function sharedFaults(name: string, command: number): Fault[] {
  return [
    afterDeletion({
      id: `${name}-still-tells-deleted`,
      summary: `still tells the last credential of an RP by ${name} once it was deleted`,
      command,
      when: (request, { rpIdHash }) => tellsCredentials(request) && sameId(paramsOf(request).get(0x01), rpIdHash),
      change: ({ credential }) =>
        tellsInstead({
          user: credential.user,
          credentialId: { type: 'public-key', id: credential.id },
          publicKey: encodeCoseKey(credential),
          totalCredentials: 1,
        }),
    }),
    afterDeletion({
      id: `${name}-deleted-signs-by-id`,
      summary: `finds credentials by their ids that ${name} has deleted`,
      command,
      about: SIGN,
      when: (request, { credential, powerCycled }) => !powerCycled && names(request, credential.id),
      change: () => acceptIf('CTAP2_ERR_NO_CREDENTIALS'),
    }),
    acceptsFault({
      id: `${name}-deletes-unknown`,
      summary: `says that it has deleted a credential by ${name} that there never was`,
      commands: [command],
      refusal: 'CTAP2_ERR_NO_CREDENTIALS',
      when: deletes,
    }),
  ];
}

export const credentialManagementDeleteFaults: readonly Fault[] = [
  ...sharedFaults('credential-management', REAL),
  ...sharedFaults('credential-management-preview', PREVIEW),
  afterDeletion({
    id: 'credential-management-deleted-is-discovered',
    summary: 'discovers credentials that were deleted',
    about: SIGN,
    when: (request, deleted) => !request.parameters.has(ALLOW_LIST) && isAt(request, deleted),
    change: () => acceptIf('CTAP2_ERR_NO_CREDENTIALS'),
  }),
  afterDeletion({
    id: 'credential-management-deleted-is-back-with-power',
    summary: 'has credentials again that were deleted, once it was without power',
    about: SIGN,
    when: (request, { credential, powerCycled }) => powerCycled && names(request, credential.id),
    change: () => acceptIf('CTAP2_ERR_NO_CREDENTIALS'),
  }),
  afterDeletion({
    id: 'credential-management-still-tells-rp-of-deleted',
    summary: 'still tells an RP whose last credential was deleted, where there is no other',
    when: tellsRps,
    change: ({ credential, rpIdHash }) => tellsInstead({ rp: credential.rp, rpIDHash: rpIdHash, totalRPs: 1 }),
  }),
  afterDeletion({
    id: 'credential-management-counts-deleted',
    summary: 'counts credentials that were deleted',
    when: counts,
    change: () => changeNumber(Member.existing, (count) => count + 1),
  }),
  afterDeletion({
    id: 'credential-management-gives-no-room-back',
    summary: 'has no more room once a credential was deleted than before',
    when: counts,
    change: () => changeNumber(Member.remaining, (count) => count - 1),
  }),
  afterDeletion({
    id: 'credential-management-deletes-all-of-the-rp',
    summary: 'deletes all credentials of the RP with one',
    about: SIGN,
    when: (request, deleted) =>
      isAt(request, deleted) && request.parameters.has(ALLOW_LIST) && !names(request, deleted.credential.id),
    change: () => refuseBy('CTAP2_ERR_NO_CREDENTIALS'),
  }),
];
